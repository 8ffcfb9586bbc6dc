import { describe, expect, it } from "vitest";
import { trayTitle, trayWords, whoWrote } from "$domain/tray";
import type { TrayView } from "$domain/types";

const now = new Date("2025-11-20T14:12:00");
const change = (part: Partial<TrayView>): TrayView => ({
  change: "a",
  id: "p_1",
  name: "",
  by: "",
  computer: "",
  at: "",
  fields: [],
  ...part,
});

describe("a change that does not count", () => {
  it("is counted in words", () => {
    expect(trayTitle(1)).toBe("1 change that does not count any more");
    expect(trayTitle(1200)).toBe("1,200 changes that do not count any more");
  });

  it("says who wrote it, where and when, as far as that is known", () => {
    expect(whoWrote(change({ by: "Lena", computer: "her laptop", at: "2025-11-18T09:12:00" }), now)).toBe(
      "Lena, on her laptop, Tue 18 Nov, 09:12",
    );
    expect(whoWrote(change({}), now)).toBe("Somebody");
  });

  it("says what is there and what was written", () => {
    expect(trayWords({ field: "birthday", now: "", written: "--02-11" })).toEqual({
      title: "Birthday",
      now: "nothing",
      written: "11 February",
    });
    expect(trayWords({ field: "phones/ph1", now: "+44 1", written: "" })).toEqual({ title: "Number", now: "+44 1", written: "nothing" });
    expect(trayWords({ field: "deleted", now: "", written: "true" })).toEqual({
      title: "Deletion",
      now: "not in the trash",
      written: "in the trash",
    });
  });
});
