import { failureOf, trigger, type Failure, type JoinOffer } from "$platform";
import { cache } from "./live.svelte";
import { nav } from "./nav.svelte";
import { toasts } from "./toasts.svelte";

/** `calling` looks for the inviter, `compare` shows the words, `waiting` waits for the other side. */
type Stage = "paste" | "calling" | "compare" | "waiting";

/** Joining somebody's space: paste the link, compare words, wait for the copy. */
class Joining {
  stage = $state<Stage>("paste");
  link = $state("");
  offer = $state.raw<JoinOffer | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Counts attempts: what an abandoned one brings is ignored. */
  #attempt = 0;

  reset(): void {
    this.#attempt++;
    this.stage = "paste";
    this.link = "";
    this.offer = null;
    this.failure = null;
  }

  async start(): Promise<void> {
    const link = this.link.replace(/\s+/g, "");
    if (link === "" || this.stage === "calling") return;
    const attempt = ++this.#attempt;
    this.stage = "calling";
    this.failure = null;
    try {
      const offer = await trigger.joinStart(link);
      if (attempt !== this.#attempt) {
        this.#decline(offer.id);
        return;
      }
      this.offer = offer;
      this.stage = "compare";
    } catch (thrown) {
      if (attempt !== this.#attempt) return;
      this.failure = failureOf(thrown);
      this.stage = "paste";
    }
  }

  /** The words are the same: wait for the other side, then for the space. */
  async confirm(): Promise<void> {
    const offer = this.offer;
    if (!offer || this.stage !== "compare") return;
    const attempt = this.#attempt;
    this.stage = "waiting";
    this.failure = null;
    try {
      const joined = await trigger.joinAnswer(offer.id, true);
      cache.refresh((query) => query.type === "status");
      if (joined)
        toasts.show({ icon: "check", title: `${joined.name} is on this computer`, text: `${joined.inviter} shares it with you.` });
      if (attempt !== this.#attempt) return;
      this.offer = null;
      this.stage = "paste";
      if (joined) {
        nav.go("people");
        nav.scope = joined.space;
      } else nav.go("people");
    } catch (thrown) {
      if (attempt !== this.#attempt) return;
      this.failure = failureOf(thrown);
      this.stage = "compare";
    }
  }

  /** The words are different: nobody joins anything. */
  refuse(): void {
    if (!this.offer) return;
    this.#decline(this.offer.id);
    this.reset();
    toasts.error(
      "Not joined, because the words were different",
      "Somebody may be in between, or the link is another one. Ask for a new link, sent another way.",
    );
    nav.go("people");
  }

  leave(): void {
    nav.go("people");
  }

  /** The page was left: what has not arrived is given up. */
  abandon(): void {
    if (this.offer) this.#decline(this.offer.id);
    this.#attempt++;
    this.offer = null;
    this.stage = "paste";
  }

  #decline(offer: string): void {
    trigger.joinAnswer(offer, false).catch(() => undefined);
  }
}

export const joining = new Joining();
