/** How computers and people are reachable, in words. Every word comes from what the engine reports. */
import { moment } from "$shared/time";
import { count, joined } from "$shared/words";
import type { ComputerView, MemberView, OwnComputerView, SyncLine } from "./types";

export type State = "direct" | "lan" | "relay" | "away";

/** A state the engine reports; anything unknown counts as not reachable. */
export function stateOf(computer: ComputerView): State {
  return computer.state === "direct" || computer.state === "lan" || computer.state === "relay" ? computer.state : "away";
}

/** The best of a member's computers. */
export function bestState(member: MemberView): State {
  const states = member.computers.map(stateOf);
  return (["direct", "lan", "relay"] as const).find((state) => states.includes(state)) ?? "away";
}

/** The CSS class of a presence dot. */
export function dotOf(state: State): "direct" | "relay" | "away" {
  return state === "lan" ? "direct" : state;
}

/** "connected directly". */
export function stateWords(state: State): string {
  return { direct: "connected directly", lan: "on the same network", relay: "connected through a relay", away: "not reachable now" }[state];
}

/** How a computer is connected, after its name: "direct". Empty when it is away. */
export function pathWords(state: State): string {
  return { direct: "direct", lan: "same network", relay: "through a relay", away: "" }[state];
}

/** What a computer has: first what matters, then since when. `kind` says how it is coloured. */
export function holds(computer: ComputerView, now: Date): { kind: "all" | "some" | "none" | "trouble"; title: string; detail: string } {
  const seen = computer.lastSeen ? `last seen ${moment(computer.lastSeen, now)}` : "not connected yet";
  const away = stateOf(computer) === "away";
  if (computer.trouble) return { kind: "trouble", title: "stopped", detail: computer.trouble };
  if (computer.pending > 0)
    return { kind: "some", title: `${computer.pending.toLocaleString("en-GB")} to send`, detail: away ? seen : "sending" };
  if (!computer.lastAck) return { kind: "none", title: "nothing confirmed yet", detail: seen };
  return { kind: "all", title: "has everything", detail: `confirmed ${moment(computer.lastAck, now)}` };
}

/** What a member has, told by the best of their computers: one that confirmed everything is enough. */
export function memberHolds(member: MemberView): { kind: "all" | "some" | "none"; title: string } {
  const computers = member.computers.filter((computer) => !computer.this);
  if (computers.length === 0) return { kind: "none", title: "" };
  if (computers.some((computer) => computer.pending === 0 && computer.lastAck !== "")) return { kind: "all", title: "Has everything" };
  const fewest = Math.min(...computers.map((computer) => computer.pending));
  if (fewest > 0) return { kind: "some", title: `${count(fewest, "change")} to send` };
  return { kind: "none", title: "Nothing confirmed yet" };
}

/** How one of one's own computers stands, in one line: "same network, has everything, confirmed 14:12". */
export function ownStanding({ computer, revoked }: OwnComputerView, now: Date): string {
  if (revoked) return "unlinked";
  if (computer.this) return "in use";
  const has = holds(computer, now);
  if (has.kind === "trouble") return `${has.title}: ${has.detail}`;
  return [pathWords(stateOf(computer)), has.title, has.detail].filter(Boolean).join(", ");
}

/** What stands under the title of the popover: the line's own words, and when nobody is reachable, on whom it waits. */
export function syncSentence(line: SyncLine, waitingFor: readonly string[]): string {
  const said = line.detail && !/[.!?]$/.test(line.detail) ? `${line.detail}.` : line.detail;
  if (line.kind !== "offline" || waitingFor.length === 0) return said;
  return `${said} They will be shared when ${joined(waitingFor, 4, "or")} is reachable.`;
}

/** "Owner", "Editor", "Viewer", "Removed". */
export function roleName(role: string): string {
  return { owner: "Owner", editor: "Editor", viewer: "Viewer", none: "Removed" }[role] ?? role;
}

/** "an editor", for sentences. */
export function aRole(role: string): string {
  return role === "viewer" ? "a viewer" : role === "none" ? "no member" : `an ${role}`;
}

/** What a role can do. */
export function roleMeans(role: string): string {
  if (role === "viewer") return "You can see everything in this space, and change nothing.";
  if (role === "owner") return "You can see and change everything in this space, and say who is in it.";
  return "You can see and change everything in this space.";
}
