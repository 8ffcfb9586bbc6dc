/** What the pretended engine knows of colleagues, of changes that do not count, and of what happened. */
import type { Answer, ColleagueView, Command, Diagnosis, LogLine, Outcome, Query, TrayView } from "../../src/platform/bindings";
import { ago, ids, members } from "./data";
import { failure, type FakeEngine } from "./engine";

const words = ["birch", "ladder", "otter", "seventeen", "quay", "lantern", "maple", "thimble"];

/** Everybody who is in a space with the person, from the lists of members. */
function colleagues(): ColleagueView[] {
  const found = new Map<string, ColleagueView>();
  for (const list of Object.values(members())) {
    for (const member of list.filter(({ me }) => !me)) {
      const { id, name, computers } = member;
      const notes = { card: "", cardSpace: "", cardName: "", verified: "", blocked: "" };
      if (!found.has(id)) found.set(id, { id, name, words, spaces: ["Harbour Commons"], computers, ...notes });
    }
  }
  const tomasz = found.get("k_tomasz");
  if (tomasz) Object.assign(tomasz, { card: "p_0", cardSpace: ids.harbour, cardName: "Tomasz Wieczorek" });
  const maria = found.get("k_maria");
  if (maria) Object.assign(maria, { verified: ago(250, 10, 0) });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tray(): TrayView[] {
  const by = { by: "Lena Brandt", computer: "Lena’s laptop" };
  return [
    {
      ...by,
      change: "a1",
      id: ids.priya,
      name: "Priya Raghunathan",
      at: ago(2, 9, 12),
      fields: [
        { field: "phones/ph1", now: "+44 7700 900142", written: "+44 7700 900187" },
        { field: "notes", now: "Prefers the phone, mornings.", written: "Prefers email since she moved." },
      ],
    },
    {
      ...by,
      change: "a2",
      id: "p_0",
      name: "Tomasz Wieczorek",
      at: ago(1, 16, 40),
      fields: [{ field: "birthday", now: "", written: "--02-11" }],
    },
    {
      ...by,
      change: "a3",
      id: "p_new",
      name: "Ada Kowalska",
      at: ago(1, 16, 44),
      fields: [{ field: "name", now: "", written: "Ada Kowalska" }],
    },
  ];
}

function log(): LogLine[] {
  const line = (days: number, hour: number, minute: number, kind: string, text: string) => ({ at: ago(days, hour, minute), kind, text });
  return [
    line(0, 14, 11, "delivered", "Maria Quispe’s “Maria’s MacBook” has everything of “Harbour Commons”."),
    line(0, 14, 10, "received", "Maria Quispe’s “Maria’s MacBook” brought 12 changes of “Harbour Commons”."),
    line(0, 14, 1, "connected", "Jon Etxeberria’s “jon-desktop” connected, through the relay."),
    line(0, 9, 30, "refused", "Lena Brandt’s “Lena’s laptop” is not a member of “Harbour Commons” any more."),
    line(1, 18, 40, "members", "You removed Lena Brandt from “Harbour Commons”."),
    line(1, 13, 40, "invitation", "You made an invitation to “Harbour Commons” for Anahit Sargsyan."),
    line(4, 20, 0, "backup", "You wrote a backup of 4 spaces."),
    line(4, 19, 55, "bundle", "You took in a file of “Harbour Commons” that Maria Quispe wrote."),
  ];
}

/** What an examination of the network finds. */
export function findings(): Diagnosis[] {
  return [
    { check: "listening", health: "ok", text: "Tuttu listens on 192.168.1.20:4711.", hint: "" },
    {
      check: "firewall",
      health: "trouble",
      text: "Tuttu does not answer at 192.168.1.20:4711, its own address.",
      hint: "A firewall on this computer may be in the way: allow Tuttu to receive UDP on port 4711.",
    },
    {
      check: "relay",
      health: "note",
      text: "No relay is chosen: who is on another network is reached only where their address is open.",
      hint: "To reach colleagues elsewhere, choose the same relay as they do.",
    },
    { check: "computer", health: "ok", text: "“Maria’s MacBook” of Maria Quispe is connected, on the same network.", hint: "" },
    {
      check: "computer",
      health: "note",
      text: `“Jon’s laptop” of Jon Etxeberria does not answer at any address it was known at. It was connected last at ${ago(2, 18, 40)}.`,
      hint: "Most likely it is off, or Tuttu does not run there.",
    },
  ];
}

export class FakeSharing {
  colleagues: ColleagueView[];
  tray: Record<string, TrayView[]>;
  log: LogLine[];
  /** How long an examination of the network takes, in milliseconds. */
  patience = 400;

  constructor(empty: boolean) {
    this.colleagues = empty ? [] : colleagues();
    this.tray = {};
    this.log = empty ? [] : log();
  }

  /** Somebody who was removed had written something. */
  setAside(): void {
    this.tray = { [ids.harbour]: tray() };
  }

  answer(query: Query): Answer | null {
    if (query.type === "colleagues") return { type: "colleagues", value: structuredClone(this.colleagues) };
    if (query.type === "tray") return { type: "tray", value: structuredClone(this.tray[query.space] ?? []) };
    if (query.type === "log") return { type: "log", value: this.log.slice(0, query.limit || 100) };
    return null;
  }

  /** The outcome of a command about sharing; `null` for every other. */
  carryOut(command: Command, engine: FakeEngine): Outcome | null {
    switch (command.type) {
      case "linkColleague":
      case "verifyColleague":
      case "blockColleague": {
        const one = this.#colleague(command.person);
        const label = this.#note(one, command, engine);
        engine.changed([]);
        return { type: "records", ids: [], space: ids.own, label };
      }
      case "handOver":
        for (const space of engine.spaces) if (space.id === command.space) space.role = "editor";
        for (const member of engine.members[command.space] ?? []) {
          if (member.id === command.member) member.role = "owner";
          if (member.me) member.role = "editor";
        }
        engine.changed([]);
        return { type: "space", id: command.space };
      case "takeUp":
      case "dismiss": {
        const all = this.tray[command.space] ?? [];
        const meant = all.filter(({ change }) => command.changes.length === 0 || command.changes.includes(change));
        this.tray[command.space] = all.filter((one) => !meant.includes(one));
        if (command.type === "takeUp") engine.undone.push(() => (this.tray[command.space] = all));
        engine.changed([]);
        return {
          type: "records",
          ids: meant.map(({ id }) => id),
          space: command.space,
          label: `Took up ${meant.length} that did not count`,
        };
      }
      default:
        return null;
    }
  }

  #colleague(id: string): ColleagueView {
    const found = this.colleagues.find((one) => one.id === id);
    if (!found) throw failure("not-found", "There is no such colleague.");
    return found;
  }

  #note(
    one: ColleagueView,
    command: Extract<Command, { type: "linkColleague" | "verifyColleague" | "blockColleague" }>,
    engine: FakeEngine,
  ): string {
    const now = new Date().toISOString();
    const before = { ...one };
    engine.undone.push(() => void Object.assign(one, before));
    if (command.type === "verifyColleague") one.verified = command.verified ? now : "";
    else if (command.type === "blockColleague") {
      one.blocked = command.blocked ? now : "";
      for (const member of Object.values(engine.members).flat()) {
        if (member.id !== one.id) continue;
        member.blocked = command.blocked;
        if (command.blocked) for (const computer of [...one.computers, ...member.computers]) computer.state = "away";
      }
    } else {
      one.card = command.card?.id ?? "";
      one.cardSpace = command.card?.space ?? "";
      one.cardName = engine.records.get(one.card)?.name ?? "";
    }
    return command.type;
  }
}
