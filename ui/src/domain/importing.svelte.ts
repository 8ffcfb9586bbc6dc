import { failureOf, mutate, trigger, type Failure, type ImportReport } from "$platform";
import { say } from "./actions";
import { nav } from "./nav.svelte";
import { session } from "./session.svelte";

type Stage = "none" | "reading" | "ready" | "importing" | "done" | "failed";

/** One import: a file is looked at without changing anything, then imported. */
class Importing {
  stage = $state<Stage>("none");
  path = $state("");
  space = $state<string | null>(null);
  preview = $state.raw<ImportReport | null>(null);
  report = $state.raw<ImportReport | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** More files that were dropped together with this one. */
  waiting = $state.raw<readonly string[]>([]);

  get file(): string {
    return this.path.split(/[/\\]/).pop() ?? this.path;
  }

  /** Looks at a file. */
  async look(path: string, waiting: readonly string[] = []): Promise<void> {
    this.path = path;
    this.waiting = waiting;
    this.preview = null;
    this.report = null;
    // What is shown may be a space that takes nothing from this person.
    this.space = session.mayWrite(nav.scope) ? nav.scope : null;
    await this.#go("reading", async () => {
      this.preview = await this.#import(true);
      this.stage = "ready";
    });
  }

  /** Imports the file that was looked at. */
  async start(): Promise<void> {
    session.importProgress = null;
    await this.#go("importing", async () => {
      this.report = await this.#import(false);
      this.stage = "done";
    });
    session.importProgress = null;
  }

  /** Leaves the page; what is imported stays. */
  leave(): void {
    const next = this.waiting[0];
    if (next !== undefined && this.stage === "done") {
      void this.look(next, this.waiting.slice(1));
      return;
    }
    this.stage = "none";
    nav.go("people");
  }

  async #import(dryRun: boolean): Promise<ImportReport> {
    const outcome = await mutate({ type: "import", path: this.path, format: null, space: this.space, dryRun });
    if (outcome.type !== "import") throw new Error("The engine answered something else.");
    return outcome.report;
  }

  async #go(stage: Stage, doing: () => Promise<void>): Promise<void> {
    this.stage = stage;
    this.failure = null;
    try {
      await doing();
    } catch (thrown) {
      this.failure = failureOf(thrown);
      this.stage = "failed";
    }
  }
}

export const importing = new Importing();

/** Lets the person pick a file and looks at it. */
export async function importFile(): Promise<void> {
  try {
    const path = await trigger.pickContactFile();
    if (path === null) return;
    nav.go("import");
    await importing.look(path);
  } catch (thrown) {
    say(thrown);
  }
}

/** Looks at files that were dropped on the window. */
export function importDropped(paths: readonly string[]): void {
  const [first, ...rest] = paths;
  if (first === undefined) return;
  nav.overlay = null;
  nav.go("import");
  if (importing.stage === "importing") {
    importing.waiting = [...importing.waiting, ...paths];
    return;
  }
  void importing.look(first, rest);
}
