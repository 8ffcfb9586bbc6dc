/** Files of records: what is here, what comes, and how one is fetched, saved and attached. */
import { trigger } from "$platform";
import { attempt, edit, setSetting, tried } from "./actions";
import { clock } from "./clock.svelte";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";
import type { Attachment, RecordRef } from "./types";
import { sizeWords } from "$shared/words";

const FETCH = "attachments.fetch";
/** When no piece came for so long, in milliseconds, a file is not called coming any more. */
const STALLED = 90_000;

/** Whether files of a space come by themselves, or only when asked for. */
export type Fetching = "always" | "ask";

export function fetchingOf(space: string): Fetching {
  return (session.settings[`${FETCH}.${space}`] ?? session.settings[FETCH]) === "ask" ? "ask" : "always";
}

export function setFetching(space: string, how: Fetching): Promise<void> {
  return setSetting(`${FETCH}.${space}`, how);
}

/** How a file stands on this computer. */
export type FileState = "here" | "coming" | "asked" | "waits" | "not-asked";

class Files {
  /** Files that were asked for and are not here yet. */
  asked = $state.raw<ReadonlySet<string>>(new Set());

  stateOf(file: Attachment, space: string): FileState {
    if (!file.missing) return "here";
    const last = session.coming[file.hash]?.at;
    if (last !== undefined && clock.now.getTime() - last < STALLED) return "coming";
    if (this.asked.has(file.hash)) return "asked";
    return fetchingOf(space) === "always" ? "waits" : "not-asked";
  }

  /** What stands behind the name of a file. */
  words(file: Attachment, space: string): string {
    const size = sizeWords(file.size);
    const coming = session.coming[file.hash];
    const state = this.stateOf(file, space);
    if (coming && (state === "asked" || state === "waits"))
      return `${sizeWords(coming.done)} of ${size} here; the rest comes when somebody who has it is reachable`;
    switch (state) {
      case "here":
        return size;
      case "coming":
        return `coming, ${sizeWords(coming?.done ?? 0)} of ${sizeWords(coming?.total ?? file.size)}`;
      case "asked":
        return `${size}, asked for; comes when somebody who has it is reachable`;
      case "waits":
        return `${size}, not here yet; comes when somebody who has it is reachable`;
      case "not-asked":
        return `${size}, not here; comes when you ask for it`;
    }
  }

  /** Asks whoever has it and can be reached. It stays asked for as long as Tuttu is open. */
  async fetch(file: Attachment): Promise<void> {
    this.asked = new Set(this.asked).add(file.hash);
    const fetched = await tried(trigger.fetchFile(file.hash));
    if (fetched?.here) toasts.show({ icon: "check", title: `${file.name} is here`, seconds: 3 });
    else if (fetched) toasts.show({ icon: "clock", title: `${file.name} is not here yet`, text: fetched.reason });
    if (!fetched || fetched.here) this.asked = new Set([...this.asked].filter((hash) => hash !== file.hash));
  }

  /** Writes a file to where the person wants it. */
  async save(file: Attachment): Promise<void> {
    const path = await tried(trigger.pickNewFile("Save as", file.name));
    if (path === null) return;
    if (await attempt({ type: "saveFile", hash: file.hash, path })) toasts.show({ icon: "check", title: `Saved ${file.name}`, text: path });
  }

  /** Lets the person pick a file and attaches it. */
  async attach(record: RecordRef): Promise<void> {
    const path = await tried(trigger.pickFile("Attach a file"));
    if (path !== null) await attempt({ type: "attach", record, path, name: "" });
  }

  /** Takes a file off a record. */
  async remove(record: RecordRef, file: Attachment): Promise<void> {
    if ((await tried(edit(record, [{ op: "remove", field: "attachments", item: file.hash }]).then(() => true))) === null) return;
    toasts.show({
      icon: "trash",
      title: `Took off ${file.name}`,
      text: "It stays in the history.",
      action: { label: "Undo", hint: "Ctrl Z", testid: "toast-undo", run: () => void attempt({ type: "undo" }) },
    });
  }
}

export const files = new Files();
