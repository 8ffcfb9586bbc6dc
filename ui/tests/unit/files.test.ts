import { beforeEach, describe, expect, it, vi } from "vitest";
import { clock } from "$domain/clock.svelte";
import { fetchingOf, files } from "$domain/files.svelte";
import { session } from "$domain/session.svelte";

const here = { hash: "fa", name: "survey.zip", type: "", size: 84_200_000, missing: false };
const missing = { ...here, missing: true };
const comes = (done: number) => session.hear({ event: "file", hash: "fa", name: "survey.zip", space: "s_1", done, total: 84_200_000 });

beforeEach(() => {
  session.coming = {};
  session.settings = {};
  files.asked = new Set();
  clock.now = new Date();
});

describe("a file of a record", () => {
  it("is here with its size alone", () => {
    expect(files.stateOf(here, "s_1")).toBe("here");
    expect(files.words(here, "s_1")).toBe("84 MB");
  });

  it("says how it comes, by the setting of its space or the one of all", () => {
    expect(files.stateOf(missing, "s_1")).toBe("waits");
    session.settings = { "attachments.fetch": "ask" };
    expect(files.stateOf(missing, "s_1")).toBe("not-asked");
    session.settings = { "attachments.fetch": "ask", "attachments.fetch.s_1": "always" };
    expect(fetchingOf("s_1")).toBe("always");
    expect(fetchingOf("s_2")).toBe("ask");
    files.asked = new Set(["fa"]);
    expect(files.stateOf(missing, "s_2")).toBe("asked");
  });

  it("tells how far it is, and stops saying so when it is whole", () => {
    comes(31_000_000);
    expect(files.words(missing, "s_1")).toBe("coming, 31 MB of 84 MB");
    comes(84_200_000);
    expect(session.coming).toEqual({});
  });

  it("is not called coming when nothing came for a while", () => {
    vi.useFakeTimers({ now: clock.now });
    comes(31_000_000);
    clock.now = new Date(clock.now.getTime() + 120_000);
    expect(files.stateOf(missing, "s_1")).toBe("waits");
    expect(files.words(missing, "s_1")).toBe("31 MB of 84 MB here; the rest comes when somebody who has it is reachable");
    vi.useRealTimers();
  });
});
