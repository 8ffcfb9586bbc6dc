/** Texts that are being written: kept on this computer, so that closing the app loses nothing. */
export interface Draft {
  kind: string;
  text: string;
  name: string;
  /** Local time, as `<input type="datetime-local">` writes it; empty is now. */
  at: string;
  duration: string;
  private: boolean;
}

export const emptyDraft: Draft = { kind: "note", text: "", name: "", at: "", duration: "", private: false };

const key = (record: string) => `tuttu.draft.${record}`;

/** The draft of a record, or an empty one. */
export function draftOf(record: string): Draft {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(record)) ?? "null");
    return typeof kept === "object" && kept !== null ? { ...emptyDraft, ...kept } : { ...emptyDraft };
  } catch {
    return { ...emptyDraft };
  }
}

/** Keeps a draft; an empty one is forgotten. */
export function keepDraft(record: string, draft: Draft): void {
  try {
    if (draft.text.trim() === "" && draft.name.trim() === "") localStorage.removeItem(key(record));
    else localStorage.setItem(key(record), JSON.stringify(draft));
  } catch {
    // A full or forbidden store loses the draft only when the app closes; the text stays on the screen.
  }
}
