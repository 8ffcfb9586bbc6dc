/** axe over every screen in both themes, and over a few in the small and the zoomed window. Any finding fails. */
import { AxeBuilder } from "@axe-core/playwright";
import { launch, openPage, serve } from "./server.mjs";
import { screens } from "./screens.mjs";

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));

async function look(page, theme, narrowed, troubles) {
  const { violations } = await narrowed(new AxeBuilder({ page })).analyze();
  for (const { id, help, nodes } of violations) {
    const where = nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `    ${html.slice(0, 160)}\n      ${failureSummary.split("\n").slice(1, 3).join(" ")}`);
    troubles.push(`${theme}, ${id}: ${help}\n${where.join("\n")}`);
  }
}

const { server, url } = await serve();
const browser = await launch();
let findings = 0;
let runs = 0;
for (const screen of screens.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const small = [
    "people",
    "conflict",
    "share",
    "share-compare",
    "share-tray",
    "record-editing",
    "onboarding",
    "join",
    "settings",
    "settings-computers",
    "settings-happened",
    "network-examined",
    "record-files",
    "record-colleague",
  ].includes(screen.name);
  const zoomed = ["people", "onboarding", "join", "settings-computers", "network-examined", "share-tray"].includes(screen.name);
  const sizes = [[1360, 860], ...(small ? [[960, 640]] : []), ...(zoomed ? [[680, 640]] : [])];
  for (const [width, height] of sizes) {
    const { page, context, troubles } = await openPage(browser, url, { width, height, theme: "light", ...screen.query });
    page.setDefaultTimeout(60_000);
    try {
      await screen.go?.(page);
      await page.waitForTimeout(200);
      await look(page, "light", (builder) => builder, troubles);
      // Only colours differ between the themes.
      await page.evaluate(() => (document.documentElement.dataset.theme = "dark"));
      await page.waitForTimeout(150);
      await look(page, "dark", (builder) => builder.withRules(["color-contrast"]), troubles);
    } catch (error) {
      troubles.push(String(error).split("\n").slice(0, 3).join(" "));
    }
    runs++;
    findings += troubles.length;
    if (troubles.length > 0) console.error(`${screen.name}, ${width}x${height}\n  ${troubles.join("\n  ")}`);
    await context.close();
  }
}
await browser.close();
server.close();
console.log(`${runs} screens looked at in both themes, ${findings} findings`);
process.exitCode = findings > 0 ? 1 : 0;
