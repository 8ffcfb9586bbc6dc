/** The ways people take with their computers, colleagues and files, as in `flows.mjs`. */
import assert from "node:assert/strict";
import { flows, focused } from "./flow.mjs";

const { flow, end } = await flows();

await flow("own computers: link one, compare words, unlink a lost one", {}, async (page, at) => {
  await at("settings").click();
  await at("settings-computers").click();
  await page.locator('[data-testid="own-computer"][data-state="this"]').getByText("this computer").waitFor();
  await page.locator('[data-computer="c_nas"]').getByText("12 to send, last seen").waitFor();
  await at("computer-add").click();
  await at("link-computer-make").click();
  assert.match(await at("link-computer-link").inputValue(), /^tuttu:\/\/computer\//);
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "link-computer-copy");
  await page.evaluate(() => window.fake.engine.bringJoinRequest(true));
  await at("request-words").waitFor();
  assert.equal(await focused(page), "request-later");
  await at("request-approve").click();
  await page.getByText("Ilona’s tablet is one of your computers").waitFor();
  await page.locator('[data-computer="c_nas"]').getByTestId("computer-unlink").click();
  await at("unlink-dialog").getByText("What it already has stays on it").waitFor();
  await at("unlink-confirm").click();
  await page.locator('[data-computer="c_nas"][data-state="unlinked"]').waitFor();
  assert.equal(await page.locator('[data-computer="c_nas"]').getByTestId("computer-unlink").count(), 0);
});

await flow("a new installation becomes another computer of one's own", { vault: "none" }, async (page, at) => {
  await at("onboarding-link-computer").click();
  await at("join-link").fill("tuttu://join/ABC");
  await at("join-continue").click();
  await at("join-error").getByText("does not come from another computer of yours").waitFor();
  await at("join-link").fill("tuttu://computer/ABC DEF");
  await at("join-computer").fill("Ilona’s tablet");
  await at("join-continue").click();
  await at("join-words").waitFor();
  await at("join-confirm").click();
  await at("join-waiting").getByText("Say on Ilona’s Mac mini").waitFor();
  await at("sidebar").waitFor();
  await page.getByText("This is one of Ilona Varis’s computers now").waitFor();
  assert.equal(await page.evaluate(() => window.fake.engine.computer), "Ilona’s tablet");
});

await flow("a vault with people asks before it moves them along", {}, async (page, at) => {
  await page.evaluate(() => window.fake.openLink("tuttu://computer/ABC"));
  await at("join-moving").getByText("20 records of Ilona Varis").waitFor();
  assert.equal(await focused(page), "join-cancel");
  await at("join-cancel").click();
  await at("sidebar").waitFor();
  await page.evaluate(() => window.fake.openLink("tuttu://computer/ABC"));
  await at("join-move").click();
  await at("join-words").waitFor();
});

await end();
