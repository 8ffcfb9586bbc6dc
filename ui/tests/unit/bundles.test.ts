import { describe, expect, it } from "vitest";
import { bundleName, isBundle, readWords, writtenWords } from "$domain/bundles";

const report = { path: "", space: "Harbour", from: "Maria Quispe", computers: 5, changes: 3, files: 0, bytes: "" };

describe("a bundle", () => {
  it.each([
    ["Harbour Commons", "Harbour Commons.tuttubundle"],
    ["Köprü / 2025: a*b?", "Köprü 2025 a b.tuttubundle"],
    ["..", "Space.tuttubundle"],
    ["", "Space.tuttubundle"],
  ])("of “%s” is called %s", (space, name) => {
    expect(bundleName(space)).toBe(name);
    expect(isBundle(`/media/stick/${name.toUpperCase()}`)).toBe(true);
  });

  it("is told from other files by its name", () => {
    expect(isBundle("/home/ilona/contacts.vcf")).toBe(false);
    expect(isBundle("/home/ilona/tuttubundle")).toBe(false);
  });

  it("says what came out of it", () => {
    expect(readWords(report)).toEqual({ title: "Took in 3 new changes of Harbour", text: "It was written by Maria Quispe." });
    expect(readWords({ ...report, changes: 0, files: 1, from: "" })).toEqual({
      title: "Took in 1 new file of Harbour",
      text: "It was written by somebody who is not a member any more.",
    });
    expect(readWords({ ...report, changes: 0 }).title).toBe("Nothing new for Harbour");
  });

  it("says what was written and for how many", () => {
    expect(writtenWords({ ...report, computers: 1 })).toBe("3 changes of Harbour, for 1 computer.");
  });
});
