/** What happened between this computer and others, by day; and what an examination of the network found, in words. */
import type { IconName } from "$shared/icons";
import { dayHead, momentInSentence } from "$shared/time";
import { capital, count, spelled } from "$shared/words";
import type { Diagnosis, LogLine } from "./types";

/** Lines of one day under its head. */
export interface Day {
  readonly head: string;
  readonly lines: readonly LogLine[];
}

/** Lines, newest first, under the days they belong to. */
export function byDay(lines: readonly LogLine[], now: Date): Day[] {
  const days: { head: string; lines: LogLine[] }[] = [];
  for (const line of lines) {
    const head = dayHead(line.at, now);
    const last = days[days.length - 1];
    if (last?.head === head) last.lines.push(line);
    else days.push({ head, lines: [line] });
  }
  return days;
}

/** The icon of a line's kind. */
export function happenedIcon(kind: string): IconName {
  const icons: Record<string, IconName> = {
    members: "users",
    received: "receiving",
    delivered: "check",
    connected: "direct",
    refused: "circle-alert",
    invitation: "link",
    bundle: "package",
    backup: "hard-drive",
  };
  return icons[kind] ?? "info";
}

/** How a finding is marked: a word and an icon, the colour comes with them. */
export function healthMark(health: Diagnosis["health"]): { word: string; icon: IconName; pill: string } {
  return {
    ok: { word: "works", icon: "check", pill: "ok" },
    note: { word: "to know", icon: "info", pill: "inf" },
    trouble: { word: "does not work", icon: "warning", pill: "dan" },
  }[health] as { word: string; icon: IconName; pill: string };
}

/** A finding tells times as machines write them; here they are as people say them. */
export function withTimes(text: string, now: Date): string {
  const stamped = /(?:\bat )?\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/g;
  return text.replace(stamped, (found) => momentInSentence(found.replace(/^at /, ""), now) || found);
}

/** "One thing does not work. Two more to know." */
export function examined(findings: readonly Diagnosis[]): string {
  const troubles = findings.filter(({ health }) => health === "trouble").length;
  const notes = findings.filter(({ health }) => health === "note").length;
  const works =
    troubles === 0 ? "Everything that was tried works." : `${spelled(troubles)} ${troubles === 1 ? "thing does" : "things do"} not work.`;
  return notes === 0 ? works : `${works} ${capital(count(notes, "thing"))} to know.`;
}
