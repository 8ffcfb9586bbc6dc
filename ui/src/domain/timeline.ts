/** A timeline in months, with runs of field changes by one person folded into one line. */
import { daysBetween, monthHead, parsed } from "$shared/time";
import type { TimelineItem } from "./types";

/** An entry, with the changes folded under it. */
export interface Folded {
  readonly item: TimelineItem;
  readonly more: readonly TimelineItem[];
}

export interface Month {
  readonly head: string;
  readonly items: readonly Folded[];
}

/** Folds and groups; the order stays as it is. */
export function grouped(items: readonly TimelineItem[], now: Date): Month[] {
  const months: { head: string; items: { item: TimelineItem; more: TimelineItem[] }[] }[] = [];
  for (const item of items) {
    const head = monthHead(item.at, now);
    let month = months[months.length - 1];
    if (!month || month.head !== head) {
      month = { head, items: [] };
      months.push(month);
    }
    const last = month.items[month.items.length - 1];
    if (last && foldsInto(last.item, item)) last.more.push(item);
    else month.items.push({ item, more: [] });
  }
  return merged(months);
}

function foldsInto(first: TimelineItem, next: TimelineItem): boolean {
  if (first.kind !== "change" || next.kind !== "change" || first.by !== next.by) return false;
  const [a, b] = [parsed(first.at), parsed(next.at)];
  return a !== null && b !== null && daysBetween(b, a) === 0;
}

/** The same month twice in a row order that is not quite by time stays one key. */
function merged<M extends { head: string }>(months: M[]): M[] {
  const seen = new Map<string, number>();
  return months.map((month) => {
    const n = seen.get(month.head) ?? 0;
    seen.set(month.head, n + 1);
    return n === 0 ? month : { ...month, head: month.head + "\u200b".repeat(n) };
  });
}

/** The newest thing this person did with somebody, of the things that are contact: a note is none. */
export function lastOwn(items: readonly TimelineItem[]): TimelineItem | undefined {
  return items.find(({ kind, mine }) => mine && (kind === "call" || kind === "meeting" || kind === "email" || kind === "message"));
}
