import { describe, expect, it } from "vitest";
import { count, durationWords, firstName, highlighted, hueOf, initials, joined, minutesFrom, sizeWords, spelled } from "$shared/words";
import { qrPath } from "$shared/qr";

describe("words", () => {
  it("count and join", () => {
    expect(count(1, "change")).toBe("1 change");
    expect(count(1200, "change")).toBe("1,200 changes");
    expect(count(2, "person", "people")).toBe("2 people");
    expect(joined([])).toBe("");
    expect(joined(["Maria"])).toBe("Maria");
    expect(joined(["Maria", "Jon"])).toBe("Maria and Jon");
    expect(joined(["A", "B", "C", "D", "E", "F"])).toBe("A, B, C and 3 more");
    expect(spelled(2)).toBe("Two");
    expect(spelled(12)).toBe("12");
  });

  it("find the name people call somebody by", () => {
    expect(firstName("Priya Raghunathan")).toBe("Priya");
    expect(firstName("Dr. Ada Lovelace")).toBe("Ada");
    expect(firstName("")).toBe("");
  });

  it("make initials in any script", () => {
    expect(initials("Priya Raghunathan")).toBe("PR");
    expect(initials("Ελένη Μαυρίδη")).toBe("ΕΜ");
    expect(initials("Köprü")).toBe("K");
    expect(initials("“Jo” (work)")).toBe("JW");
    expect(initials("  ")).toBe("?");
  });

  it("give a record the same hue every time", () => {
    expect(hueOf("p_1")).toBe(hueOf("p_1"));
    expect(new Set(Array.from({ length: 64 }, (_, n) => hueOf(`p_${n}`))).size).toBe(8);
  });

  it.each([
    ["18", 18],
    ["18 min", 18],
    ["1 h", 60],
    ["1:30", 90],
    ["1.5h", 90],
    ["1,5 h", 90],
    ["2 h 15", 135],
    ["", 0],
    ["long", null],
    ["99999", null],
  ])("%s is %s minutes", (typed, minutes) => expect(minutesFrom(typed)).toBe(minutes));

  it("say how long", () => {
    expect(durationWords("18")).toBe("18 min");
    expect(durationWords("120")).toBe("2 h");
    expect(durationWords("135")).toBe("2 h 15 min");
    expect(durationWords("")).toBe("");
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 KB"],
    [214_016, "214 KB"],
    [999_600, "1 MB"],
    [4_200_000, "4.2 MB"],
    [84_200_000, "84 MB"],
    [1_000_000_000, "1 GB"],
  ])("%d bytes are %s", (bytes, words) => expect(sizeWords(bytes)).toBe(words));

  it("mark what matched, ignoring case and accents", () => {
    expect(highlighted("Guðrún Þorsteinsdóttir", "gudr")).toEqual([{ text: "Guðrún Þorsteinsdóttir", hit: false }]);
    expect(highlighted("Élodie Prieto", "elo pri")).toEqual([
      { text: "Élo", hit: true },
      { text: "die ", hit: false },
      { text: "Pri", hit: true },
      { text: "eto", hit: false },
    ]);
    expect(highlighted("Anna Hanna", "an")).toEqual([
      { text: "An", hit: true },
      { text: "na Hanna", hit: false },
    ]);
    expect(highlighted("Blog", "log")).toEqual([
      { text: "B", hit: false },
      { text: "log", hit: true },
    ]);
    expect(highlighted("Lars", "a")).toEqual([{ text: "Lars", hit: false }]);
    expect(highlighted("Ada", "")).toEqual([{ text: "Ada", hit: false }]);
  });
});

describe("a QR code", () => {
  it("is one path of runs", () => {
    expect(qrPath(["1101", "0010"])).toBe("M0 0h2v1h-2zM3 0h1v1h-1zM2 1h1v1h-1z");
    expect(qrPath([])).toBe("");
  });
});
