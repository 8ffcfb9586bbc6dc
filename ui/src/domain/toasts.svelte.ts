import type { IconName } from "$shared/icons";

export interface Toast {
  readonly id: number;
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** Errors stay until closed. */
  readonly error: boolean;
  readonly action?: { label: string; hint?: string; run: () => void; testid?: string };
  readonly seconds: number;
}

let next = 1;

/** Small messages at the bottom right, at most three. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);

  show(toast: Partial<Omit<Toast, "id">> & { title: string }): number {
    const id = next++;
    const whole: Toast = { icon: "info", text: "", error: false, seconds: toast.action ? 10 : 5, ...toast, id };
    const others = this.list;
    const tooMany = others.length - 2;
    const dropped = new Set(
      tooMany > 0
        ? others
            .filter((other) => !other.error)
            .slice(0, tooMany)
            .map((other) => other.id)
        : [],
    );
    this.list = [...others.filter((other) => !dropped.has(other.id)), whole].slice(-3);
    return id;
  }

  error(title: string, text = ""): void {
    if (this.list.some((toast) => toast.error && toast.title === title)) return;
    this.show({ title, text, error: true, icon: "warning" });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
