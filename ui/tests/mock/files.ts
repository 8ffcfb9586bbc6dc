/** What the pretended engine says about files it would have written or read. */
import type { Command, Outcome } from "../../src/platform/bindings";
import { failure } from "./engine";

/** The outcome of a command that writes or reads a file; `null` for every other. */
export function wrote(command: Command): Outcome | null {
  if ("path" in command && command.path.includes("there-already"))
    throw failure("file", `${command.path} exists already.`, "Nothing was written. Choose another name, or move it away first.");
  switch (command.type) {
    case "backup":
    case "recoveryKit": {
      const whole = command.type === "backup";
      const counts = whole
        ? { records: 21, changes: 1204, files: 1, missingFiles: 1 }
        : { records: 0, changes: 0, files: 0, missingFiles: 0 };
      return {
        type: "backedUp",
        report: { path: command.path, bytes: whole ? "4211000" : "3400", at: new Date().toISOString(), spaces: 4, ...counts },
      };
    }
    case "writeBundle":
      return {
        type: "bundle",
        report: {
          path: command.path,
          space: "Harbour Commons",
          from: "",
          computers: 5,
          changes: command.everything ? 842 : 12,
          files: command.files ? 1 : 0,
          bytes: "230000",
        },
      };
    case "readBundle":
      if (command.path.includes("odd"))
        throw failure("file", "odd.tuttubundle cannot be read: it is no bundle.", "Nothing was taken in. Ask for the file again.");
      return {
        type: "bundle",
        report: { path: command.path, space: "Harbour Commons", from: "Maria Quispe", computers: 0, changes: 3, files: 1, bytes: "" },
      };
    default:
      return null;
  }
}
