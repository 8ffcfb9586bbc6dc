import { describe, expect, it } from "vitest";
import { ownStanding } from "$domain/presence";
import { isComputerLink } from "$domain/requests";
import type { OwnComputerView } from "$domain/types";
import { ownComputers } from "../mock/data";

const now = new Date("2025-11-20T14:12:00");
const own = (part: Partial<OwnComputerView["computer"]>, rest: Partial<OwnComputerView> = {}): OwnComputerView => {
  const first = ownComputers()[1];
  if (!first) throw new Error("There are own computers.");
  return { ...first, ...rest, computer: { ...first.computer, lastSeen: "", lastAck: "", ...part } };
};

describe("an own computer", () => {
  it.each([
    ["in use", own({ this: true })],
    ["same network, has everything, confirmed 14:10", own({ lastAck: "2025-11-20T14:10:00" })],
    ["through a relay, 3 to send, sending", own({ state: "relay", pending: 3, lastAck: "2025-11-20T14:10:00" })],
    ["12 to send, last seen Tue 18:40", own({ state: "away", pending: 12, lastSeen: "2025-11-18T18:40:00" })],
    ["nothing confirmed yet, not connected yet", own({ state: "away" })],
    ["stopped: It needs a newer Tuttu.", own({ trouble: "It needs a newer Tuttu." })],
    ["unlinked", own({ pending: 5 }, { revoked: true })],
  ])("stands as: %s", (words, computer) => expect(ownStanding(computer, now)).toBe(words));

  it("never claims everything before it was confirmed", () => {
    expect(ownStanding(own({ state: "direct" }), now)).not.toContain("everything");
  });
});

describe("a link", () => {
  it.each([
    ["tuttu://computer/ABC", true],
    ["tuttu:computer/ABC", true],
    [" TUTTU://COMPUTER/A BC", true],
    ["tuttu://join/computer/ABC", false],
    ["tuttu://join/ABC", false],
    ["https://computer/ABC", false],
    ["", false],
  ])("%s is for an own computer: %s", (link, is) => expect(isComputerLink(link)).toBe(is));
});
