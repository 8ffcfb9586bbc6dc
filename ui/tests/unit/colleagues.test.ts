import { describe, expect, it } from "vitest";
import { comparedWords, reach, sameName, usersOf, withoutCard } from "$domain/colleagues";
import type { ColleagueView, ComputerView } from "$domain/types";

const now = new Date("2025-11-20T14:12:00");
const computer = (state: string, lastSeen = ""): ComputerView => ({
  id: state,
  name: "laptop",
  this: false,
  state,
  lastSeen,
  lastAck: "",
  pending: 0,
  trouble: "",
});
const colleague = (part: Partial<ColleagueView>): ColleagueView => ({
  id: "k_1",
  name: "Maria Quispe",
  card: "",
  cardSpace: "",
  cardName: "",
  words: [],
  verified: "",
  blocked: "",
  spaces: [],
  computers: [],
  ...part,
});

describe("a colleague", () => {
  it.each([
    ["direct", "connected directly", colleague({ computers: [computer("relay"), computer("direct")] })],
    ["direct", "on the same network", colleague({ computers: [computer("lan")] })],
    ["relay", "connected through a relay", colleague({ computers: [computer("relay")] })],
    [
      "away",
      "last seen Tue 18:40",
      colleague({ computers: [computer("away", "2025-11-10T09:00:00"), computer("away", "2025-11-18T18:40:00")] }),
    ],
    ["away", "not connected yet", colleague({ computers: [computer("away")] })],
    ["away", "not connected yet", colleague({})],
    ["away", "blocked since yesterday 10:00", colleague({ blocked: "2025-11-19T10:00:00", computers: [computer("direct")] })],
  ])("is %s: %s", (dot, words, one) => expect(reach(one, now)).toEqual({ dot, words }));

  it("counts as compared only with the day it was done", () => {
    expect(comparedWords(colleague({}), now)).toBe("Words not compared yet");
    expect(comparedWords(colleague({ verified: "2025-03-14T10:00:00" }), now)).toBe("Words compared 14 Mar");
  });
});

describe("the card of a colleague", () => {
  const maria = colleague({ card: "p_1", cardSpace: "s_1" });
  const jon = colleague({ id: "k_2", name: "Jon Etxeberria" });
  const cam = colleague({ id: "k_3", name: "Camille Desrosiers" });

  it("is one record in one space", () => {
    expect(usersOf([maria, jon], { space: "s_1", id: "p_1" })).toEqual([maria]);
    expect(usersOf([maria, jon], { space: null, id: "p_1" })).toEqual([maria]);
    expect(usersOf([maria, jon], { space: "s_2", id: "p_1" })).toEqual([]);
    expect(usersOf([maria, jon], { space: "s_1", id: "" })).toEqual([]);
  });

  it("is guessed by the name, never by part of it", () => {
    expect(sameName(" jon Etxeberria", "Jon etxeberria ")).toBe(true);
    expect(sameName("Jon", "Jon Etxeberria")).toBe(false);
  });

  it("may still be named for those without one, of the same name first", () => {
    expect(withoutCard([maria, cam, jon]).map(({ id }) => id)).toEqual(["k_3", "k_2"]);
    expect(withoutCard([maria, cam, jon], " jon etxeberria ").map(({ id }) => id)).toEqual(["k_2", "k_3"]);
  });
});
