import { failureOf, query, type AnswerTo, type Failure, type Query } from "$platform";
import { QueryCache, type Snapshot } from "./cache";

/** The window's one cache. */
export const cache = new QueryCache(query, failureOf);

/** The answer to a query, kept current as long as the component lives. */
export interface Live<T> {
  readonly data: T | undefined;
  readonly failure: Failure | undefined;
  readonly loading: boolean;
}

/**
 * Follows the answer to whatever `ask` asks at the moment; `null` asks nothing. With `keep` the answer to the last question stays
 * until the next one is there, for lists that change while somebody types.
 */
export function live<Q extends Query>(ask: () => Q | null, keep = false): Live<AnswerTo<Q["type"]>> {
  type T = AnswerTo<Q["type"]>;
  const nothing: Snapshot<T> = { data: undefined, failure: undefined, loading: false };
  let snapshot = $state.raw<Snapshot<T>>(nothing);
  let last: unknown;

  $effect.pre(() => {
    const asked = ask();
    if (!asked) {
      snapshot = nothing;
      return;
    }
    return cache.watch(asked, (next: Snapshot<T>) => {
      if (next.data !== undefined) last = next.data;
      snapshot =
        keep && next.loading && next.data === undefined ? { data: last as T | undefined, failure: undefined, loading: true } : next;
    });
  });

  return {
    get data() {
      return snapshot.data;
    },
    get failure() {
      return snapshot.failure;
    },
    get loading() {
      return snapshot.loading;
    },
  };
}
