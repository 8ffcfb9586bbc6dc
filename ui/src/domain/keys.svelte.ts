import { step, tokenOf, type Action } from "./keymap";

export const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

type Handlers = Partial<Record<Action, () => void>>;

const layers: Handlers[] = [];
let pending: string | null = null;
let pendingUntil = 0;

/** Offers actions as long as the component lives; the newest offer of an action wins. */
export function onKeys(handlers: () => Handlers): void {
  $effect(() => {
    const layer = handlers();
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  });
}

/** Does an action, if anything on the screen offers it. */
export function perform(action: Action): boolean {
  for (let index = layers.length - 1; index >= 0; index--) {
    const handler = layers[index]?.[action];
    if (handler) {
      handler();
      return true;
    }
  }
  return false;
}

/** Whether somebody is writing at the moment. */
export function typing(): boolean {
  return typingIn(document.activeElement);
}

function typingIn(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}

/** The window's one key handler. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const token = tokenOf(event, mac);
  if (token === null) return;
  const before = performance.now() < pendingUntil ? pending : null;
  pending = null;
  const next = step(before, token, typingIn(event.target));
  if (!next) return;
  if ("pending" in next) {
    pending = next.pending;
    pendingUntil = performance.now() + 1500;
    return;
  }
  if (perform(next.action)) event.preventDefault();
}
