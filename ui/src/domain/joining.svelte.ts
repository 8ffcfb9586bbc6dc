import { Failure, failureOf, query, trigger, type JoinOffer, type Joined } from "$platform";
import { cache } from "./live.svelte";
import { nav } from "./nav.svelte";
import { isComputerLink } from "./requests";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";
import { count } from "$shared/words";

/** `moving` asks whether what is here may move along, `calling` looks for the inviter, `compare` shows the words, `waiting` waits for the other side. */
type Stage = "paste" | "moving" | "calling" | "compare" | "waiting";

/** Joining somebody's space, or becoming the next computer of one's own: paste the link, compare words, wait for the copy. */
class Joining {
  stage = $state<Stage>("paste");
  link = $state("");
  /** What this computer is called from now on, where it has no vault yet. */
  computerName = $state("");
  /** Records that are here and would move along to the person whose computer this becomes. */
  records = $state(0);
  offer = $state.raw<JoinOffer | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Counts attempts: what an abandoned one brings is ignored. */
  #attempt = 0;

  /** The link makes this computer the next one of whoever made it. */
  get asComputer(): boolean {
    return isComputerLink(this.link);
  }

  reset(): void {
    this.#attempt++;
    this.stage = "paste";
    this.link = "";
    this.computerName = session.suggestedComputer;
    this.records = 0;
    this.offer = null;
    this.failure = null;
  }

  /** Looks for whoever made the link. What is here moves along only when the person agreed to that before. */
  async start(mayMove = false): Promise<void> {
    const link = this.link.replace(/\s+/g, "");
    if (link === "" || this.stage === "calling") return;
    const attempt = ++this.#attempt;
    const hasVault = session.stage === "open";
    this.failure = null;
    if (!hasVault && !this.asComputer) {
      this.failure = new Failure({
        code: "link",
        message: "This link does not come from another computer of yours.",
        hint: "Make one there: Settings, Your computers. A colleague’s link into a space is used after you said who you are.",
      });
      return;
    }
    this.stage = "calling";
    try {
      if (this.asComputer && hasVault && !mayMove && (await this.#asksToMove(attempt))) return;
      const offer = this.asComputer
        ? await trigger.joinPersonStart(link, hasVault ? null : this.computerName.trim() || "This computer")
        : await trigger.joinStart(link);
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
      const asComputer = this.asComputer;
      const joined = await trigger.joinAnswer(offer.id, true);
      if (joined) session.opened();
      cache.refresh((query) => query.type !== "settings");
      if (joined) tell(joined, asComputer);
      if (attempt !== this.#attempt) return;
      this.offer = null;
      this.stage = "paste";
      nav.go("people");
      nav.scope = joined && !asComputer ? joined.space : null;
    } catch (thrown) {
      if (attempt !== this.#attempt) return;
      this.failure = failureOf(thrown);
      // An offer that failed cannot be answered again; the link may still be good.
      this.offer = null;
      this.stage = "paste";
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

  /** Whether there are records here that would move along; then the person is asked. */
  async #asksToMove(attempt: number): Promise<boolean> {
    const page = await query({ type: "list", filter: { kind: "", space: null, text: "", sort: "name", offset: 0, limit: 1 } });
    if (page.total === 0) return false;
    if (attempt === this.#attempt) {
      this.records = page.total;
      this.stage = "moving";
    }
    return true;
  }

  #decline(offer: string): void {
    trigger.joinAnswer(offer, false).catch(() => undefined);
  }
}

function tell(joined: Joined, asComputer: boolean): void {
  const moved = joined.moved ? ` ${count(joined.moved, "record")} moved here into My own.` : "";
  if (asComputer)
    toasts.show({
      icon: "check",
      title: `This is one of ${joined.inviter}’s computers now`,
      text: `${count(joined.spaces ?? 0, "space")} came along.${moved}`,
      seconds: 10,
    });
  else toasts.show({ icon: "check", title: `${joined.name} is on this computer`, text: `${joined.inviter} shares it with you.` });
}

export const joining = new Joining();
