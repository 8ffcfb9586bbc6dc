import {
  onEvent,
  trigger,
  type ErrorView,
  type Event,
  type JoinRequestView,
  type Query,
  type ReminderView,
  type RestoredView,
  type VaultStatus,
} from "$platform";
import { failureOf } from "$platform";
import { cache } from "./live.svelte";
import { moment } from "$shared/time";
import { typing } from "./keys.svelte";
import { nav } from "./nav.svelte";
import { isComputerLink, wish } from "./requests";
import { toasts } from "./toasts.svelte";

type Stage = "starting" | "none" | "open" | "trouble";

/** A `tuttu:` link was opened: the join page takes it, at once or as soon as there is a vault. */
export function openLink(link: string): void {
  nav.overlay = null;
  nav.join(isComputerLink(link));
  nav.link = link;
}

/** The questions whose answers say who is connected and has what. */
const whoHasWhat = ({ type }: Query) => ["status", "space", "computers", "colleagues", "log"].includes(type);

/** How much of a file is here, and when the last piece came. */
export interface Coming {
  readonly done: number;
  readonly total: number;
  readonly at: number;
}

/** How far files are, after one came further; what is whole is not on its way any more. */
function moved(coming: Session["coming"], { hash, done, total }: { hash: string } & Omit<Coming, "at">): Session["coming"] {
  const others = Object.fromEntries(Object.entries(coming).filter(([other]) => other !== hash));
  return done < total ? { ...others, [hash]: { done, total, at: Date.now() } } : others;
}

/** The vault this window shows: whether there is one, how it stands, and what the engine tells without being asked. */
class Session {
  stage = $state<Stage>("starting");
  trouble = $state.raw<ErrorView | null>(null);
  suggestedName = $state("");
  suggestedComputer = $state("");
  status = $state.raw<VaultStatus | null>(null);
  settings = $state.raw<Readonly<Record<string, string>>>({});
  requests = $state.raw<readonly JoinRequestView[]>([]);
  importProgress = $state.raw<{ done: number; total: number } | null>(null);
  /** How far long work is: `backup`, `check`, `rebuild`. */
  progress = $state.raw<{ what: string; done: number; total: number } | null>(null);
  filesOver = $state(false);
  /** Files that come from other computers at the moment, by their hash. */
  coming = $state.raw<Readonly<Record<string, Coming>>>({});
  readonly #ids = $derived.by(() => {
    const members = (this.status?.spaces ?? []).flatMap((space) => space.members);
    const ids = new Map(members.map((member) => [member.name, member.id]));
    return this.status ? ids.set(this.status.personName, this.status.person) : ids;
  });
  #started = false;

  /** Asks how the vault stands and follows it from then on. */
  async start(): Promise<void> {
    try {
      const state = await trigger.vaultState();
      this.suggestedName = state.suggestedName;
      this.suggestedComputer = state.suggestedComputer;
      this.trouble = state.error;
      if (state.link) openLink(state.link);
      if (state.kind === "open") this.#follow();
      else this.stage = state.kind;
    } catch (thrown) {
      const { code, message, hint } = failureOf(thrown);
      this.trouble = { code, message, hint };
      this.stage = "trouble";
    }
  }

  /** Makes the vault and opens it. */
  async create(personName: string, computerName: string): Promise<void> {
    await trigger.createVault(personName, computerName);
    this.#follow();
  }

  /** Makes the vault from a backup or a recovery kit, opens it, and says what came back. */
  async restore(path: string, passphrase: string, computerName: string): Promise<RestoredView> {
    const restored = await trigger.restoreVault(path, passphrase, computerName);
    this.#follow();
    return restored;
  }

  /** There was no vault, and this became somebody's next computer: it is open now. */
  opened(): void {
    this.#follow();
  }

  /** The space's summary, by id. */
  space(id: string | null | undefined) {
    return this.status?.spaces.find((space) => space.id === id);
  }

  /** Whether this person may change what is in a space. */
  mayWrite(id: string | null | undefined): boolean {
    const role = this.space(id)?.role;
    return role === "owner" || role === "editor";
  }

  /** The id of a person by the name they write under, so that a face keeps its hue; the name itself when nobody here has it. */
  personId(name: string): string {
    return this.#ids.get(name) ?? name;
  }

  /** Shows a request at once, unless that would take the words out of somebody's hands; it stays in the sidebar either way. */
  #callFor(request: JoinRequestView): void {
    const show = () => (nav.overlay = { kind: "request", id: request.id });
    if (nav.overlay?.kind === "invite" || nav.overlay?.kind === "link-computer" || (!nav.overlay && !typing())) show();
    else
      toasts.show({
        icon: "user-plus",
        title: wish(request),
        text: "Compare four words first. Nothing has left this computer yet.",
        action: { label: "Compare words", run: show },
        seconds: 30,
      });
  }

  /** Says what it is time for: the newest few one by one, and how many more there are. */
  #remind(reminders: ReminderView[]): void {
    const shown = reminders.slice(0, 3);
    for (const reminder of shown.toReversed()) {
      toasts.show({
        icon: "clock",
        title: reminder.kind === "person" ? `Time to be in touch with ${reminder.name}` : reminder.name,
        text: reminder.missed
          ? `This was due ${moment(reminder.at, new Date())}, while Tuttu was closed or asleep.`
          : "Now is the time you asked to be reminded.",
        seconds: 60,
      });
    }
    const more = reminders.length - shown.length;
    if (more > 0) toasts.show({ icon: "clock", title: `${more} more ${more === 1 ? "reminder" : "reminders"}`, seconds: 60 });
  }

  #follow(): void {
    if (this.#started) return;
    this.#started = true;
    onEvent("engine", (event) => this.hear(event));
    cache.watch({ type: "status" }, (snapshot) => {
      if (snapshot.data) {
        this.status = snapshot.data;
        if (nav.scope && !snapshot.data.spaces.some((space) => space.id === nav.scope)) nav.scope = null;
      } else if (snapshot.failure) toasts.error(snapshot.failure.message, snapshot.failure.hint);
      if (snapshot.data || snapshot.failure) this.stage = "open";
    });
    cache.watch({ type: "settings" }, (snapshot) => {
      if (snapshot.data) this.settings = Object.fromEntries(snapshot.data.map(({ key, value }) => [key, value]));
    });
    trigger.joinRequests().then(
      (requests) => (this.requests = requests),
      () => undefined,
    );
  }

  /** Takes in what the engine tells. */
  hear(event: Event): void {
    switch (event.event) {
      case "changed":
        cache.invalidate(event);
        break;
      case "sync":
        if (this.status) this.status = { ...this.status, sync: event.line };
        cache.refresh(whoHasWhat);
        break;
      case "peer":
      case "delivered":
      case "refused":
        cache.refresh(whoHasWhat);
        break;
      case "join-request":
        this.requests = [...this.requests.filter((request) => request.id !== event.request.id), event.request];
        cache.refresh((query) => query.type === "space");
        this.#callFor(event.request);
        break;
      case "join-request-ended":
        this.requests = this.requests.filter((request) => request.id !== event.id);
        if (nav.overlay?.kind === "request" && nav.overlay.id === event.id) nav.overlay = null;
        cache.refresh((query) => query.type === "space");
        break;
      case "import-progress":
        this.importProgress = { done: event.done, total: event.total };
        break;
      case "file":
        this.coming = moved(this.coming, event);
        break;
      case "reminder":
        this.#remind(event.reminders);
        break;
      case "progress":
        this.progress = event;
        break;
      case "listening":
        break;
    }
  }
}

export const session = new Session();
