/** The people one shares spaces with: how each stands, in words, and which card is theirs. */
import { moment } from "$shared/time";
import { dotOf, stateOf, stateWords, type State } from "./presence";
import type { ColleagueView, RecordRef } from "./types";

/** How a colleague can be reached, by the best of their computers, and in words. */
export function reach(one: Pick<ColleagueView, "computers" | "blocked">, now: Date): { dot: ReturnType<typeof dotOf>; words: string } {
  if (one.blocked) return { dot: "away", words: `blocked since ${moment(one.blocked, now)}` };
  const states = one.computers.map(stateOf);
  const best: State = (["direct", "lan", "relay"] as const).find((state) => states.includes(state)) ?? "away";
  if (best !== "away") return { dot: dotOf(best), words: stateWords(best) };
  const seen = one.computers.map(({ lastSeen }) => lastSeen).reduce((last, at) => (at > last ? at : last), "");
  return { dot: "away", words: seen ? `last seen ${moment(seen, now)}` : "not connected yet" };
}

/** Whether words were compared, and when. */
export function comparedWords(one: Pick<ColleagueView, "verified">, now: Date): string {
  return one.verified ? `Words compared ${moment(one.verified, now)}` : "Words not compared yet";
}

/** The colleagues whose card a record is. */
export function usersOf(colleagues: readonly ColleagueView[], record: RecordRef): ColleagueView[] {
  return colleagues.filter(({ card, cardSpace }) => card !== "" && card === record.id && (!record.space || cardSpace === record.space));
}

/** The colleagues of whom no card is known, those first whose name the card has. */
export function withoutCard(colleagues: readonly ColleagueView[], name = ""): ColleagueView[] {
  const fits = (one: ColleagueView) => sameName(one.name, name);
  const open = colleagues.filter(({ card }) => card === "");
  return [...open.filter(fits), ...open.filter((one) => !fits(one))];
}

/** Whether two names are the same but for upper case and blanks around them. */
export function sameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
