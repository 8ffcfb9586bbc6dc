/** Changes that do not count any more, in words. */
import { evidence } from "$shared/time";
import { count } from "$shared/words";
import { fieldOf, fieldTitle, shownValue } from "./fields";
import type { TrayField, TrayView } from "./types";

/** "3 changes that do not count any more". */
export function trayTitle(changes: number): string {
  return `${count(changes, "change")} that ${changes === 1 ? "does" : "do"} not count any more`;
}

/** Who wrote it, on which computer, when: "Lena Brandt, on Lena’s laptop, Tue 18 Nov, 09:12". */
export function whoWrote({ by, computer, at }: TrayView, now: Date): string {
  return [by || "Somebody", computer && `on ${computer}`, evidence(at, now)].filter(Boolean).join(", ");
}

/** What one field of it is called, what is there now, and what was written. */
export function trayWords({ field, now, written }: TrayField): { title: string; now: string; written: string } {
  const side = (value: string) => {
    if (fieldOf(field) === "deleted") return value === "true" ? "in the trash" : "not in the trash";
    return value === "" ? "nothing" : shownValue(field, value);
  };
  return { title: fieldTitle(field), now: side(now), written: side(written) };
}
