import type { AnswerTo, Failure, Query } from "$platform";

/** What is known about one question. `data` stays while it is asked again. */
export interface Snapshot<T> {
  readonly data: T | undefined;
  readonly failure: Failure | undefined;
  readonly loading: boolean;
}

/** What changed: records by id (none named: anything may have changed) and the spaces they are in. */
export interface Change {
  readonly spaces: readonly string[];
  readonly records: readonly string[];
}

interface Entry {
  readonly key: string;
  readonly query: Query;
  snapshot: Snapshot<unknown>;
  text: string;
  readonly hearers: Set<(snapshot: Snapshot<unknown>) => void>;
  running: boolean;
  again: boolean;
}

/** The key of a query: its JSON with sorted members, so that equal questions share one entry. */
export function keyOf(query: Query): string {
  return JSON.stringify(query, (_, value: unknown) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Whether a change may have touched a record. Changes name records without the letter of their kind (`01J…` for `p_01J…`). */
function names(change: Change, id: string): boolean {
  const bare = (text: string): string => text.slice(text.indexOf("_") + 1);
  return change.records.length === 0 || change.records.some((record) => bare(record) === bare(id));
}

/** Whether the answer to a query may be different after a change. */
export function touches(query: Query, change: Change): boolean {
  switch (query.type) {
    case "record":
    case "history":
      return names(change, query.record.id);
    case "conflicts":
      return !query.record || names(change, query.record.id);
    case "settings":
      return false;
    default:
      return true;
  }
}

/** Answers to queries, one entry per question, asked again only when the engine says that something changed. */
export class QueryCache {
  readonly #entries = new Map<string, Entry>();
  readonly #ask: <Q extends Query>(query: Q) => Promise<AnswerTo<Q["type"]>>;
  readonly #failureOf: (thrown: unknown) => Failure;
  readonly #idleLimit: number;
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(ask: <Q extends Query>(query: Q) => Promise<AnswerTo<Q["type"]>>, failureOf: (thrown: unknown) => Failure, idleLimit = 100) {
    this.#ask = ask;
    this.#failureOf = failureOf;
    this.#idleLimit = idleLimit;
  }

  /** Hears the answer now, if there is one, and each time it becomes different. */
  watch<Q extends Query>(query: Q, hear: (snapshot: Snapshot<AnswerTo<Q["type"]>>) => void): () => void {
    const entry = this.#entry(query);
    const hearer = hear as (snapshot: Snapshot<unknown>) => void;
    entry.hearers.add(hearer);
    hearer(entry.snapshot);
    if (entry.snapshot.data === undefined && !entry.running) void this.#run(entry);
    return () => {
      entry.hearers.delete(hearer);
      this.#trim();
    };
  }

  /** The answer at hand, without asking. */
  peek<Q extends Query>(query: Q): AnswerTo<Q["type"]> | undefined {
    return this.#entries.get(keyOf(query))?.snapshot.data as AnswerTo<Q["type"]> | undefined;
  }

  /** Something changed: what is shown is asked again, the rest is forgotten. */
  invalidate(change: Change): void {
    this.refresh((query) => touches(query, change));
  }

  /** Asks again what fits. */
  refresh(fits: (query: Query) => boolean): void {
    for (const entry of [...this.#entries.values()]) {
      if (!fits(entry.query)) continue;
      if (entry.hearers.size === 0 && !entry.running) this.#entries.delete(entry.key);
      else if (entry.running) entry.again = true;
      else void this.#run(entry);
    }
  }

  /** Waits until every question asked so far has its answer. */
  quiet(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((done) => this.#waiting.push(done));
  }

  /** Forgets everything. */
  clear(): void {
    for (const entry of [...this.#entries.values()]) if (entry.hearers.size === 0) this.#entries.delete(entry.key);
  }

  #entry(query: Query): Entry {
    const key = keyOf(query);
    const known = this.#entries.get(key);
    if (known) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const snapshot: Snapshot<unknown> = { data: undefined, failure: undefined, loading: true };
    const entry: Entry = { key, query, snapshot, text: "", hearers: new Set(), running: false, again: false };
    this.#entries.set(key, entry);
    return entry;
  }

  async #run(entry: Entry): Promise<void> {
    entry.running = true;
    this.#running++;
    do {
      entry.again = false;
      try {
        const data: unknown = await this.#ask(entry.query);
        const text = JSON.stringify(data);
        if (text !== entry.text || entry.snapshot.data === undefined || entry.snapshot.failure) {
          entry.text = text;
          this.#settle(entry, { data, failure: undefined, loading: false });
        }
      } catch (thrown) {
        this.#settle(entry, { data: undefined, failure: this.#failureOf(thrown), loading: false });
      }
    } while (entry.again);
    entry.running = false;
    this.#running--;
    if (this.#running === 0) for (const done of this.#waiting.splice(0)) done();
  }

  #settle(entry: Entry, snapshot: Snapshot<unknown>): void {
    entry.snapshot = snapshot;
    for (const hear of [...entry.hearers]) hear(snapshot);
  }

  #trim(): void {
    let idle = 0;
    for (const entry of this.#entries.values()) if (entry.hearers.size === 0) idle++;
    for (const entry of this.#entries.values()) {
      if (idle <= this.#idleLimit) return;
      if (entry.hearers.size > 0 || entry.running) continue;
      this.#entries.delete(entry.key);
      idle--;
    }
  }
}
