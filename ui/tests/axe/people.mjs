/** The ways people take with the people they share with, as in `flows.mjs`. */
import assert from "node:assert/strict";
import { flows, focused, person } from "./flow.mjs";

const { flow, end } = await flows();

const harbour = async (page, at) => {
  await page.locator('[data-testid="space-row"][data-space="s_harbour"]').click();
  await at("space-members").click();
};
const row = (page, member) => page.locator(`[data-testid="member-row"][data-member="${member}"]`);
const act = async (page, member, action) => {
  await row(page, member).getByTestId("member-more").click();
  await row(page, member).getByTestId(`member-more-${action}`).click();
};

await flow("words: the same make a member verified, others say what to do", {}, async (page, at) => {
  await harbour(page, at);
  await row(page, "k_maria").getByTestId("member-verified").waitFor();
  await row(page, "k_jon").getByText("Words not compared yet").waitFor();
  await act(page, "k_jon", "compare");
  await at("compare-words").waitFor();
  assert.equal(await at("compare-words").locator("[data-word]").count(), 8);
  assert.equal(await focused(page), "compare-later");
  await at("compare-same").click();
  await page.getByText("Jon Etxeberria is verified").waitFor();
  await row(page, "k_jon").getByTestId("member-verified").waitFor();
  await row(page, "k_jon").getByText("Words compared 14:12").waitFor();
  await act(page, "k_maria", "compare");
  await at("compare-not-same").click();
  await at("compare-different").getByText("another person of that name").waitFor();
  assert.equal(await focused(page), "compare-close");
  await page.keyboard.press("Enter");
  await at("compare-dialog").waitFor({ state: "detached" });
  await row(page, "k_maria").getByText("Words not compared yet").waitFor();
  assert.equal(await row(page, "k_maria").getByTestId("member-verified").count(), 0);
});

await flow("block and unblock, with what it does not do", {}, async (page, at) => {
  await harbour(page, at);
  await act(page, "k_jon", "block");
  await at("block-dialog").getByText("still reaches you through others").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await row(page, "k_jon").getByTestId("member-blocked").count(), 0);
  await act(page, "k_jon", "block");
  await at("block-confirm").click();
  await row(page, "k_jon").getByTestId("member-blocked").waitFor();
  await act(page, "k_jon", "unblock");
  await row(page, "k_jon").getByTestId("member-blocked").waitFor({ state: "detached" });
});

await flow("whoever is blocked is found in the settings and on their card, in no space too", {}, async (page, at) => {
  await page.evaluate(() => {
    for (const one of window.fake.engine.sharing.colleagues)
      if (one.id === "k_tomasz" || one.id === "k_cam") Object.assign(one, { blocked: new Date().toISOString(), spaces: [] });
  });
  await person(page, "p_0").click();
  await at("uses-reach").getByText("blocked since 14:12").waitFor();
  await at("uses-unblock").click();
  await at("uses-reach").getByText("last seen Mon 09:02").waitFor();
  await at("settings").click();
  await at("settings-network").click();
  const cam = page.locator('[data-testid="blocked-person"]');
  await cam.getByText("You share no space.").waitFor();
  assert.equal(await cam.getAttribute("data-person"), "k_cam");
  await cam.getByTestId("blocked-unblock").click();
  await cam.waitFor({ state: "detached" });
});

await flow("ownership is handed over, and what was an owner's is not offered any more", {}, async (page, at) => {
  await harbour(page, at);
  await act(page, "k_maria", "hand-over");
  await at("hand-over-dialog").getByText("Only Maria can give it back to you.").waitFor();
  await at("hand-over-confirm").click();
  await row(page, "k_maria").getByText("Owner").waitFor();
  await row(page, "k_ilona").getByText("Editor").waitFor();
  for (const id of ["member-role", "member-remove", "invite"]) assert.equal(await at(id).count(), 0, id);
  await row(page, "k_jon").getByTestId("member-more").click();
  assert.equal(await at("member-more-hand-over").count(), 0);
  await at("member-more-compare").waitFor();
});

await flow("a card says who uses Tuttu, is unlinked and linked with somebody else", {}, async (page, at) => {
  await person(page, "p_0").click();
  const uses = at("uses-tuttu");
  await uses.getByText("Uses Tuttu as Tomasz Wieczorek").waitFor();
  await uses.getByText("last seen Mon 09:02").waitFor();
  assert.equal(await at("uses-verified").count(), 0);
  await at("uses-compare").click();
  await at("compare-same").click();
  await at("uses-verified").waitFor();
  assert.equal(await focused(page), "uses-compare");
  await at("more").click();
  assert.equal(await at("more-link").count(), 0);
  await page.keyboard.press("Escape");
  await at("uses-unlink").click();
  await uses.waitFor({ state: "detached" });
  await at("toast-undo").click();
  await uses.waitFor();
  await at("uses-unlink").click();
  await uses.waitFor({ state: "detached" });
  await person(page, "p_priya").click();
  await at("more").click();
  await at("more-link").click();
  assert.ok(await at("link-card-confirm").isDisabled());
  await page.keyboard.press("Escape");
  await person(page, "p_0").click();
  await at("more").click();
  await at("more-link").click();
  await at("link-card-confirm").getByText("Link with Tomasz").waitFor();
  assert.equal(await focused(page), "link-card-person");
  assert.equal(await page.locator(":focus").getAttribute("data-person"), "k_tomasz");
  await page.keyboard.press("ArrowDown");
  await at("link-card-confirm").click();
  await uses.getByText("Uses Tuttu as Camille Desrosiers").waitFor();
  await harbour(page, at);
  await row(page, "k_tomasz").getByTestId("member-more").click();
  assert.equal(await at("member-more-card").count(), 0);
  await page.keyboard.press("Escape");
  await page.locator('[data-testid="space-row"][data-space="s_north"]').click();
  await at("space-members").click();
  await act(page, "k_cam", "card");
  await uses.getByText("Uses Tuttu as Camille Desrosiers").waitFor();
});

await flow("nobody to link: the menu of a card does not speak of it", { data: "empty" }, async (page, at) => {
  await at("new-person").first().click();
  await at("new-name").fill("Priya Raghunathan");
  await page.keyboard.press("Enter");
  await at("more").click();
  await at("more-copy").waitFor();
  assert.equal(await at("more-link").count(), 0);
});

await flow("the tray: looked at, one dismissed, one taken up, all the rest", {}, async (page, at) => {
  await page.evaluate(() => window.fake.engine.sharing.setAside());
  await harbour(page, at);
  await at("tray-bar").getByText("3 changes that do not count any more.").waitFor();
  await at("tray-open").click();
  const change = (id) => page.locator(`[data-testid="tray-change"][data-change="${id}"]`);
  await change("a1").getByText("Lena Brandt, on Lena’s laptop, Tue 18 Nov, 09:12").waitFor();
  await change("a1").getByText("Prefers email since she moved.").waitFor();
  await change("a2").getByText("nothing").waitFor();
  assert.equal(await focused(page), "tray-later");
  await change("a1").getByTestId("tray-dismiss").click();
  await change("a1").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.closest("[data-change]")?.dataset.change === "a2");
  await change("a2").getByTestId("tray-take").click();
  await page.getByText("Took up 1 that did not count").waitFor();
  await change("a2").waitFor({ state: "detached" });
  await at("tray-take-all").click();
  await at("tray-dialog").waitFor({ state: "detached" });
  await at("tray-bar").waitFor({ state: "detached" });
  assert.deepEqual(await page.evaluate(() => window.fake.engine.sharing.tray.s_harbour), []);
});

await flow("who can only see a space is not asked about its tray", {}, async (page, at) => {
  await page.evaluate(() => {
    const { sharing } = window.fake.engine;
    sharing.setAside();
    sharing.tray.s_mill = sharing.tray.s_harbour;
  });
  await page.locator('[data-testid="space-row"][data-space="s_mill"]').click();
  await at("space-members").click();
  await at("member-row").first().waitFor();
  assert.equal(await at("tray-bar").count(), 0);
});

await flow("what happened is told by day, and comes in while one looks", {}, async (page, at) => {
  await at("sync-line").click();
  await at("sync-happened").click();
  await at("sync-popover").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "settings-happened");
  await page.getByRole("heading", { name: "Today" }).waitFor();
  await page.getByRole("heading", { name: "Yesterday" }).waitFor();
  await page.getByRole("heading", { name: "Sunday 16 November" }).waitFor();
  assert.match(await at("happened").first().textContent(), /has everything of “Harbour Commons”.\s*14:11/);
  assert.equal(await at("happened-earlier").count(), 0);
  await page.evaluate(() => {
    const { engine, tell } = window.fake;
    engine.sharing.log = [{ at: new Date().toISOString(), kind: "connected", text: "atelier connected." }, ...engine.sharing.log];
    tell({ event: "peer", computer: "c_cam", state: "direct" });
  });
  await page.getByText("atelier connected.").waitFor();
});

await flow("nothing happened yet", { data: "empty" }, async (page, at) => {
  await at("settings").click();
  await at("settings-happened").click();
  await at("happened-none").waitFor();
});

await flow("the network is examined, with what to do", {}, async (page, at) => {
  await at("settings").click();
  await at("settings-network").click();
  await at("examine").click();
  await at("examine-status").getByText("Trying your network").waitFor();
  await at("finding").first().waitFor();
  assert.equal(await focused(page), "examine");
  assert.equal(await at("examine-status").textContent(), "One thing does not work. 2 things to know. Tried at 14:12.");
  await page.locator('[data-check="firewall"][data-health="trouble"]').getByText("receive UDP on port 4711").waitFor();
  await page.getByText("It was connected last Tue 18:40.").waitFor();
  await page.keyboard.press("Enter");
  await at("findings").waitFor({ state: "detached" });
  await at("findings").waitFor();
});

await end();
