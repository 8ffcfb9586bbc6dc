import { describe, expect, it } from "vitest";
import { byDay, examined, happenedIcon, healthMark, withTimes } from "$domain/happened";
import type { Diagnosis, LogLine } from "$domain/types";

const now = new Date("2025-11-20T14:12:00");
const line = (at: string, kind = "members"): LogLine => ({ at, kind, text: at });
const finding = (health: Diagnosis["health"]): Diagnosis => ({ check: "lan", health, text: "", hint: "" });

describe("what happened", () => {
  it("is told under the day it happened", () => {
    const days = byDay([line("2025-11-20T14:11:00"), line("2025-11-20T00:01:00"), line("2025-11-19T23:59:00"), line("nonsense")], now);
    expect(days.map(({ head, lines }) => [head, lines.length])).toEqual([
      ["Today", 2],
      ["Yesterday", 1],
      ["Without a date", 1],
    ]);
    expect(byDay([], now)).toEqual([]);
  });

  it("has an icon, also of a kind that is not known yet", () => {
    expect(happenedIcon("refused")).toBe("circle-alert");
    expect(happenedIcon("something new")).toBe("info");
  });
});

describe("an examination of the network", () => {
  it.each([
    ["Everything that was tried works.", ["ok", "ok"]],
    ["Everything that was tried works. 1 thing to know.", ["ok", "note"]],
    ["One thing does not work.", ["trouble", "ok"]],
    ["Two things do not work. 2 things to know.", ["trouble", "note", "note", "trouble"]],
  ] as const)("%s", (words, found) => expect(examined(found.map(finding))).toBe(words));

  it("marks every finding with a word", () => {
    expect((["ok", "note", "trouble"] as const).map((health) => healthMark(health).word)).toEqual(["works", "to know", "does not work"]);
  });

  it.each([
    ["It was connected last at 2025-11-18T18:40:00.123+02:00.", /^It was connected last Tue \d\d:40\.$/],
    ["At 2025-11-20T12:11Z and at 2025-11-20T12:11:00Z.", /^At today \d\d:11 and today \d\d:11\.$/],
    ["Tuttu listens on 192.168.1.20:4711.", /^Tuttu listens on 192\.168\.1\.20:4711\.$/],
    ["No time at 2025-99-99T99:99:99Z.", /^No time at 2025-99-99T99:99:99Z\.$/],
  ])("says times as people do: %s", (text, words) => expect(withTimes(text, now)).toMatch(words));
});
