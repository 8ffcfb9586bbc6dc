import { selection } from "./selection.svelte";
import type { MemberView, RecordRef, Row } from "./types";

export type Place = "people" | "orgs" | "choices" | "space" | "settings" | "import" | "join";
export type Kind = "person" | "org";
export type SettingsTab = "appearance" | "keys" | "computers" | "computer" | "network" | "happened" | "backup" | "import";

/** A record with what dialogs say about it. */
export type Named = Pick<Row, "id" | "space" | "kind" | "name">;

/** What lies over the window: at most one dialog at a time. */
export type Overlay =
  | { kind: "palette" }
  | { kind: "keys" }
  | { kind: "new-space" }
  | { kind: "invite"; space: string }
  | { kind: "link-computer" }
  | { kind: "unlink-computer"; computer: string; name: string }
  | { kind: "request"; id: string }
  | { kind: "move"; records: readonly Named[] }
  | { kind: "delete"; records: readonly Named[] }
  | { kind: "remove-member"; space: string; member: string; name: string }
  | { kind: "exclude-computer"; space: string; member: MemberView; computer: string }
  | { kind: "hand-over"; space: string; member: string; name: string }
  | { kind: "block"; person: string; name: string }
  | { kind: "compare"; person: string }
  | { kind: "link-card"; record: RecordRef; name: string }
  | { kind: "tray"; space: string }
  | { kind: "leave-space"; space: string }
  | { kind: "backup"; what: "backup" | "kit" }
  | { kind: "write-bundle"; space: string }
  | { kind: "read-bundle"; path: string };

/** Where the person is: a place, a scope, an open record. */
class Nav {
  place = $state<Place>("people");
  /** The space everything is limited to; `null` for all. */
  scope = $state<string | null>(null);
  record = $state.raw<RecordRef | null>(null);
  creating = $state<Kind | null>(null);
  /** The space whose page is open. */
  space = $state<string | null>(null);
  history = $state(false);
  overlay = $state.raw<Overlay | null>(null);
  syncOpen = $state(false);
  /** A link that was opened or is being typed, for the join page. */
  link = $state("");
  /** The join page is there to make this computer the next one of whoever made the link. */
  asComputer = $state(false);
  /** Where somebody was last in the settings, as long as the window is open. */
  settings = $state<SettingsTab>("appearance");
  /** Where the focus goes as soon as the record that was just opened is there: its `name`, or what is to be written down. */
  begin = $state<string | null>(null);
  /** The space that people were going to be moved into, so that the dialog begins with it. */
  moveInto = $state<string | null>(null);

  go(place: Place): void {
    if (place !== this.place) {
      selection.clear();
      this.moveInto = null;
    }
    this.place = place;
    this.record = null;
    this.creating = null;
    this.history = false;
    this.syncOpen = false;
  }

  /** Opens a record in the list it belongs to. */
  open(row: Pick<Row, "id" | "space" | "kind">): void {
    if (row.kind === "org" && this.place !== "orgs") this.go("orgs");
    if (row.kind === "person" && this.place !== "people" && this.place !== "choices") this.go("people");
    if (this.record?.id !== row.id) this.history = false;
    this.creating = null;
    selection.clear();
    this.record = { space: row.space, id: row.id };
  }

  /** Opens one page of the settings. */
  openSettings(page: SettingsTab): void {
    this.go("settings");
    this.settings = page;
  }

  /** Opens the page on which a link is used: one into a space, or one that makes this an own computer. */
  join(asComputer: boolean): void {
    this.asComputer = asComputer;
    this.go("join");
  }

  create(kind: Kind): void {
    this.go(kind === "org" ? "orgs" : "people");
    selection.clear();
    this.creating = kind;
  }

  openSpace(space: string): void {
    this.go("space");
    this.space = space;
    this.scope = space;
  }

  /** One step back; `false` when there is none. */
  back(): boolean {
    if (this.syncOpen) this.syncOpen = false;
    else if (this.history) this.history = false;
    else if (this.creating) this.creating = null;
    else if (selection.count > 0) selection.clear();
    else if (this.record) this.record = null;
    else if (this.place !== "people" && this.place !== "orgs") this.go("people");
    else return false;
    return true;
  }
}

export const nav = new Nav();
