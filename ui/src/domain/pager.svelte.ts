import type { ListFilter, Row } from "./types";
import { cache } from "./live.svelte";

const pageSize = 100;

/** A long list, of which only the pages in view are asked for. */
export interface Pager {
  readonly total: number;
  /** The first page is there. */
  readonly ready: boolean;
  readonly failed: string;
  row(index: number): Row | undefined;
  /** Where a record is in the pages at hand; -1 when it is in none of them. */
  find(id: string): number;
  /** What is in view, as row numbers. */
  view(first: number, last: number): void;
}

/** Follows a list; what it shows stays until the first page of another filter is there. */
export function pager(wanted: () => Omit<ListFilter, "offset" | "limit">): Pager {
  let total = $state(0);
  let ready = $state(false);
  let failed = $state("");
  let pages = $state.raw<ReadonlyMap<number, readonly Row[]>>(new Map());
  let first = $state(0);
  let last = $state(0);
  const key = $derived(JSON.stringify(wanted()));

  $effect.pre(() => {
    const filter = JSON.parse(key) as Omit<ListFilter, "offset" | "limit">;
    let mine: ReadonlyMap<number, readonly Row[]> = new Map();
    first = 0;
    last = 0;
    $effect.pre(() => {
      const stops: (() => void)[] = [];
      for (let page = first; page <= last; page++) {
        const query = { type: "list" as const, filter: { ...filter, offset: page * pageSize, limit: pageSize } };
        stops.push(
          cache.watch(query, ({ data, failure }) => {
            if (failure) failed = failure.message;
            if (!data) return;
            mine = new Map(mine).set(page, data.rows);
            pages = mine;
            total = data.total;
            ready = true;
            failed = "";
          }),
        );
      }
      return () => stops.forEach((stop) => stop());
    });
  });

  return {
    get total() {
      return total;
    },
    get ready() {
      return ready;
    },
    get failed() {
      return failed;
    },
    find(id) {
      for (const [page, rows] of pages) {
        const at = rows.findIndex((row) => row.id === id);
        if (at >= 0) return page * pageSize + at;
      }
      return -1;
    },
    row: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    view(from, to) {
      first = Math.max(0, Math.floor((from - 20) / pageSize));
      last = Math.max(first, Math.floor(Math.min(to + 20, Math.max(0, total - 1)) / pageSize));
    },
  };
}
