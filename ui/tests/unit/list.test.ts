import { beforeEach, describe, expect, it } from "vitest";
import { nav } from "$domain/nav.svelte";
import { selection, selectionLimit } from "$domain/selection.svelte";
import { rowsFor } from "$shared/rows";

const row = (id: string) => ({ id, space: "s", kind: "person", name: id, detail: "" });

describe("rows on hand", () => {
  it("are those in view and a few around them", () => {
    expect(rowsFor(0, 480, 48, 100_000, -1)).toEqual(Array.from({ length: 15 }, (_, n) => n));
    expect(rowsFor(4800, 480, 48, 100_000, -1, 2)).toEqual(Array.from({ length: 15 }, (_, n) => 98 + n));
  });

  it("end where the list ends", () => {
    expect(rowsFor(0, 480, 48, 3, -1)).toEqual([0, 1, 2]);
    expect(rowsFor(0, 480, 48, 0, 0)).toEqual([]);
    expect(rowsFor(99_999 * 48, 480, 48, 100_000, -1, 0)).toEqual([99_999]);
  });

  it("hold the row that may have the focus, in the order of the list", () => {
    expect(rowsFor(4800, 96, 48, 100_000, 3, 0)).toEqual([3, 100, 101, 102]);
    expect(rowsFor(4800, 96, 48, 100_000, 500, 0)).toEqual([100, 101, 102, 500]);
    expect(rowsFor(4800, 96, 48, 100_000, 101, 0)).toEqual([100, 101, 102]);
    expect(rowsFor(0, 96, 48, 3, 7, 0)).toEqual([0, 1, 2]);
  });
});

describe("the selection", () => {
  beforeEach(() => selection.clear());

  it("takes a row in and out, and each only once", () => {
    selection.toggle(row("a"));
    selection.add([row("a"), row("b")]);
    expect(selection.rows.map(({ id }) => id)).toEqual(["a", "b"]);
    selection.toggle(row("a"));
    expect(selection.has("a")).toBe(false);
    expect(selection.count).toBe(1);
  });

  it("has a limit", () => {
    selection.add(Array.from({ length: selectionLimit + 5 }, (_, n) => row(`r${n}`)));
    expect(selection.count).toBe(selectionLimit);
  });

  it("ends when a record is opened or another place is gone to, and is one step back", () => {
    selection.add([row("a")]);
    nav.open(row("a"));
    expect(selection.count).toBe(0);
    nav.record = null;
    selection.add([row("a")]);
    nav.go("orgs");
    expect(selection.count).toBe(0);
    selection.add([row("a")]);
    expect(nav.back()).toBe(true);
    expect(selection.count).toBe(0);
  });
});
