/** Words and small texts. Plain functions: same input, same text. */

/** "1 change", "2 changes". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
}

/** "Maria", "Maria and Jon", "Maria, Jon and Ada", "Maria, Jon and 3 more". */
export function joined(names: readonly string[], atMost = 4, last: "and" | "or" = "and"): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length > atMost) {
    const shown = names.slice(0, atMost - 1);
    return `${shown.join(", ")} ${last} ${names.length - shown.length} more`;
  }
  return `${names.slice(0, -1).join(", ")} ${last} ${names[names.length - 1]}`;
}

/** The name people call somebody by: the first word, unless that is a title or an initial. */
export function firstName(name: string): string {
  const words = name.trim().split(/\s+/u);
  const first = words.find((word) => !/\.$/u.test(word)) ?? words[0];
  return first || name;
}

const small = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** "Two", "Three", ... up to ten, then digits. */
export function spelled(n: number): string {
  const word = small[n];
  return word ? capital(word) : String(n);
}

/** First letter as a capital, the rest as it is. */
export function capital(text: string): string {
  const first = [...text][0] ?? "";
  return first.toLocaleUpperCase("en-GB") + text.slice(first.length);
}

/** Made once: making one costs more than a whole row. */
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Up to two letters for an avatar: first and last word, in any script. */
export function initials(name: string): string {
  const words = name
    .replace(/["'“”‘’(),.]/gu, " ")
    .trim()
    .split(/\s+/u)
    .filter(Boolean);
  if (words.length === 0) return "?";
  const letter = (word: string) => {
    for (const { segment } of graphemes.segment(word)) return segment.toLocaleUpperCase("en-GB");
    return "";
  };
  const first = words[0] ?? "";
  const last = words[words.length - 1] ?? "";
  return words.length === 1 ? letter(first) : letter(first) + letter(last);
}

const hues = ["spruce", "lake", "bilberry", "heather", "lingon", "cloud", "moss", "slate"] as const;
export type Hue = (typeof hues)[number];

/** The identity hue of a record: hashed from its id, never chosen to mean something. */
export function hueOf(id: string): Hue {
  let hash = 2166136261;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 16777619);
  hash ^= hash >>> 15;
  return hues[(hash >>> 0) % hues.length] ?? "slate";
}

/** The pair of custom properties that gives an element its hue. */
export function hueStyle(hue: Hue): string {
  return `--hb:var(--h-${hue});--hf:var(--h-${hue}-text)`;
}

/** "18 min", "1 h", "2 h 30 min" from minutes as text; empty for anything else. */
export function durationWords(minutes: string): string {
  const total = Number.parseInt(minutes, 10);
  if (!Number.isFinite(total) || total <= 0) return "";
  const hours = Math.floor(total / 60);
  const rest = total % 60;
  return [hours ? `${hours} h` : "", rest ? `${rest} min` : ""].filter(Boolean).join(" ");
}

/** Minutes from what people type: "18", "18 min", "1 h", "1:30", "1.5 h". `null` when it is none of these. */
export function minutesFrom(typed: string): number | null {
  const text = typed.trim().toLowerCase().replace(",", ".");
  if (text === "") return 0;
  const clock = /^(\d{1,2}):([0-5]\d)$/.exec(text);
  if (clock) return Number(clock[1]) * 60 + Number(clock[2]);
  const spoken = /^(?:(\d+(?:\.\d+)?)\s*h(?:ours?)?)?\s*(?:(\d+)\s*(?:m|min|minutes?)?)?$/.exec(text);
  if (!spoken || (spoken[1] === undefined && spoken[2] === undefined)) return null;
  const total = Math.round(Number(spoken[1] ?? 0) * 60) + Number(spoken[2] ?? 0);
  return total <= 60 * 24 * 7 ? total : null;
}

/** A size as people read it: "214 KB", "4.2 MB". */
export function sizeWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const shown = value < 9.95 && unit > 0 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
  return `${shown} ${units[unit]}`;
}

/** A part of a text and whether it matched what was typed. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** Cuts a text where the typed words begin a word in it, or, when they begin none and are no single letters, wherever they are in it. */
export function highlighted(text: string, typed: string): Piece[] {
  const words = folded(typed).split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [{ text, hit: false }];
  const plain = folded(text);
  if (plain.length !== text.length) return [{ text, hit: false }];
  if (!words.some((word) => plain.includes(word))) return [{ text, hit: false }];
  const hits = new Array<boolean>(text.length).fill(false);
  for (const word of words) {
    const found: number[] = [];
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + 1)) found.push(at);
    const begun = found.filter((at) => at === 0 || !/[\p{L}\p{N}]/u.test(plain[at - 1] ?? ""));
    for (const at of begun.length > 0 ? begun : word.length > 2 ? found : []) hits.fill(true, at, at + word.length);
  }
  const pieces: Piece[] = [];
  for (let index = 0; index < text.length; index++) {
    const hit = hits[index] ?? false;
    const last = pieces[pieces.length - 1];
    if (last && last.hit === hit) last.text += text[index];
    else pieces.push({ text: text[index] ?? "", hit });
  }
  return pieces;
}

/** Lower case without accents; length is kept where each letter has one code unit. */
function folded(text: string): string {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase();
  return [...text].map((letter) => letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase() || letter).join("");
}
