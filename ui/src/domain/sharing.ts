/** What is done about the people one shares with, and what is said about it. */
import { firstName } from "$shared/words";
import { attempt, undo } from "./actions";
import { toasts } from "./toasts.svelte";

/** Lets the computers of a colleague and one's own connect again. */
export async function unblock(person: string, name: string): Promise<void> {
  if (!(await attempt({ type: "blockColleague", person, blocked: false }))) return;
  toasts.show({ icon: "check", title: `Unblocked ${name}`, text: `Your computers and ${firstName(name)}’s may connect again.` });
}

/** The link between a colleague and their card ends; it can be taken back. */
export async function unlinkCard(person: string, name: string): Promise<void> {
  if (!(await attempt({ type: "linkColleague", person, card: null }))) return;
  toasts.show({
    icon: "link",
    title: `Unlinked ${name}`,
    text: "The card stays as it is, and so does what you share.",
    action: { label: "Undo", hint: "Ctrl Z", testid: "toast-undo", run: () => void undo() },
  });
}
