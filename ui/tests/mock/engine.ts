/** A pretended engine: small, in memory, with the same words as the real one. For development and tests only. */
import type {
  Answer,
  Command,
  ConflictView,
  ErrorView,
  Event,
  FieldEdit,
  InvitationView,
  JoinRequestView,
  Outcome,
  OwnComputerView,
  Query,
  RecordView,
  Row,
  SpaceSummary,
  VaultStatus,
} from "../../src/platform/bindings";
import { wrote } from "./files";
import { FakeSharing } from "./sharing";
import { ago, history, ids, invitation, members, orgs, ownComputers, people, record, spaces, timeline } from "./data";

export interface Scenario {
  vault: "none" | "open" | "trouble";
  data: "empty" | "some" | "many";
  conflict: boolean;
  offline: boolean;
  settings: Record<string, string>;
  /** The link the app was started with. */
  link: string | null;
}

export class FakeEngine {
  kind: Scenario["vault"];
  records = new Map<string, RecordView>();
  spaces: SpaceSummary[] = [];
  settings: Map<string, string>;
  invitations: InvitationView[] = [];
  requests: JoinRequestView[] = [];
  computers: OwnComputerView[] = [];
  members = members();
  sharing: FakeSharing;
  conflicts: ConflictView[] = [];
  undone: (() => void)[] = [];
  person = "Ilona Varis";
  computer = "Ilona’s ThinkPad";
  #next = 1;
  /** What lists and counts are made of, until something changes: a hundred thousand records are not sorted for every key. */
  #sorted = new Map<string, RecordView[]>();
  #counts: Map<string, number> | null = null;
  readonly #scenario: Scenario;
  readonly #tell: (event: Event) => void;

  constructor(scenario: Scenario, tell: (event: Event) => void) {
    this.#scenario = scenario;
    this.#tell = tell;
    this.kind = scenario.vault;
    this.sharing = new FakeSharing(scenario.data === "empty");
    this.settings = new Map(Object.entries(scenario.settings));
    this.computers = scenario.data === "empty" ? ownComputers().slice(0, 1) : ownComputers();
    this.spaces = scenario.data === "empty" ? spaces().slice(0, 1) : spaces();
    if (scenario.data !== "empty") {
      for (const one of [...people(scenario.data === "many" ? 100_000 : 0), ...orgs()]) this.records.set(one.id, one);
      this.invitations = [
        invitation({}),
        invitation({ id: "i_2", forWhom: "the Gdynia office", role: "viewer", state: "expired", expires: ago(8) }),
      ];
    }
    if (scenario.conflict) this.conflicts = [fakeConflict()];
    if (scenario.offline)
      for (const space of this.spaces) for (const member of space.members) for (const computer of member.computers) computer.state = "away";
  }

  status(): VaultStatus {
    const shared = this.spaces.length > 1;
    for (const space of this.spaces) {
      space.people = this.#count("person", space.id);
      space.orgs = this.#count("org", space.id);
      space.activities = space.id === ids.harbour ? 214 : 0;
    }
    const sync = !shared
      ? { kind: "local", title: "Only on this computer", detail: "Nothing is shared" }
      : this.#scenario.offline
        ? { kind: "offline", title: "Offline", detail: "3 changes saved here" }
        : { kind: "pending", title: "2 changes to send to Jon", detail: "Maria has all, as of 14:11" };
    return {
      person: ids.me,
      personName: this.person,
      computer: "c_me",
      computerName: this.computer,
      spaces: structuredClone(this.spaces),
      people: this.#count("person"),
      orgs: this.#count("org"),
      conflicts: this.conflicts.length,
      canUndo: this.undone.length ? "the last change" : "",
      canRedo: "",
      damaged: 0,
      rebuilding: false,
      sync,
    };
  }

  query(query: Query): Answer {
    switch (query.type) {
      case "status":
        return { type: "status", value: this.status() };
      case "record":
        return { type: "record", value: this.#get(query.record.id) };
      case "list": {
        const { kind, space, text, sort, offset, limit } = query.filter;
        const fitting = this.#inOrder(kind, sort).filter((one) => (space === null || one.space === space) && fits(one, text));
        const rows = fitting.slice(offset, offset + (limit || 100)).map((one) => this.#row(one, text));
        return { type: "list", value: { rows, total: fitting.length } };
      }
      case "search":
        return {
          type: "search",
          value: [...this.records.values()]
            .filter((one) => !one.deleted && fits(one, query.text))
            .slice(0, query.limit)
            .map((one) => this.#row(one, query.text)),
        };
      case "timeline": {
        const own = [...this.records.values()]
          .filter((one) => one.with.includes(query.record.id) && !one.deleted)
          .map((one) => ({
            kind: one.kind,
            id: one.id,
            space: one.space,
            at: one.at,
            by: this.person,
            mine: true,
            name: one.name,
            text: one.text,
            duration: one.duration,
            private: one.space === ids.own && query.record.space !== ids.own,
          }));
        return {
          type: "timeline",
          value: [...own, ...(query.record.id === ids.priya ? timeline() : [])].sort((a, b) => (a.at < b.at ? 1 : -1)),
        };
      }
      case "history":
        return { type: "history", value: query.record.id === ids.priya ? history() : [] };
      case "conflicts":
        return { type: "conflicts", value: this.conflicts.filter(({ id }) => !query.record || id === query.record.id) };
      case "space": {
        const summary = this.status().spaces.find(({ id }) => id === query.space);
        if (!summary) throw failure("not-found", "There is no such space.");
        const list = structuredClone(this.members[query.space] ?? this.members[ids.own] ?? []);
        return {
          type: "space",
          value: {
            summary,
            members: list,
            invitations: this.invitations.filter(({ space }) => space === query.space),
            requests: this.requests,
          },
        };
      }
      case "computers":
        return { type: "computers", value: structuredClone(this.computers) };
      case "settings":
        return { type: "settings", value: [...this.settings].map(([key, value]) => ({ key, value })) };
      case "trash":
        return { type: "trash", value: [...this.records.values()].filter(({ deleted }) => deleted).map((one) => this.#row(one, "")) };
      default: {
        const told = this.sharing.answer(query);
        if (told) return told;
        throw failure("internal", `The fake engine does not answer ${query.type}.`);
      }
    }
  }

  async mutate(command: Command): Promise<Outcome> {
    switch (command.type) {
      case "add": {
        const made = command.records.map((text) => {
          const part = JSON.parse(text) as Partial<RecordView>;
          const kind = part.kind ?? command.kind;
          const id = `${kind[0] ?? "x"}_new${this.#next++}`;
          const item = <T extends object>(list: T[] | undefined) =>
            (list ?? []).map((one, index) => ({
              item: `i${index}`,
              label: "",
              value: "",
              pref: false,
              org: "",
              name: "",
              title: "",
              department: "",
              since: "",
              until: "",
              ...one,
            }));
          const one = record({
            ...part,
            id,
            kind,
            space: command.space ?? ids.own,
            name: part.name ?? "",
            emails: item(part.emails),
            phones: item(part.phones),
            orgs: item(part.orgs),
            created: { at: ago(0), by: this.person },
          });
          this.records.set(id, one);
          return one;
        });
        this.changed(made.map(({ id }) => id));
        return { type: "records", ids: made.map(({ id }) => id), space: command.space ?? ids.own, label: `Added ${made[0]?.name ?? ""}` };
      }
      case "edit": {
        const one = this.#get(command.record.id);
        const before = structuredClone(one);
        const next = structuredClone(one);
        for (const edit of command.edits) applyEdit(next, edit, () => `i${this.#next++}`);
        this.records.set(one.id, next);
        this.undone.push(() => this.records.set(one.id, before));
        this.changed([one.id]);
        return { type: "records", ids: [one.id], space: one.space, label: `Changed ${one.name}` };
      }
      case "delete":
      case "restore": {
        for (const { id } of command.records) this.records.set(id, { ...this.#get(id), deleted: command.type === "delete" });
        this.changed(command.records.map(({ id }) => id));
        return {
          type: "records",
          ids: command.records.map(({ id }) => id),
          space: "",
          label: `${command.type === "delete" ? "Deleted" : "Restored"} ${this.#get(command.records[0]?.id ?? "").name}`,
        };
      }
      case "undoImport":
      case "undo": {
        const back = this.undone.pop();
        if (!back) throw failure("nothing-to-undo", "There is nothing to take back.");
        back();
        this.changed([]);
        return { type: "undone", label: "the last change", ids: [] };
      }
      case "choose":
        this.conflicts = this.conflicts.filter(({ field }) => field !== command.field);
        this.changed([command.record.id]);
        return { type: "done" };
      case "move": {
        const ids = command.records.map(({ id }) => `${id}_m`);
        for (const { id } of command.records) this.records.set(`${id}_m`, { ...this.#get(id), id: `${id}_m`, space: command.space });
        for (const { id } of command.records) this.records.delete(id);
        this.changed([...command.records.map(({ id }) => id), ...ids]);
        return { type: "records", ids, space: command.space, label: "Moved" };
      }
      case "createSpace": {
        const id = `s_new${this.#next++}`;
        this.spaces.push({ id, name: command.name, private: false, role: "owner", people: 0, orgs: 0, activities: 0, members: [] });
        this.changed([]);
        return { type: "space", id };
      }
      case "renameSpace":
        this.spaces = this.spaces.map((space) => (space.id === command.space ? { ...space, name: command.name } : space));
        this.changed([]);
        return { type: "space", id: command.space };
      case "invite": {
        const made = invitation({
          id: `i_new${this.#next++}`,
          space: command.space,
          role: command.role,
          forWhom: command.forWhom,
          relay: command.relay ?? "",
          made: new Date().toISOString(),
          expires: new Date(Date.now() + command.expiresIn * 1000).toISOString(),
        });
        this.invitations = [made, ...this.invitations];
        return { type: "invitation", invitation: made };
      }
      case "inviteComputer": {
        const made = invitation({
          id: `i_new${this.#next++}`,
          link: "tuttu://computer/AHC7QM2VK9DW4XB8NTELP3RKZ6SHQ1YAHC7QM2VK9DW4XB8NTELP3RKZ6SHQ1Y",
          space: ids.own,
          role: "computer",
          forWhom: "",
          relay: command.relay ?? "",
          made: new Date().toISOString(),
          expires: new Date(Date.now() + command.expiresIn * 1000).toISOString(),
        });
        this.invitations = [made, ...this.invitations];
        return { type: "invitation", invitation: made };
      }
      case "attach": {
        const one = this.#get(command.record.id);
        const name = command.name || (command.path.split("/").pop() ?? "");
        this.records.set(one.id, {
          ...one,
          attachments: [...one.attachments, { hash: `fa${this.#next++}`, name, type: "", size: 48_000, missing: false }],
        });
        this.changed([one.id]);
        return { type: "records", ids: [one.id], space: one.space, label: `Attached ${name}` };
      }
      case "excludeComputer":
      case "setRole":
        for (const member of this.members[command.space] ?? []) {
          if (member.id !== command.member) continue;
          if (command.type === "setRole") member.role = command.role;
          else member.computers = member.computers.filter(({ id }) => id !== command.computer);
        }
        this.changed([]);
        return { type: "done" };
      case "revokeComputer":
        this.computers = this.computers.map((own) =>
          own.computer.id === command.computer ? { ...own, revoked: true, revocable: false, spaces: [] } : own,
        );
        this.changed([]);
        return { type: "done" };
      case "withdrawInvitation":
        this.invitations = this.invitations.map((one) => (one.id === command.invitation ? { ...one, state: "withdrawn" } : one));
        return { type: "done" };
      case "import":
        if (command.path.endsWith("broken.vcf"))
          throw failure("file", "broken.vcf is not a contact file.", "Nothing was added. Export the contacts again as vCard.");
        if (!command.dryRun) {
          for (let done = 0; done <= 386; done += 97) {
            this.#tell({ event: "import-progress", done: Math.min(done, 386), total: 386 });
            await new Promise((resolve) => setTimeout(resolve, 30));
          }
          this.changed([]);
        }
        return {
          type: "import",
          report: {
            import: "im_1",
            added: 341,
            updated: 36,
            unchanged: 7,
            skipped: 2,
            warnings: [
              { file: "", line: 212, message: "A phone number was empty and was left out." },
              { file: "", line: 1290, message: "This card has no name, number or email and was left out." },
            ],
          },
        };
      case "setSetting":
        this.settings.set(command.key, command.value);
        return { type: "done" };
      default:
        return this.sharing.carryOut(command, this) ?? wrote(command) ?? { type: "done" };
    }
  }

  /** A file comes from another computer: so many bytes of it are here. */
  bringFile(hash: string, done: number): void {
    for (const one of this.records.values()) {
      const file = one.attachments.find((held) => held.hash === hash);
      if (!file) continue;
      this.#tell({ event: "file", hash, name: file.name, space: one.space, done, total: file.size });
      if (done < file.size) continue;
      this.records.set(one.id, {
        ...one,
        attachments: one.attachments.map((held) => (held.hash === hash ? { ...held, missing: false } : held)),
      });
      this.changed([one.id]);
    }
  }

  /** Somebody brings an invitation; with `own` it is another computer of the person. */
  bringJoinRequest(own = false): void {
    const request: JoinRequestView = {
      id: "r_1",
      space: ids.harbour,
      spaceName: "Harbour Commons",
      personName: "Anahit Sargsyan",
      computerName: "Anahit’s laptop",
      role: "editor",
      words: ["birch", "ladder", "otter", "seventeen"],
      path: "lan",
      at: new Date().toISOString(),
      ...(own ? { space: ids.own, spaceName: "My own", personName: this.person, computerName: "Ilona’s tablet", role: "computer" } : {}),
    };
    this.requests = [request];
    this.#tell({ event: "join-request", request });
  }

  #inOrder(kind: string, sort: string): RecordView[] {
    const key = `${kind} ${sort}`;
    const known = this.#sorted.get(key);
    if (known) return known;
    const list = [...this.records.values()].filter((one) => (kind === "" || one.kind === kind) && !one.deleted);
    list.sort(sort === "name" ? (a, b) => byName.compare(a.name, b.name) : (a, b) => (a.changed.at < b.changed.at ? 1 : -1));
    this.#sorted.set(key, list);
    return list;
  }

  #count(kind: string, space = ""): number {
    if (!this.#counts) {
      this.#counts = new Map();
      for (const one of this.records.values()) {
        if (one.deleted) continue;
        for (const key of [`${one.kind} `, `${one.kind} ${one.space}`]) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      }
    }
    return this.#counts.get(`${kind} ${space}`) ?? 0;
  }

  #get(id: string): RecordView {
    const found = this.records.get(id);
    if (!found) throw failure("not-found", "There is no such record.");
    const conflicts = this.conflicts.filter((conflict) => conflict.id === id).map(({ field }) => field);
    return { ...found, conflicts };
  }

  #row(one: RecordView, text: string): Row {
    const org = one.orgs[0];
    const inName = text === "" || one.name.toLowerCase().includes(text.toLowerCase());
    return {
      id: one.id,
      space: one.space,
      kind: one.kind,
      name: one.name || one.text.slice(0, 60),
      detail: org ? [org.title, org.name].filter(Boolean).join(" · ") : (one.emails[0]?.value ?? ""),
      conflicts: this.conflicts.filter(({ id }) => id === one.id).length,
      news: one.id === "p_5",
      changed: one.changed.at,
      matched: inName ? "" : "org",
      deleted: one.deleted,
    };
  }

  changed(records: string[]): void {
    this.#sorted.clear();
    this.#counts = null;
    queueMicrotask(() => this.#tell({ event: "changed", spaces: [], records, remote: false }));
  }
}

const byName = new Intl.Collator("en-GB");
const haystacks = new WeakMap<RecordView, string>();

function fits(one: RecordView, text: string): boolean {
  if (text === "") return true;
  let all = haystacks.get(one);
  if (all === undefined) {
    all = [
      one.name,
      one.notes,
      one.text,
      ...one.orgs.flatMap(({ name, title }) => [name, title]),
      ...one.emails.map(({ value }) => value),
      ...one.phones.map(({ value }) => value),
      ...one.tags,
    ]
      .join(" ")
      .toLowerCase();
    haystacks.set(one, all);
  }
  const found = all;
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => found.includes(word));
}

function applyEdit(one: RecordView, edit: FieldEdit, item: () => string): void {
  const fields = one as unknown as Record<string, unknown>;
  const list = (Array.isArray(fields[edit.field]) ? fields[edit.field] : []) as Record<string, string>[];
  if (edit.op === "set") fields[edit.field] = edit.value;
  else if (edit.op === "setItem")
    fields[edit.field] = list.map((entry) => (entry.item === edit.item ? { ...entry, [edit.part]: edit.value } : entry));
  else if (edit.op === "remove")
    fields[edit.field] =
      edit.field === "tags"
        ? one.tags.filter((tag) => tag !== edit.item)
        : list.filter((entry) => (edit.field === "attachments" ? entry.hash : entry.item) !== edit.item);
  else if (edit.field === "tags") one.tags = [...one.tags, edit.value].sort();
  else if (edit.field === "addresses") {
    const [street = "", city = "", region = "", postcode = "", country = ""] = edit.value.split(";").map((part) => part.trim());
    one.addresses = [...one.addresses, { item: item(), label: edit.label ?? "", street, city, region, postcode, country }];
  } else if (edit.field === "orgs")
    one.orgs = [...one.orgs, { item: item(), org: "", name: edit.value, title: "", department: "", since: "", until: "" }];
  else fields[edit.field] = [...list, { item: item(), label: edit.label ?? "", value: edit.value, pref: false }];
}

export function failure(code: ErrorView["code"], message: string, hint = ""): ErrorView {
  return { code, message, hint };
}

function fakeConflict(): ConflictView {
  return {
    id: ids.priya,
    space: ids.harbour,
    name: "Priya Raghunathan",
    field: "phones/ph1",
    label: "mobile",
    both: true,
    values: [
      { n: 1, value: "+44 7700 900142", by: "Ilona Varis", mine: true, at: ago(2, 9, 12), computer: "Ilona’s ThinkPad" },
      { n: 2, value: "+44 7700 900187", by: "Maria Quispe", mine: false, at: ago(2, 9, 40), computer: "Maria’s MacBook" },
    ],
  };
}
