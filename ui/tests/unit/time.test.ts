import { describe, expect, it } from "vitest";
import { dateFrom, dateWords, day, dayHead, dayInMonth, dayInSentence, evidence, moment, momentInSentence, monthHead } from "$shared/time";

const now = new Date(2025, 10, 20, 14, 12);
const at = (year: number, month: number, day: number, hour = 12, minute = 0) => new Date(year, month - 1, day, hour, minute).toISOString();

describe("times", () => {
  it("are relative within a day, then weekdays, then dates", () => {
    expect(moment(at(2025, 11, 20, 14, 11), now)).toBe("14:11");
    expect(moment(at(2025, 11, 19, 18, 40), now)).toBe("yesterday 18:40");
    expect(moment(at(2025, 11, 21, 13, 40), now)).toBe("tomorrow 13:40");
    expect(moment(at(2025, 11, 18, 18, 40), now)).toBe("Tue 18:40");
    expect(moment(at(2025, 3, 12), now)).toBe("12 Mar");
    expect(moment(at(2024, 3, 12), now)).toBe("12 Mar 2024");
  });

  it("are days where the time does not matter", () => {
    expect(day(at(2025, 11, 20), now)).toBe("today");
    expect(day(at(2025, 11, 19), now)).toBe("yesterday");
    expect(day(at(2025, 11, 18), now)).toBe("Tue");
    expect(day(at(2025, 10, 17), now)).toBe("17 Oct");
    expect(day("", now)).toBe("");
  });

  it("say today in sentences", () => {
    expect(momentInSentence(at(2025, 11, 20, 16, 0), now)).toBe("today 16:00");
    expect(momentInSentence(at(2025, 11, 21, 16, 0), now)).toBe("tomorrow 16:00");
  });

  it("are empty for nothing and for nonsense", () => {
    expect(moment("", now)).toBe("");
    expect(moment("soon", now)).toBe("");
    expect(evidence("", now)).toBe("");
  });

  it("head timelines and histories", () => {
    expect(monthHead(at(2025, 11, 14), now)).toBe("November");
    expect(monthHead(at(2024, 11, 14), now)).toBe("November 2024");
    expect(dayInMonth(at(2025, 11, 14), now)).toBe("Fri 14");
    expect(dayHead(at(2025, 11, 20), now)).toBe("Today");
    expect(dayHead(at(2025, 11, 18), now)).toBe("Tuesday 18 November");
    expect(dayInSentence(at(2025, 11, 18), now)).toBe("on Tuesday");
    expect(evidence(at(2025, 11, 18, 9, 12), now)).toBe("Tue 18 Nov, 09:12");
  });
});

describe("dates of a record", () => {
  it.each([
    ["1986-12-03", "3 December 1986"],
    ["19861203", "3 December 1986"],
    ["--12-03", "3 December"],
    ["2021-05", "May 2021"],
    ["1986", "1986"],
    ["2021-02-31", "2021-02-31"],
    ["around Easter", "around Easter"],
  ])("%s is shown as %s", (stored, shown) => expect(dateWords(stored)).toBe(shown));

  it.each([
    ["1986-12-03", "1986-12-03"],
    ["3 December 1986", "1986-12-03"],
    ["3. Dec 1986", "1986-12-03"],
    ["December 3, 1986", "1986-12-03"],
    ["3.12.1986", "1986-12-03"],
    ["3/12/1986", "1986-12-03"],
    ["3 Dec", "--12-03"],
    ["3.12.", "--12-03"],
    ["31.2.1986", "31.2.1986"],
    ["in spring", "in spring"],
    ["", ""],
  ])("%s is kept as %s", (typed, stored) => expect(dateFrom(typed)).toBe(stored));
});
