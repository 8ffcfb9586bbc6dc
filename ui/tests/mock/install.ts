/** Puts the pretended engine under the real platform module. */
import { emit } from "@tauri-apps/api/event";
import { mockIPC, mockWindows } from "@tauri-apps/api/mocks";
import type { Command, Event, Query } from "../../src/platform/bindings";
import { FakeEngine, failure, type Scenario } from "./engine";
import { findings } from "./sharing";

export interface Fake {
  engine: FakeEngine;
  tell: (event: Event) => void;
  openLink: (link: string) => void;
  copied: string[];
  /** What the person picks when they are asked for a file. */
  picks: string;
  /** Where the person says that a new file goes. */
  saves: string;
  /** Lets files go over the window. */
  drop: (paths: string[]) => void;
}

type Args = Record<string, never> & {
  query: Query;
  command: Command;
  personName: string;
  computerName: string;
  link: string;
  offer: string;
  hash: string;
  path: string;
  passphrase: string;
  same: boolean;
  text: string;
};

export function install(scenario: Scenario): Fake {
  mockWindows("main");
  const tell = (event: Event) => void emit("engine-event", event);
  const engine = new FakeEngine(scenario, tell);
  const fake: Fake = {
    engine,
    tell,
    openLink: (link) => void emit("open-link", { link }),
    copied: [],
    picks: "/home/ilona/contacts.vcf",
    saves: "/home/ilona/saved",
    drop: (paths) => void emit("tauri://drag-drop", { paths, position: { x: 0, y: 0 } }),
  };
  const answers: Record<string, (args: Args) => unknown> = {
    vault_state: () => ({
      kind: engine.kind,
      error:
        engine.kind === "trouble"
          ? failure("vault-in-use", "Another Tuttu has these data open.", "Close it, then try again. Your data are safe.")
          : null,
      suggestedName: "Ilona Varis",
      suggestedComputer: "Ilona’s ThinkPad",
      link: scenario.link,
    }),
    create_vault: ({ personName, computerName }) => {
      engine.person = personName;
      engine.computer = computerName;
      engine.kind = "open";
      return null;
    },
    restore_vault: async ({ path, passphrase, computerName }) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (passphrase !== "otter ladder birch")
        throw failure("invalid", "The passphrase does not open this file.", "Nothing was changed, and the backup is as it was.");
      engine.computer = computerName;
      engine.kind = "open";
      return { personName: engine.person, madeOn: "Ilona’s Mac mini", spaces: 4, records: 21, files: 1, kit: path.includes("kit") };
    },
    query: ({ query }) => engine.query(query),
    mutate: ({ command }) => engine.mutate(command),
    join_start: ({ link }) => {
      if (!link.startsWith("tuttu:"))
        throw failure("link", "This is not an invitation link.", "Ask for the link again; it begins with tuttu://join/.");
      return {
        id: "j_1",
        inviter: "Ilona Varis",
        inviterComputer: "Ilona’s ThinkPad",
        spaceName: "Harbour Commons",
        role: "editor",
        expires: new Date(Date.now() + 86_000_000).toISOString(),
        words: ["birch", "ladder", "otter", "seventeen"],
        path: "lan",
      };
    },
    join_person_start: ({ link, computerName }) => {
      if (!/^tuttu:(\/\/)?computer\//i.test(link)) throw failure("link", "This link leads into a space.");
      if (computerName) engine.computer = computerName;
      return {
        id: "j_2",
        inviter: "Ilona Varis",
        inviterComputer: "Ilona’s Mac mini",
        spaceName: "",
        role: "computer",
        expires: new Date(Date.now() + 3_000_000).toISOString(),
        words: ["birch", "ladder", "otter", "seventeen"],
        path: "lan",
      };
    },
    join_answer: async ({ offer, same }) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      if (offer === "j_2" && same) {
        engine.kind = "open";
        return { space: "s_own", name: "My own", inviter: "Ilona Varis", words: [], spaces: 4, moved: 0 };
      }
      return same ? { space: "s_harbour", name: "Harbour Commons", inviter: "Ilona Varis", words: [] } : null;
    },
    join_requests: () => engine.requests,
    answer_request: () => {
      engine.requests = [];
      return null;
    },
    fetch_file: async ({ hash }) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return {
        hash,
        name: "",
        here: false,
        reason: "None of the computers that have it could be reached; it comes when one can.",
      };
    },
    sync_now: () => null,
    examine_network: async () => {
      await new Promise((resolve) => setTimeout(resolve, engine.sharing.patience));
      return findings();
    },
    addresses: () => ({ computer: "c_me", addresses: ["192.168.1.20:4711"] }),
    open_external: () => null,
    "plugin:dialog|open": () => fake.picks,
    "plugin:dialog|save": () => fake.saves,
    "plugin:clipboard-manager|write_text": ({ text }) => void fake.copied.push(text),
  };
  mockIPC(
    (command, args) => {
      const answer = answers[command];
      if (!answer) return null;
      return answer(args as unknown as Args);
    },
    { shouldMockEvents: true },
  );
  return fake;
}
