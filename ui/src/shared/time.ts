/** Times as people say them. Every function takes `now`, so that the same input gives the same text. */

const part = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", options);
const clockFormat = part({ hour: "2-digit", minute: "2-digit" });
const weekdayFormat = part({ weekday: "short" });
const weekdayLongFormat = part({ weekday: "long" });
const dayMonthFormat = part({ day: "numeric", month: "short" });
const dayMonthLongFormat = part({ day: "numeric", month: "long" });
const fullFormat = part({ day: "numeric", month: "short", year: "numeric" });
const monthFormat = part({ month: "long" });
const monthYearFormat = part({ month: "long", year: "numeric" });

/** A time from RFC 3339; `null` for nothing or nonsense. */
export function parsed(rfc3339: string): Date | null {
  if (rfc3339 === "") return null;
  const date = new Date(rfc3339);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** How many midnights lie between two times: 0 today, 1 yesterday, -1 tomorrow. */
export function daysBetween(then: Date, now: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}

/** "14:11". */
export function clock(date: Date): string {
  return clockFormat.format(date);
}

/** "14:11", "yesterday 18:40", "tomorrow 13:40", "Tue 18:40", "4 Nov", "4 Nov 2024". */
export function moment(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  const days = daysBetween(then, now);
  if (days === 0) return clock(then);
  if (days === 1) return `yesterday ${clock(then)}`;
  if (days === -1) return `tomorrow ${clock(then)}`;
  if (Math.abs(days) < 7) return `${weekdayFormat.format(then)} ${clock(then)}`;
  return then.getFullYear() === now.getFullYear() ? dayMonthFormat.format(then) : fullFormat.format(then);
}

/** A day without a time: "today", "yesterday", "Tue", "17 Oct", "17 Oct 2024". */
export function day(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  const days = daysBetween(then, now);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  if (days > 1 && days < 7) return weekdayFormat.format(then);
  return then.getFullYear() === now.getFullYear() ? dayMonthFormat.format(then) : fullFormat.format(then);
}

/** Like `moment`, with "today" before a time of today: for sentences ("until today 16:00"). */
export function momentInSentence(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  return daysBetween(then, now) === 0 ? `today ${clock(then)}` : moment(rfc3339, now);
}

/** Under a month's head: "14:11" today, else "Fri 14". */
export function dayInMonth(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  return daysBetween(then, now) === 0 ? clock(then) : `${weekdayFormat.format(then)} ${then.getDate()}`;
}

/** "Tue 18 Nov, 09:12": a time as evidence. */
export function evidence(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  const days = daysBetween(then, now);
  if (days === 0) return `today ${clock(then)}`;
  const year = then.getFullYear() === now.getFullYear() ? "" : ` ${then.getFullYear()}`;
  return `${weekdayFormat.format(then)} ${dayMonthFormat.format(then)}${year}, ${clock(then)}`;
}

/** A month as head of a timeline: "November", with the year when it is not this one. */
export function monthHead(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "Without a date";
  return then.getFullYear() === now.getFullYear() ? monthFormat.format(then) : monthYearFormat.format(then);
}

/** A day as head of a history: "Today", "Yesterday", "Tuesday 18 November". */
export function dayHead(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "Without a date";
  const days = daysBetween(then, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const year = then.getFullYear() === now.getFullYear() ? "" : ` ${then.getFullYear()}`;
  return `${weekdayLongFormat.format(then)} ${dayMonthLongFormat.format(then)}${year}`;
}

/** A day for sentences, without a time: "today", "yesterday", "on Tuesday", "on 4 November". */
export function dayInSentence(rfc3339: string, now: Date): string {
  const then = parsed(rfc3339);
  if (!then) return "";
  const days = daysBetween(then, now);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  if (days > 0 && days < 7) return `on ${weekdayLongFormat.format(then)}`;
  return `on ${dayMonthLongFormat.format(then)}`;
}

/** A stored date or part of one: "3 December 1986", "3 December", "May 2021", "1986"; anything else as it is. */
export function dateWords(stored: string): string {
  const full = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(stored);
  if (full) {
    const date = calendarDate(Number(full[1]), Number(full[2]), Number(full[3]));
    return date ? `${dayMonthLongFormat.format(date)} ${Number(full[1])}` : stored;
  }
  const yearless = /^--(\d{2})-?(\d{2})$/.exec(stored);
  if (yearless) {
    const date = calendarDate(2000, Number(yearless[1]), Number(yearless[2]));
    return date ? dayMonthLongFormat.format(date) : stored;
  }
  const month = /^(\d{4})-(\d{2})$/.exec(stored);
  if (month) {
    const date = calendarDate(Number(month[1]), Number(month[2]), 1);
    return date ? monthYearFormat.format(date) : stored;
  }
  return stored;
}

function calendarDate(year: number, month: number, day: number): Date | null {
  const date = new Date(year, month - 1, day, 12);
  return date.getMonth() === month - 1 && date.getDate() === day ? date : null;
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const two = (n: number) => String(n).padStart(2, "0");

/**
 * The stored form of a typed date: ISO forms, "3 December 1986", "3 Dec", "December 3, 1986", "3.12.1986", "3/12/1986" (day first).
 * What is not understood is kept as typed.
 */
export function dateFrom(typed: string): string {
  const text = typed.trim();
  if (text === "" || /^(\d{4}|\d{4}-\d{2}|\d{4}-\d{2}-\d{2}|--\d{2}-\d{2})$/.test(text)) return text;
  const numeric = /^(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4})?)?$/.exec(text);
  if (numeric) return storedDate(numeric[3], Number(numeric[2]), Number(numeric[1])) ?? text;
  const dayFirst = /^(\d{1,2})\.?\s+(\p{L}{3,})\.?,?(?:\s+(\d{4}))?$/u.exec(text);
  if (dayFirst) return storedDate(dayFirst[3], monthNumber(dayFirst[2] ?? ""), Number(dayFirst[1])) ?? text;
  const monthFirst = /^(\p{L}{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?(?:\s+(\d{4}))?$/u.exec(text);
  if (monthFirst) return storedDate(monthFirst[3], monthNumber(monthFirst[1] ?? ""), Number(monthFirst[2])) ?? text;
  return text;
}

function monthNumber(name: string): number {
  return monthNames.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

function storedDate(year: string | undefined, month: number, day: number): string | null {
  if (!calendarDate(year ? Number(year) : 2000, month, day)) return null;
  return year ? `${year}-${two(month)}-${two(day)}` : `--${two(month)}-${two(day)}`;
}

/** A time for `<input type="datetime-local">`, in local time. */
export function localInput(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
