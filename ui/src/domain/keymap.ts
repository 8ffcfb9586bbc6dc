/** The keyboard map: what each key does, as data. Single keys act only outside text fields. */

export type Action =
  | "palette"
  | "search"
  | "keys"
  | "new"
  | "undo"
  | "redo"
  | "sync"
  | "back"
  | "next-pane"
  | "go-people"
  | "go-orgs"
  | "go-choices"
  | "go-settings"
  | `scope-${number}`
  | "down"
  | "up"
  | "first"
  | "last"
  | "delete"
  | "select"
  | "select-all"
  | "call"
  | "note"
  | "email"
  | "meeting"
  | "message"
  | "tag"
  | "history"
  | "next-field"
  | "previous-field"
  | "choice-1"
  | "choice-2"
  | "choice-3"
  | "later";

export interface Binding {
  readonly action: Action;
  /** One token, or two pressed after each other. `Mod` is Ctrl, on a Mac Cmd. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: "Everywhere" | "Go to" | "Lists" | "Person" | "Choice";
  /** Acts in text fields too. */
  readonly everywhere?: boolean;
  /** Left out of the list of keys. */
  readonly quiet?: boolean;
}

const scopes: Binding[] = Array.from({ length: 10 }, (_, n) => ({
  action: `scope-${n}` as const,
  keys: [`Alt+${n}`],
  label: n === 0 ? "All spaces" : n === 1 ? "First to ninth space (Alt 1 to 9)" : "",
  group: "Go to" as const,
  everywhere: true,
  quiet: n > 1,
}));

export const bindings: readonly Binding[] = [
  { action: "palette", keys: ["Mod+k"], label: "Find or do anything", group: "Everywhere", everywhere: true },
  { action: "search", keys: ["/"], label: "Search the list", group: "Everywhere" },
  { action: "new", keys: ["Shift+n"], label: "New person or organisation", group: "Everywhere" },
  { action: "undo", keys: ["Mod+z"], label: "Take back", group: "Everywhere" },
  { action: "redo", keys: ["Mod+y"], label: "Do again", group: "Everywhere" },
  { action: "redo", keys: ["Mod+Shift+z"], label: "Do again", group: "Everywhere", quiet: true },
  { action: "sync", keys: ["Shift+s"], label: "Who has what", group: "Everywhere" },
  { action: "next-pane", keys: ["F6"], label: "Next part of the window", group: "Everywhere", everywhere: true },
  { action: "back", keys: ["Escape"], label: "One step back", group: "Everywhere" },
  { action: "keys", keys: ["?"], label: "These keys", group: "Everywhere" },
  { action: "go-people", keys: ["g", "p"], label: "People", group: "Go to" },
  { action: "go-orgs", keys: ["g", "o"], label: "Organisations", group: "Go to" },
  { action: "go-choices", keys: ["g", "y"], label: "Needs your choice", group: "Go to" },
  { action: "go-settings", keys: ["Mod+,"], label: "Settings", group: "Go to", everywhere: true },
  ...scopes,
  { action: "down", keys: ["j"], label: "Next (also arrow down)", group: "Lists" },
  { action: "up", keys: ["k"], label: "Previous (also arrow up)", group: "Lists" },
  { action: "select", keys: ["x"], label: "Select (Shift and arrows for more)", group: "Lists" },
  { action: "select-all", keys: ["Mod+a"], label: "Select all", group: "Lists" },
  { action: "delete", keys: ["Delete"], label: "Delete", group: "Lists" },
  { action: "note", keys: ["n"], label: "Write a note", group: "Person" },
  { action: "call", keys: ["c"], label: "Log a call", group: "Person" },
  { action: "meeting", keys: ["m"], label: "Write down a meeting", group: "Person" },
  { action: "email", keys: ["e"], label: "Write down an email", group: "Person" },
  { action: "tag", keys: ["#"], label: "Add a tag", group: "Person" },
  { action: "history", keys: ["h"], label: "History", group: "Person" },
  { action: "next-field", keys: ["]"], label: "Next field", group: "Person" },
  { action: "previous-field", keys: ["["], label: "Previous field", group: "Person" },
  { action: "choice-1", keys: ["1"], label: "Use the first value", group: "Choice" },
  { action: "choice-2", keys: ["2"], label: "Use the second value", group: "Choice" },
  { action: "choice-3", keys: ["3"], label: "Keep both", group: "Choice" },
  { action: "later", keys: ["l"], label: "Decide later", group: "Choice" },
];

/** What of a keyboard event the map looks at. */
export interface Press {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The token of a key press, as the map writes it; `null` for a modifier alone. */
export function tokenOf(press: Press, mac: boolean): string | null {
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Unidentified"].includes(press.key)) return null;
  const mod = mac ? press.metaKey : press.ctrlKey;
  if (mac ? press.ctrlKey : press.metaKey) return null;
  const digit = press.altKey ? /^Digit(\d)$/.exec(press.code ?? "") : null;
  const letter = /^\p{L}$/u.test(press.key);
  const key = digit?.[1] ?? (letter ? press.key.toLowerCase() : press.key);
  const shift = press.shiftKey && (letter || press.key.length > 1);
  // AltGr types a sign on many layouts: it arrives as Ctrl and Alt together.
  if (mod && press.altKey) return key.length === 1 && !letter ? key : null;
  return [mod ? "Mod" : "", press.altKey ? "Alt" : "", shift ? "Shift" : "", key].filter(Boolean).join("+");
}

/** What a press leads to: an action, the start of a sequence, or nothing. */
export type Step = { action: Action } | { pending: string } | null;

/** Looks a token up, after a pending first one if there is one. */
export function step(pending: string | null, token: string, typing: boolean): Step {
  const open = bindings.filter((binding) => binding.everywhere || !typing);
  if (pending) {
    const second = open.find(({ keys }) => keys.length === 2 && keys[0] === pending && keys[1] === token);
    if (second) return { action: second.action };
  }
  const single = open.find(({ keys }) => keys.length === 1 && keys[0] === token);
  if (single) return { action: single.action };
  return open.some(({ keys }) => keys.length === 2 && keys[0] === token) ? { pending: token } : null;
}

/** A token as key caps: "Mod+Shift+z" is Ctrl, Shift, Z. */
export function caps(token: string, mac: boolean): string[] {
  const names: Record<string, string> = { Mod: mac ? "⌘" : "Ctrl", Alt: mac ? "⌥" : "Alt", Escape: "Esc", Delete: "Del" };
  return token.split(/\+(?=.)/).map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
