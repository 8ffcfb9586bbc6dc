import { failureOf, mutate, trigger, type Command, type FieldEdit, type ImportReport, type Outcome, type RecordRef } from "$platform";
import { cache } from "./live.svelte";
import { nav, type Named } from "./nav.svelte";
import { selection } from "./selection.svelte";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";
import { count } from "$shared/words";

/** Commands whose answer a view waits for, or that change no record, so that no `changed` event need follow: what they touch is asked again here. */
const aside: Partial<Record<Command["type"], readonly string[]>> = {
  setSetting: ["settings"],
  invite: ["space"],
  inviteComputer: ["space"],
  withdrawInvitation: ["space"],
  takeUp: ["tray"],
  dismiss: ["tray"],
  markSeen: ["list", "search"],
};

/** Carries out a command; the failure is for the caller to show. */
export async function run(command: Command): Promise<Outcome> {
  const outcome = await mutate(command);
  const again = aside[command.type];
  if (again) cache.refresh((query) => again.includes(query.type));
  return outcome;
}

/** Carries out a command; a failure becomes a toast that stays. `null` when it failed. */
export async function attempt(command: Command): Promise<Outcome | null> {
  try {
    return await run(command);
  } catch (thrown) {
    say(thrown);
    return null;
  }
}

/** Shows a failure as a toast that stays. */
export function say(thrown: unknown): void {
  const failure = failureOf(thrown);
  toasts.error(failure.message, failure.hint);
}

/** Does something that may fail; the failure becomes a toast. */
export async function tried<T>(doing: Promise<T>): Promise<T | null> {
  try {
    return await doing;
  } catch (thrown) {
    say(thrown);
    return null;
  }
}

/** Edits one record; throws. */
export async function edit(record: RecordRef, edits: FieldEdit[]): Promise<void> {
  await run({ type: "edit", record, edits });
}

/** Adds one record and answers with its place. */
export async function add(kind: string, record: object, space: string | null): Promise<{ id: string; space: string }> {
  const outcome = await run({ type: "add", space, kind, records: [JSON.stringify({ kind, ...record })] });
  if (outcome.type !== "records" || outcome.ids[0] === undefined) return { id: "", space: space ?? "" };
  return { id: outcome.ids[0], space: outcome.space };
}

/** Deletes records at once, with undo; asks first when others have them too or when they are more than ten. */
export async function remove(named: readonly Named[], sure = false): Promise<void> {
  const records = named.filter(({ space }) => session.mayWrite(space));
  const first = records[0];
  if (!first) {
    if (named.length > 0) onlySeen(session.space(named[0]?.space)?.name ?? "this space");
    return;
  }
  const shared = records.some(({ space }) => others(space).length > 0);
  if (!sure && (shared || records.length > 10)) {
    nav.overlay = { kind: "delete", records };
    return;
  }
  const refs = records.map(({ space, id }) => ({ space, id }));
  const outcome = await attempt({ type: "delete", records: refs });
  if (!outcome) return;
  if (records.some(({ id }) => nav.record?.id === id)) nav.record = null;
  for (const { id } of records) selection.drop(id);
  const label = outcome.type === "records" && records.length === 1 ? outcome.label : "";
  toasts.show({
    icon: "trash",
    title: label || `Deleted ${records.length === 1 ? first.name : count(records.length, ...nounOf(first.kind))}`,
    text: records.length === 1 && first.kind === "person" ? "Notes and calls stay in the history." : "",
    action: { label: "Undo", hint: "Ctrl Z", testid: "toast-undo", run: () => void restore(refs, records) },
  });
}

/** Says why nothing was changed. */
function onlySeen(space: string): void {
  toasts.show({ icon: "eye", title: `You can only see ${space}`, text: "Nothing was changed." });
}

/** "person" and "people", for counting. */
export function nounOf(kind: string): [one: string, many: string] {
  return kind === "org" ? ["organisation", "organisations"] : ["person", "people"];
}

/** The names of the others in a space. */
export function others(space: string | null): string[] {
  const summary = session.space(space);
  if (!summary || summary.private) return [];
  return summary.members.filter((member) => !member.me && member.role !== "none").map(({ name }) => name);
}

async function restore(refs: RecordRef[], records: readonly Named[]): Promise<void> {
  if (!(await attempt({ type: "restore", records: refs }))) return;
  const only = records.length === 1 ? records[0] : undefined;
  if (only) nav.open(only);
}

/** Shows everybody, to be ticked and moved into a space. */
export function bringPeople(space: string, name: string): void {
  nav.go("people");
  nav.scope = null;
  nav.moveInto = space;
  toasts.show({
    icon: "layers",
    title: `Choose who moves to ${name}`,
    text: "Tick people with the box before a name or with X, then Move to a space.",
    seconds: 10,
  });
}

/** Takes back the newest own operation, or does it again. */
export async function undo(direction: "undo" | "redo" = "undo"): Promise<void> {
  try {
    const outcome = await run({ type: direction });
    const label = outcome.type === "undone" ? outcome.label : "";
    if (direction === "undo") tookBack(label);
    else toasts.show({ icon: "check", title: label ? `Did again: ${label}` : "Did it again" });
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.code === "nothing-to-undo") {
      toasts.show({ title: direction === "undo" ? "Nothing to take back on this computer" : "Nothing to do again" });
    } else say(thrown);
  }
}

/** Takes back one import, whatever was done since. */
export async function undoImport(report: ImportReport): Promise<boolean> {
  const outcome = await attempt({ type: "undoImport", import: report.import });
  if (outcome?.type === "undone") tookBack(outcome.label);
  return outcome !== null;
}

function tookBack(label: string): void {
  toasts.show({
    icon: "restore",
    title: label ? `Took back: ${label}` : "Took back the last change",
    action: { label: "Do it again", hint: "Ctrl Y", testid: "toast-redo", run: () => void undo("redo") },
  });
}

/** Copies a text and says so. */
export async function copy(text: string, what: string): Promise<boolean> {
  if ((await tried(trigger.copyText(text).then(() => true))) === null) return false;
  toasts.show({ icon: "copy", title: `Copied ${what}`, seconds: 3 });
  return true;
}

/** Opens a link outside; only web pages, mail and phone numbers. */
export async function openOutside(url: string): Promise<void> {
  if (!/^(https?:|mailto:|tel:)/i.test(url)) {
    toasts.error("This link is not opened", "Only web pages, email addresses and phone numbers open from here.");
    return;
  }
  await tried(trigger.openExternal(url));
}

/** Exchanges with everybody reachable now. */
export async function syncNow(): Promise<void> {
  await tried(trigger.syncNow());
}

/** Keeps a setting of this computer. */
export async function setSetting(key: string, value: string): Promise<void> {
  session.settings = { ...session.settings, [key]: value };
  await attempt({ type: "setSetting", key, value });
}
