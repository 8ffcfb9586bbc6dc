/** The page of mock mode: `?vault=none&data=empty&theme=dark&conflict`. */
import { install } from "./install";

const asked = new URLSearchParams(location.search);
const settings: Record<string, string> = {};
for (const key of ["theme", "density", "net.relay"]) {
  const value = asked.get(key);
  if (value) settings[key] = value;
}
const one = <T extends string>(key: string, all: readonly T[], other: T): T => all.find((value) => value === asked.get(key)) ?? other;

localStorage.setItem("tuttu.theme", settings.theme ?? "system");
const fake = install({
  vault: one("vault", ["none", "open", "trouble"], "open"),
  data: one("data", ["empty", "some", "many"], "some"),
  conflict: asked.has("conflict"),
  offline: asked.has("offline"),
  settings,
  link: asked.get("link"),
});
Object.assign(window, { fake });
void import("../../src/main");
