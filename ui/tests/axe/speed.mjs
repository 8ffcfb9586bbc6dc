/**
 * What the page costs with 100,000 people: the work of one key, from the key to the painted answer, and of one frame while scrolling.
 * The times are printed, not judged; what is checked is what makes them: only rows in view exist, every key asks at once, and no key
 * makes more rows than fit.
 */
import assert from "node:assert/strict";
import { launch, openPage, serve } from "./server.mjs";

const { server, url } = await serve();
const browser = await launch();
const { page, context, troubles } = await openPage(browser, url, { data: "many" });
page.setDefaultTimeout(60_000);
await page.getByTestId("person-row").first().waitFor();
// The pretended engine works in the same thread: it answers from memory what it was asked in the first round, which is not counted.
await page.evaluate(() => {
  const engine = window.fake.engine;
  const query = engine.query.bind(engine);
  const known = new Map();
  const taps = (window.taps = { asked: 0, made: 0 });
  engine.query = (asked) => {
    const key = JSON.stringify(asked);
    if (!known.has(key)) known.set(key, query(asked));
    taps.asked++;
    return known.get(key);
  };
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.querySelector?.(".lrow")) taps.made++;
  }).observe(document.querySelector(".listbox"), { childList: true, subtree: true });
});

const session = await context.newCDPSession(page);
await session.send("Performance.enable", { timeDomain: "threadTicks" });
/** The work of the page's thread so far, in milliseconds of its own time, and what happened in the page. */
async function sofar() {
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name) => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000;
  const taps = await page.evaluate(() => ({ ...window.taps }));
  return { work: of("ScriptDuration") + of("LayoutDuration") + of("RecalcStyleDuration"), ...taps };
}
async function costOf(doing, wait = 100) {
  const before = await sofar();
  await doing();
  await page.waitForTimeout(wait);
  const after = await sofar();
  return { work: after.work - before.work, asked: after.asked - before.asked, made: after.made - before.made };
}
function tell(title, costs) {
  const sorted = costs.map(({ work }) => work).sort((a, b) => a - b);
  const at = (share) => `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`;
  console.log(`${title}: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} (${costs.length})`);
}

await page.getByTestId("search").focus();
const typed = [];
const erased = [];
for (const round of ["first", "counted"]) {
  for (const text of ["jensen", "mina haddad", "99", "priya"]) {
    for (const letter of text) {
      const cost = await costOf(() => page.keyboard.press(letter === " " ? "Space" : letter));
      if (round === "counted") typed.push(cost);
    }
    for (let left = text.length; left > 0; left--) {
      const cost = await costOf(() => page.keyboard.press("Backspace"));
      if (round === "counted") erased.push(cost);
    }
  }
  // What the page remembers is forgotten, so that the second round asks again.
  await page.evaluate(() => window.fake.tell({ event: "changed", spaces: [], records: [], remote: true }));
  await page.waitForTimeout(300);
}
tell("a letter in the search", typed);
tell("a letter taken away", erased);
assert.ok(
  typed.filter(({ asked }) => asked === 1).length >= typed.length - 1,
  "each letter is one question (a blank at the end is none), asked at once",
);
assert.ok(
  [...typed, ...erased].every(({ made }) => made <= 60),
  "a letter makes no more rows than fit",
);

await page.locator('[data-index="0"]').focus();
const moves = [];
for (let n = 0; n < 40; n++) moves.push(await costOf(() => page.keyboard.press("ArrowDown"), 40));
tell("an arrow in the list", moves);
const jumps = [];
for (const key of ["End", "PageUp", "PageUp", "Home", "PageDown"]) jumps.push(await costOf(() => page.keyboard.press(key), 150));
tell("Home, End and pages", jumps);
assert.ok((await page.getByTestId("person-row").count()) < 60, "only rows in view are there");

const scrolled = [];
for (const round of ["first", "counted"]) {
  for (let n = 1; n <= 60; n++) {
    const to = n <= 30 ? n * 700 : n * 70_000;
    const cost = await costOf(() => page.evaluate((top) => (document.querySelector(".vlist").scrollTop = top), to), 60);
    if (round === "counted") scrolled.push(cost);
  }
}
tell("a step of the wheel", scrolled.slice(0, 30));
tell("a pull of the scroll bar", scrolled.slice(30));
await page.waitForFunction(() =>
  [...document.querySelectorAll('[data-testid="person-row"]')].some((row) => Number(row.dataset.index) > 50_000),
);

await page.evaluate(() => (document.querySelector(".vlist").scrollTop = 0));
await page.waitForTimeout(200);
const opened = [];
await page.locator('[data-index="0"]').focus();
for (let n = 0; n < 6; n++) {
  await page.keyboard.press("ArrowDown");
  opened.push(await costOf(() => page.keyboard.press("Enter"), 250));
}
tell("opening a person", opened);
assert.ok(
  opened.every(({ made }) => made === 0),
  "opening a record makes no row of the list anew",
);
assert.deepEqual(troubles, []);
await context.close();
await browser.close();
server.close();
