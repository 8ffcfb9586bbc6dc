/** Takes one way after the other through the window, each in a page of its own, and fails where anything went wrong. */
import assert from "node:assert/strict";
import { launch, openPage, serve } from "./server.mjs";

/** What a flow is told by, and how all of them end; words on the command line choose some by name. */
export async function flows() {
  const { server, url } = await serve();
  const browser = await launch();
  const wanted = process.argv.slice(2);
  let failed = 0;

  async function flow(name, query, steps) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) return;
    const { page, context, troubles } = await openPage(browser, url, query);
    page.setDefaultTimeout(60_000);
    const at = (id) => page.getByTestId(id);
    try {
      await steps(page, at);
      assert.deepEqual(troubles, []);
      console.log(`ok   ${name}`);
    } catch (error) {
      failed++;
      console.error(`FAIL ${name}\n     ${String(error.message).split("\n").slice(0, 12).join("\n     ")}`, troubles);
    }
    await context.close();
  }

  async function end() {
    await browser.close();
    server.close();
    process.exitCode = failed > 0 ? 1 : 0;
  }
  return { flow, end };
}

export const person = (page, id) => page.locator(`[data-testid="person-row"][data-id="${id}"]`);
export const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.getAttribute("data-id"));
