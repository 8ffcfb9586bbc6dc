import type { Row } from "./types";

/** At most this many rows are selected at once: what is done with them is done one by one. */
export const selectionLimit = 1000;

type Picked = Pick<Row, "id" | "space" | "kind" | "name" | "detail">;

/** The rows that are ticked in a list, in the order of ticking. */
class Selection {
  rows = $state.raw<readonly Picked[]>([]);
  readonly #ids = $derived(new Set(this.rows.map(({ id }) => id)));

  get count(): number {
    return this.rows.length;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  toggle(row: Picked): void {
    if (this.has(row.id)) this.drop(row.id);
    else this.add([row]);
  }

  add(rows: readonly Picked[]): void {
    const fresh = rows.filter(({ id }) => !this.has(id));
    if (fresh.length > 0) this.rows = [...this.rows, ...fresh].slice(0, selectionLimit);
  }

  drop(id: string): void {
    this.rows = this.rows.filter((row) => row.id !== id);
  }

  clear(): void {
    if (this.rows.length > 0) this.rows = [];
  }
}

export const selection = new Selection();
