import { describe, expect, it, vi } from "vitest";
import { keyOf, QueryCache, touches, type Snapshot } from "$domain/cache";
import { Failure, failureOf, type Query, type VaultStatus } from "$platform";

const status: Query = { type: "status" };
const record = (id: string): Query => ({ type: "record", record: { space: null, id } });
const settled = () => new Promise((resolve) => setTimeout(resolve));

function cacheOver(answers: () => unknown, idle?: number) {
  const ask = vi.fn(async () => answers());
  return { ask, cache: new QueryCache(ask as never, failureOf, idle) };
}

describe("the query cache", () => {
  it("asks once for all who watch the same question", async () => {
    const { ask, cache } = cacheOver(() => ({ n: 1 }));
    const heard: Snapshot<VaultStatus>[] = [];
    cache.watch({ type: "status" }, (snapshot) => heard.push(snapshot));
    cache.watch({ type: "status" }, (snapshot) => heard.push(snapshot));
    await settled();
    expect(ask).toHaveBeenCalledTimes(1);
    expect(heard.map(({ loading }) => loading)).toEqual([true, true, false, false]);
    expect(cache.peek(status)).toEqual({ n: 1 });
  });

  it("asks again only what a change touches and somebody watches", async () => {
    let n = 0;
    const { ask, cache } = cacheOver(() => ({ n: n++ }));
    cache.watch(record("p_1"), () => undefined);
    const stop = cache.watch(record("p_2"), () => undefined);
    await settled();
    stop();
    cache.invalidate({ spaces: ["s"], records: ["p_3"] });
    await settled();
    expect(ask).toHaveBeenCalledTimes(2);
    cache.invalidate({ spaces: ["s"], records: ["p_1", "p_2"] });
    await settled();
    expect(ask).toHaveBeenCalledTimes(3);
    expect(cache.peek(record("p_1"))).toEqual({ n: 2 });
    expect(cache.peek(record("p_2"))).toBeUndefined();
  });

  it("keeps the same value when the answer is the same", async () => {
    const { cache } = cacheOver(() => ({ n: 1 }));
    const heard = vi.fn();
    cache.watch(status, heard);
    await settled();
    const before = cache.peek(status);
    cache.invalidate({ spaces: [], records: [] });
    await settled();
    expect(cache.peek(status)).toBe(before);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it("asks once more when something changed while it was asking", async () => {
    let n = 0;
    const { ask, cache } = cacheOver(() => ({ n: n++ }));
    cache.watch(status, () => undefined);
    for (let index = 0; index < 5; index++) cache.invalidate({ spaces: [], records: [] });
    await settled();
    expect(ask).toHaveBeenCalledTimes(2);
    expect(cache.peek(status)).toEqual({ n: 1 });
  });

  it("tells failures with the engine's words and recovers", async () => {
    let broken = true;
    const { cache } = cacheOver(() => {
      if (broken) throw new Failure({ code: "not-found", message: "There is no such record.", hint: "" });
      return { n: 1 };
    });
    const heard: Snapshot<unknown>[] = [];
    cache.watch(record("p_1"), (snapshot) => heard.push(snapshot));
    await settled();
    expect(heard.at(-1)?.failure?.message).toBe("There is no such record.");
    broken = false;
    cache.invalidate({ spaces: [], records: ["p_1"] });
    await settled();
    expect(heard.at(-1)).toEqual({ data: { n: 1 }, failure: undefined, loading: false });
  });

  it("forgets what nobody watches beyond its limit", async () => {
    const { cache } = cacheOver(() => ({}), 2);
    for (const id of ["a", "b", "c", "d"]) {
      const stop = cache.watch(record(id), () => undefined);
      await settled();
      stop();
    }
    expect(["a", "b", "c", "d"].filter((id) => cache.peek(record(id)) !== undefined)).toEqual(["c", "d"]);
  });
});

describe("what a change touches", () => {
  it("is told by kind of question", () => {
    const change = { spaces: ["s"], records: ["p_1"] };
    expect(touches(record("p_1"), change)).toBe(true);
    expect(touches(record("p_2"), change)).toBe(false);
    expect(touches(record("p_2"), { spaces: [], records: [] })).toBe(true);
    expect(touches({ type: "timeline", record: { space: null, id: "p_2" }, limit: 10 }, change)).toBe(true);
    expect(touches({ type: "conflicts", record: null }, change)).toBe(true);
    expect(touches({ type: "settings" }, change)).toBe(false);
    expect(touches(status, change)).toBe(true);
  });

  it("uses keys that do not depend on the order of members", () => {
    expect(keyOf({ type: "record", record: { space: null, id: "a" } })).toBe(keyOf({ record: { id: "a", space: null }, type: "record" }));
  });
});
