/** What the palette can do, apart from opening records. */
import type { IconName } from "$shared/icons";
import { syncNow, undo } from "./actions";
import { pickBundle } from "./bundles";
import { importFile } from "./importing.svelte";
import { perform } from "./keys.svelte";
import { nav } from "./nav.svelte";
import { session } from "./session.svelte";
import { setSetting } from "./actions";

export interface PaletteCommand {
  readonly id: string;
  readonly label: string;
  readonly icon: IconName;
  readonly hint?: string;
  readonly run: () => void;
}

/** What was typed when it begins with something to write down about somebody: "log pri", "call tomasz". */
export function verbIn(typed: string): { kinds: readonly string[]; rest: string } | null {
  const [first = "", ...others] = typed.trim().toLowerCase().split(/\s+/);
  const rest = others.join(" ");
  if (rest === "") return null;
  const verbs: Record<string, readonly string[]> = {
    log: ["call", "meeting"],
    call: ["call"],
    meeting: ["meeting"],
    meet: ["meeting"],
    note: ["note"],
    write: ["note"],
  };
  const kinds = verbs[first];
  return kinds ? { kinds, rest } : null;
}

/** The commands that fit what was typed; all of them when nothing was. */
export function commandsFor(typed: string): PaletteCommand[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return all().filter(({ label }) =>
    words.every((word) =>
      label
        .toLowerCase()
        .split(/\s+/)
        .some((part) => part.startsWith(word)),
    ),
  );
}

function all(): PaletteCommand[] {
  const onRecord = nav.record !== null;
  const shared = (session.status?.spaces ?? []).filter((space) => !space.private);
  return [
    ...(onRecord
      ? ([
          { id: "call", label: "Log a call", icon: "phone", hint: "C", run: () => perform("call") },
          { id: "note", label: "Write a note", icon: "note", hint: "N", run: () => perform("note") },
          { id: "meeting", label: "Log a meeting", icon: "handshake", hint: "M", run: () => perform("meeting") },
          { id: "history", label: "Show the history", icon: "history", hint: "H", run: () => perform("history") },
        ] as const)
      : []),
    { id: "new-person", label: "New person", icon: "user-plus", hint: "Shift N", run: () => nav.create("person") },
    { id: "new-org", label: "New organisation", icon: "org", run: () => nav.create("org") },
    { id: "new-space", label: "New space", icon: "layers", run: () => (nav.overlay = { kind: "new-space" }) },
    { id: "import", label: "Import contacts from a file", icon: "upload", run: () => void importFile() },
    { id: "join", label: "Join a space with a link", icon: "log-in", run: () => nav.join(false) },
    { id: "link-computer", label: "Link another computer of yours", icon: "linkdev", run: () => (nav.overlay = { kind: "link-computer" }) },
    { id: "happened", label: "What happened between computers", icon: "history", run: () => nav.openSettings("happened") },
    { id: "examine", label: "Examine the network", icon: "examine", run: () => nav.openSettings("network") },
    { id: "computers", label: "Your computers", icon: "monitor", run: () => nav.openSettings("computers") },
    ...shared
      .filter(({ role }) => role === "owner")
      .map((space): PaletteCommand => ({
        id: `invite ${space.id}`,
        label: `Invite to ${space.name}`,
        icon: "user-plus",
        run: () => (nav.overlay = { kind: "invite", space: space.id }),
      })),
    { id: "backup", label: "Write a backup", icon: "hard-drive", run: () => (nav.overlay = { kind: "backup", what: "backup" }) },
    { id: "kit", label: "Write a recovery kit", icon: "key", run: () => (nav.overlay = { kind: "backup", what: "kit" }) },
    { id: "read-bundle", label: "Read changes from a file", icon: "download", run: () => void pickBundle() },
    { id: "people", label: "Go to people", icon: "users", hint: "G P", run: () => nav.go("people") },
    { id: "orgs", label: "Go to organisations", icon: "org", hint: "G O", run: () => nav.go("orgs") },
    ...shared.map((space): PaletteCommand => ({
      id: `members ${space.id}`,
      label: `Members of ${space.name}`,
      icon: "users",
      run: () => nav.openSpace(space.id),
    })),
    { id: "undo", label: "Take back the last change", icon: "restore", hint: "Ctrl Z", run: () => void undo() },
    { id: "sync", label: "Sync now with everybody reachable", icon: "refresh", run: () => void syncNow() },
    { id: "light", label: "Light theme", icon: "palette", run: () => void setSetting("theme", "light") },
    { id: "dark", label: "Dark theme", icon: "palette", run: () => void setSetting("theme", "dark") },
    { id: "settings", label: "Settings", icon: "settings", run: () => nav.go("settings") },
    { id: "keys", label: "Show all keys", icon: "keyboard", hint: "?", run: () => (nav.overlay = { kind: "keys" }) },
  ];
}
