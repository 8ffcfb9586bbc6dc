/**
 * The only module that talks to Tauri. Four verbs: `query`, `mutate`, `trigger` and `onEvent`, and the few things a window
 * can ask of the computer (a file, the clipboard, a link). Errors are always `Failure`s with the engine's words.
 */
import { listen } from "@tauri-apps/api/event";
import { getCurrentWebview } from "@tauri-apps/api/webview";
import { writeText } from "@tauri-apps/plugin-clipboard-manager";
import { open, save } from "@tauri-apps/plugin-dialog";
import { commands, type Answer, type Command, type ErrorView, type Event, type Outcome, type Query } from "./bindings";

export type * from "./bindings";

/** What is wrong, what is safe and what to do, as the engine says it. */
export class Failure extends Error {
  readonly code: ErrorView["code"];
  readonly hint: string;

  constructor(view: ErrorView) {
    super(view.message);
    this.name = "Failure";
    this.code = view.code;
    this.hint = view.hint;
  }
}

/** Whatever was thrown, as a `Failure`. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) return new Failure(thrown as ErrorView);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure({ code: "internal", message, hint: "Everything confirmed so far is saved on this computer." });
}

type Settled = { status: "ok"; data: unknown } | { status: "error"; error: ErrorView };
type Data<R> = R extends { status: "ok"; data: infer D } ? D : R extends { status: "error" } ? never : R;

function isSettled(value: unknown): value is Settled {
  return typeof value === "object" && value !== null && "status" in value && (value.status === "ok" || value.status === "error");
}

async function settled<R>(call: Promise<R>): Promise<Data<R>> {
  let result: R;
  try {
    result = await call;
  } catch (thrown) {
    throw failureOf(thrown);
  }
  if (!isSettled(result)) return result as Data<R>;
  if (result.status === "error") throw new Failure(result.error);
  return result.data as Data<R>;
}

/** The answer to one kind of query. */
export type AnswerTo<T extends Query["type"]> = Extract<Answer, { type: T }>["value"];

/** Asks the engine. */
export async function query<Q extends Query>(asked: Q): Promise<AnswerTo<Q["type"]>> {
  const answer = await settled(commands.query(asked));
  return answer.value as AnswerTo<Q["type"]>;
}

/** Changes the vault; durable when it returns. */
export function mutate(command: Command): Promise<Outcome> {
  return settled(commands.mutate(command));
}

/** Everything that is neither a question nor a change of the vault. */
export const trigger = {
  vaultState: () => settled(commands.vaultState()),
  createVault: (personName: string, computerName: string) => settled(commands.createVault(personName, computerName)),
  restoreVault: (path: string, passphrase: string, computerName: string) => settled(commands.restoreVault(path, passphrase, computerName)),
  firstPageShown: () => settled(commands.firstPageShown()),
  joinStart: (link: string) => settled(commands.joinStart(link)),
  joinPersonStart: (link: string, computerName: string | null) => settled(commands.joinPersonStart(link, computerName)),
  joinAnswer: (offer: string, same: boolean) => settled(commands.joinAnswer(offer, same)),
  joinRequests: () => settled(commands.joinRequests()),
  answerRequest: (request: string, approve: boolean) => settled(commands.answerRequest(request, approve)),
  syncNow: () => settled(commands.syncNow()),
  fetchFile: (hash: string) => settled(commands.fetchFile(hash)),
  examineNetwork: () => settled(commands.examineNetwork()),
  addresses: () => settled(commands.addresses()),
  openExternal: (url: string) => settled(commands.openExternal(url)),
  copyText: (text: string) => settled(writeText(text)),
  /** Lets the person pick one contact file; `null` when they changed their mind. */
  pickContactFile: async (): Promise<string | null> => {
    const picked = await settled(
      open({
        multiple: false,
        directory: false,
        title: "Import contacts",
        filters: [{ name: "Contacts (vCard)", extensions: ["vcf", "vcard"] }],
      }),
    );
    return typeof picked === "string" ? picked : null;
  },
  /** Lets the person pick one file of any kind, or of the kind named; `null` when they changed their mind. */
  pickFile: async (title: string, kind?: FileKind): Promise<string | null> => {
    const picked = await settled(open({ multiple: false, directory: false, title, ...(kind ? { filters: [kind] } : {}) }));
    return typeof picked === "string" ? picked : null;
  },
  /** Lets the person say where a new file goes; `null` when they changed their mind. */
  pickNewFile: (title: string, name: string, kind?: FileKind): Promise<string | null> =>
    settled(save({ title, defaultPath: name, ...(kind ? { filters: [kind] } : {}) })),
};

/** A kind of file, for the dialogs of the system. */
export interface FileKind {
  name: string;
  extensions: string[];
}

/** What the window is told without asking. */
export interface Happenings {
  engine: Event;
  link: string;
  /** A file is held over the window (`over`), was taken away again (`left`) or let go (`dropped`). */
  files: { state: "over" | "left" } | { state: "dropped"; paths: string[] };
}

/** Listens; answers with a function that stops listening. */
export function onEvent<K extends keyof Happenings>(kind: K, hear: (what: Happenings[K]) => void): () => void {
  let stop: (() => void) | undefined;
  let stopped = false;
  const started = start(kind, hear as (what: never) => void);
  void started.then(
    (unlisten) => (stopped ? unlisten() : (stop = unlisten)),
    (thrown) => console.error("Could not listen", kind, thrown),
  );
  return () => {
    stopped = true;
    stop?.();
  };
}

function start(kind: keyof Happenings, hear: (what: never) => void): Promise<() => void> {
  if (kind === "engine") return listen<Event>("engine-event", (event) => hear(event.payload as never));
  if (kind === "link") return listen<{ link: string }>("open-link", (event) => hear(event.payload.link as never));
  return getCurrentWebview().onDragDropEvent(({ payload }) => {
    if (payload.type === "drop") hear({ state: "dropped", paths: payload.paths } as never);
    else if (payload.type === "leave") hear({ state: "left" } as never);
    else if (payload.type === "enter") hear({ state: "over" } as never);
  });
}
