import { describe, expect, it } from "vitest";
import { draftOf, emptyDraft, keepDraft } from "$domain/drafts";
import { addressLine, fieldTitle, linkOf, looksUnfinished, rhythmWords, valuesOf } from "$domain/fields";
import { bestState, holds, memberHolds, syncSentence } from "$domain/presence";
import { verbIn } from "$domain/palette";
import { grouped, lastOwn } from "$domain/timeline";
import type { ComputerView, MemberView, TimelineItem } from "$domain/types";

const now = new Date(2025, 10, 20, 14, 12);
const computer = (part: Partial<ComputerView>): ComputerView => ({
  id: "c",
  name: "laptop",
  this: false,
  state: "away",
  lastSeen: "",
  lastAck: "",
  pending: 0,
  trouble: "",
  ...part,
});
const member = (...computers: ComputerView[]): MemberView => ({
  id: "k",
  name: "Jon",
  role: "editor",
  me: false,
  blocked: false,
  computers,
});

describe("who has what", () => {
  it("says everything only after a confirmation, with its time", () => {
    const acked = computer({ lastAck: new Date(2025, 10, 20, 14, 11).toISOString(), state: "direct" });
    expect(holds(acked, now)).toEqual({ kind: "all", title: "has everything", detail: "confirmed 14:11" });
    expect(holds(computer({}), now).kind).toBe("none");
    expect(holds(computer({ pending: 2 }), now)).toEqual({ kind: "some", title: "2 to send", detail: "not connected yet" });
    expect(holds(computer({ trouble: "It refused." }), now).detail).toBe("It refused.");
  });

  it("counts a person by the best of their computers", () => {
    const acked = computer({ lastAck: now.toISOString() });
    expect(memberHolds(member(computer({ pending: 31 }), acked)).kind).toBe("all");
    expect(memberHolds(member(computer({ pending: 31 }), computer({ pending: 2 }))).title).toBe("2 changes to send");
    expect(memberHolds(member(computer({}))).title).toBe("Nothing confirmed yet");
    expect(memberHolds(member()).title).toBe("");
  });

  it("says on whom it waits when nobody is reachable, and only then", () => {
    const offline = { kind: "offline", title: "Offline", detail: "3 changes saved here" };
    expect(syncSentence(offline, ["Maria", "Jon"])).toBe("3 changes saved here. They will be shared when Maria or Jon is reachable.");
    expect(syncSentence(offline, [])).toBe("3 changes saved here.");
    const all = { kind: "all", title: "Maria and Jon have all", detail: "Confirmed at 14:11" };
    expect(syncSentence(all, ["Maria"])).toBe("Confirmed at 14:11.");
    expect(syncSentence({ ...all, detail: "" }, [])).toBe("");
  });

  it("shows the nearest way", () => {
    expect(bestState(member(computer({ state: "relay" }), computer({ state: "lan" })))).toBe("lan");
    expect(bestState(member(computer({ state: "something new" })))).toBe("away");
  });
});

describe("fields", () => {
  it("have names", () => {
    expect(fieldTitle("phones/x", "mobile")).toBe("Mobile");
    expect(fieldTitle("phones/x")).toBe("Number");
    expect(fieldTitle("orgs/x/title")).toBe("Title");
    expect(fieldTitle("custom.x-dietary")).toBe("Dietary");
    expect(valuesOf("phones/x", "mobile")).toBe("mobile numbers");
    expect(valuesOf("birthday", "")).toBe("birthdays");
  });

  it("keep odd input and note it", () => {
    expect(looksUnfinished("emails", "priya@harbourline")).toBe(true);
    expect(looksUnfinished("emails", "priya@harbourline.example")).toBe(false);
    expect(looksUnfinished("phones", "ext")).toBe(true);
  });

  it("open only mail, phone and web links", () => {
    expect(linkOf("emails", "a b@x.example")).toBeNull();
    expect(linkOf("emails", "a+b@x.example")).toBe("mailto:a%2Bb@x.example");
    expect(linkOf("phones", "+44 (0) 7700-900142")).toBe("tel:+4407700900142");
    expect(linkOf("urls", "javascript:alert(1)")).toBeNull();
    expect(linkOf("urls", "file:///etc/passwd")).toBeNull();
    expect(linkOf("urls", "tuttu.example/x")).toBe("https://tuttu.example/x");
  });

  it("write an address in one line", () => {
    expect(
      addressLine({ item: "", label: "", street: "14 Quayside Row", city: "Glasgow", region: "", postcode: "G1 4QT", country: "GB" }),
    ).toBe("14 Quayside Row, G1 4QT Glasgow, GB");
  });
});

describe("a timeline", () => {
  const item = (kind: string, day: number, by = "Maria"): TimelineItem => ({
    kind,
    id: `${kind}${day}${by}`,
    space: "s",
    at: new Date(2025, 10, day, 9).toISOString(),
    by,
    mine: false,
    name: "",
    text: "",
    duration: "",
    private: false,
  });

  it("groups months and folds runs of changes by one person on one day", () => {
    const months = grouped(
      [item("call", 14), item("change", 4), item("change", 4), item("change", 4, "Jon"), item("change", 3, "Jon")],
      now,
    );
    expect(months.map(({ head }) => head)).toEqual(["November"]);
    expect(months[0]?.items.map(({ item, more }) => [item.by, more.length])).toEqual([
      ["Maria", 0],
      ["Maria", 1],
      ["Jon", 0],
      ["Jon", 0],
    ]);
  });
});

describe("drafts", () => {
  it("survive closing and end when empty", () => {
    keepDraft("p_1", { ...emptyDraft, kind: "call", text: "half a thought" });
    expect(draftOf("p_1").text).toBe("half a thought");
    keepDraft("p_1", { ...emptyDraft, text: "  " });
    expect(localStorage.length).toBe(0);
    localStorage.setItem("tuttu.draft.p_2", "{broken");
    expect(draftOf("p_2")).toEqual(emptyDraft);
  });
});

describe("the head of a record", () => {
  it("says a rhythm in words", () => {
    expect(rhythmWords("6w")).toBe("every 6 weeks");
    expect(rhythmWords("1m")).toBe("every month");
    expect(rhythmWords("")).toBe("");
    expect(rhythmWords("often")).toBe("often");
  });

  it("takes as last contact what this person did, and no note", () => {
    const item = (kind: string, mine: boolean): TimelineItem => ({
      kind,
      mine,
      id: `${kind} ${mine}`,
      space: "s",
      at: "",
      by: "",
      name: "",
      text: "",
      duration: "",
      private: false,
    });
    expect(lastOwn([item("call", false), item("note", true), item("change", true), item("email", true)])?.kind).toBe("email");
    expect(lastOwn([item("note", true)])).toBeUndefined();
  });
});

describe("the palette", () => {
  it("understands what to write down about whom", () => {
    expect(verbIn("log pri")).toEqual({ kinds: ["call", "meeting"], rest: "pri" });
    expect(verbIn("Call  Tomasz W")).toEqual({ kinds: ["call"], rest: "tomasz w" });
    expect(verbIn("log")).toBeNull();
    expect(verbIn("priya log")).toBeNull();
  });
});
