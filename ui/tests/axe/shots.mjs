/** Pictures of every screen: `node tests/axe/shots.mjs [name...] [--dark] [--small]`. They go to `shots/`. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, openPage, serve } from "./server.mjs";
import { screens } from "./screens.mjs";

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const flag = (name) => process.argv.includes(`--${name}`);
const themes = flag("dark") ? ["dark"] : flag("light") ? ["light"] : ["light", "dark"];
const sizes = flag("small")
  ? [[960, 640]]
  : flag("large")
    ? [[1360, 860]]
    : flag("tiny")
      ? [[680, 640]]
      : [
          [1360, 860],
          [960, 640],
        ];
const folder = fileURLToPath(new URL("../../shots/", import.meta.url));
await mkdir(folder, { recursive: true });
const { server, url } = await serve();
const browser = await launch();
let failed = false;
for (const screen of screens.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  for (const theme of themes) {
    for (const [width, height] of sizes) {
      const { page, context, troubles } = await openPage(browser, url, { width, height, theme, ...screen.query });
      page.setDefaultTimeout(5000);
      try {
        await screen.go?.(page);
      } catch (error) {
        troubles.push(String(error).split("\n")[0]);
      }
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${folder}${screen.name}-${theme}${width === 1360 ? "" : `-${width}x${height}`}.png` });
      if (troubles.length > 0) {
        failed = true;
        console.error(screen.name, theme, `${width}x${height}`, troubles);
      }
      await context.close();
    }
  }
}
await browser.close();
server.close();
process.exitCode = failed ? 1 : 0;
