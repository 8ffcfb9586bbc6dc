import { describe, expect, it } from "vitest";
import { bindings, caps, step, tokenOf, type Press } from "$domain/keymap";

const press = (key: string, mods: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...mods,
});

describe("the keyboard map", () => {
  it("has no key twice in one place", () => {
    const keys = bindings.map(({ keys }) => keys.join(" "));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("reads presses", () => {
    expect(tokenOf(press("k", { ctrlKey: true }), false)).toBe("Mod+k");
    expect(tokenOf(press("k", { metaKey: true }), true)).toBe("Mod+k");
    expect(tokenOf(press("k", { ctrlKey: true }), true)).toBeNull();
    expect(tokenOf(press("N", { shiftKey: true }), false)).toBe("Shift+n");
    expect(tokenOf(press("?", { shiftKey: true }), false)).toBe("?");
    expect(tokenOf(press("Z", { ctrlKey: true, shiftKey: true }), false)).toBe("Mod+Shift+z");
    expect(tokenOf(press("¡", { altKey: true, code: "Digit1" }), false)).toBe("Alt+1");
    expect(tokenOf(press("Shift", { shiftKey: true }), false)).toBeNull();
    expect(tokenOf(press("[", { ctrlKey: true, altKey: true }), false)).toBe("[");
  });

  it("finds actions and sequences", () => {
    expect(step(null, "Mod+k", true)).toEqual({ action: "palette" });
    expect(step(null, "g", false)).toEqual({ pending: "g" });
    expect(step("g", "p", false)).toEqual({ action: "go-people" });
    expect(step("g", "n", false)).toEqual({ action: "note" });
    expect(step(null, "w", false)).toBeNull();
  });

  it("leaves single keys to text fields", () => {
    expect(step(null, "n", true)).toBeNull();
    expect(step(null, "Mod+z", true)).toBeNull();
    expect(step(null, "Escape", true)).toBeNull();
    expect(step(null, "Alt+1", true)).toEqual({ action: "scope-1" });
  });

  it("writes key caps", () => {
    expect(caps("Mod+Shift+z", false)).toEqual(["Ctrl", "Shift", "Z"]);
    expect(caps("Mod+k", true)).toEqual(["⌘", "K"]);
    expect(caps("?", false)).toEqual(["?"]);
  });
});
