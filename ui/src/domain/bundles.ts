/** Exchange by file: what is written for a space and read from one, in words. */
import { trigger, type FileKind } from "$platform";
import { run, say, tried } from "./actions";
import { toasts } from "./toasts.svelte";
import type { BundleReport } from "./types";
import { count } from "$shared/words";

const EXTENSION = "tuttubundle";

/** How files of changes are called in the dialogs of the system. */
export const bundleKind: FileKind = { name: "Changes of a space (Tuttu)", extensions: [EXTENSION] };

/** Whether a file says by its name that it holds changes of a space. */
export function isBundle(path: string): boolean {
  return path.toLowerCase().endsWith(`.${EXTENSION}`);
}

/** A name for a new file that every system takes. */
export function bundleName(space: string): string {
  const plain = space
    .replace(/[\\/:*?"<>|\p{Cc}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^\.+/, "");
  return `${plain || "Space"}.${EXTENSION}`;
}

/** Takes in the changes of a file; throws. */
export async function readBundle(path: string): Promise<BundleReport> {
  const outcome = await run({ type: "readBundle", path });
  if (outcome.type !== "bundle") throw new Error("The engine answered something else.");
  return outcome.report;
}

/** What came out of a file. */
export function readWords({ space, from, changes, files }: BundleReport): { title: string; text: string } {
  const by = `It was written by ${from || "somebody who is not a member any more"}.`;
  if (changes === 0 && files === 0) return { title: `Nothing new for ${space}`, text: `Everything in the file was here already. ${by}` };
  const what = [...(changes > 0 ? [count(changes, "new change")] : []), ...(files > 0 ? [count(files, "new file")] : [])].join(" and ");
  return { title: `Took in ${what} of ${space}`, text: by };
}

/** What is in a file that was written. */
export function writtenWords({ space, changes, files, computers }: BundleReport): string {
  const what = [count(changes, "change"), ...(files > 0 ? [count(files, "file")] : [])].join(" and ");
  return `${what} of ${space}, for ${count(computers, "computer")}.`;
}

/** Lets the person pick a file and takes in what is in it. */
export async function pickBundle(): Promise<void> {
  const path = await tried(trigger.pickFile("Read changes from a file", bundleKind));
  if (path === null) return;
  try {
    toasts.show({ icon: "check", seconds: 10, ...readWords(await readBundle(path)) });
  } catch (thrown) {
    say(thrown);
  }
}
