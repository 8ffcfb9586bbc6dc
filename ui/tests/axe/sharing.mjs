/** The ways people take with their computers, colleagues and files, as in `flows.mjs`. */
import assert from "node:assert/strict";
import { flows, focused, person } from "./flow.mjs";

const { flow, end } = await flows();

await flow("own computers: link one, compare words, unlink a lost one", {}, async (page, at) => {
  await at("settings").click();
  await at("settings-computers").click();
  await page.locator('[data-testid="own-computer"][data-state="this"]').getByText("this computer").waitFor();
  await page.locator('[data-computer="c_nas"]').getByText("12 to send, last seen").waitFor();
  await at("computer-add").click();
  await at("link-computer-make").click();
  await at("computer-open-link").waitFor();
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

await flow("a computer that was unlinked says so and offers nothing it cannot do", {}, async (page, at) => {
  await page.evaluate(() => (window.fake.engine.computers[0].revoked = true));
  await at("settings").click();
  await at("settings-computers").click();
  await at("computer-taken-out").getByText("What is on it stays readable").waitFor();
  await page.locator('[data-computer="c_me"][data-state="unlinked"]').waitFor();
  for (const id of ["computer-add", "computer-use-link"]) assert.equal(await at(id).count(), 0, id);
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
  await at("join-moving").getByText("21 records of Ilona Varis").waitFor();
  assert.equal(await focused(page), "join-cancel");
  await at("join-cancel").click();
  await at("sidebar").waitFor();
  await page.evaluate(() => window.fake.openLink("tuttu://computer/ABC"));
  await at("join-move").click();
  await at("join-words").waitFor();
});

await flow("members: another role, one computer taken out, one's own unlinked", {}, async (page, at) => {
  await page.locator('[data-testid="space-row"][data-space="s_harbour"]').click();
  await at("space-members").click();
  const jon = page.locator('[data-testid="member-row"][data-member="k_jon"]');
  await jon.getByText("31 to send, last seen").waitFor();
  await jon.getByTestId("member-role").click();
  await jon.getByTestId("member-role-viewer").click();
  await jon.getByTestId("member-role").getByText("Viewer").waitFor();
  await jon.locator('[data-testid="member-computer"]', { hasText: "Jon’s laptop" }).getByTestId("member-computer-remove").click();
  await at("exclude-dialog").getByText("What it already has stays on it").waitFor();
  await at("exclude-dialog").getByText("Jon stays a member, with the other computer.").waitFor();
  await at("exclude-confirm").click();
  await page.waitForFunction(() => document.querySelectorAll('[data-member="k_jon"] [data-testid="member-computer"]').length === 1);
  const maria = page.locator('[data-testid="member-row"][data-member="k_maria"]');
  await maria.getByTestId("member-computer-remove").click();
  await at("exclude-dialog").getByText("nothing reaches Maria until one is linked again").waitFor();
  await page.keyboard.press("Escape");
  await page.locator('[data-member="k_ilona"]').getByTestId("member-computer-unlink").click();
  await at("unlink-dialog").getByText("Ilona’s Mac mini").waitFor();
});

await flow("who is no owner sees members and changes none", {}, async (page, at) => {
  for (const space of ["s_north", "s_mill"]) {
    await page.locator(`[data-testid="space-row"][data-space="${space}"]`).click();
    await at("space-members").click();
    await at("member-row").first().waitFor();
    for (const id of ["member-role", "member-remove", "member-computer-remove", "invite"]) assert.equal(await at(id).count(), 0, id);
    await at("space-settings").click();
    assert.ok(await at("space-rename").isDisabled());
    await at("place-people").click();
  }
});

await flow("a viewer is offered nothing to change", {}, async (page, at) => {
  const none = async (...ids) => {
    for (const id of ids) assert.equal(await at(id).count(), 0, id);
  };
  await page.locator('[data-testid="space-row"][data-space="s_mill"]').click();
  await person(page, "p_15").click();
  await page.getByText("You can only see this space.").waitFor();
  await at("composer-space").waitFor({ state: "detached" });
  await none("new-person", "restore", "add-tag", "add-other", "add-phone", "add-email", "add-file", "field-name-input");
  // Whatever can be pressed in the record leads somewhere, or writes what is only one's own.
  const others = await page.evaluate(() =>
    [...document.querySelectorAll('[data-testid="record"] :is(button, input, textarea, select, [contenteditable])')]
      .filter((one) => !one.disabled && !one.readOnly)
      .map((one) => one.dataset.testid ?? one.getAttribute("aria-label") ?? one.textContent.trim())
      .filter(
        (name) =>
          !/^(back|history-open|more|tab-details|log-|composer-|Activity|Details|Open |Previous in|Next in|When: |All$|Notes$|Calls$|Meetings$|Email$|Changes$)/.test(
            name,
          ),
      ),
  );
  assert.deepEqual(others, []);
  await at("composer-text").fill("Knows the archive.");
  await page.locator(".comp").getByText("Only you").waitFor();
  await at("more").click();
  await none("more-move", "more-delete");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press("Delete");
  await page.getByText("You can only see Old Mill Library").waitFor();
  await none("toast-undo", "delete-dialog");
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press("x");
  await at("selection-bar").getByText("You can only see them").waitFor();
  await none("selection-move", "selection-delete");
  assert.equal(await at("selection-pane").getByRole("button", { name: "Delete" }).count(), 0);
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.fake.drop(["/home/ilona/contacts.vcf"]));
  await at("import-preview").waitFor();
  assert.equal(await at("import-space").inputValue(), "s_own");
  assert.deepEqual(await at("import-space").locator("option").allTextContents(), ["My own", "Harbour Commons", "Northlight Festival"]);
});

await flow("files of a record: attach, save, fetch, come in, take off", {}, async (page, at) => {
  await person(page, "p_priya").click();
  const file = (name) => page.locator('[data-testid="file"]', { hasText: name });
  await file("terms-draft-2.pdf").getByText("214 KB").waitFor();
  await file("terms-draft-2.pdf").getByTestId("file-save").click();
  await page.getByText("Saved terms-draft-2.pdf").waitFor();
  const survey = file("Site survey");
  await survey.getByText("84 MB, not here yet; comes when somebody who has it is reachable").waitFor();
  await survey.getByTestId("file-fetch").click();
  await survey.getByText("asked for").waitFor();
  await page.getByText("None of the computers that have it could be reached").waitFor();
  await page.evaluate(() => window.fake.engine.bringFile("fa02", 31_000_000));
  await survey.getByText("coming, 31 MB of 84 MB").waitFor();
  assert.equal(await survey.getByRole("progressbar").getAttribute("aria-valuenow"), "37");
  await page.evaluate(() => window.fake.engine.bringFile("fa02", 84_200_000));
  await survey.getByTestId("file-save").waitFor();
  assert.equal(await survey.getByTestId("file-state").textContent(), "84 MB");
  await page.evaluate(() => (window.fake.picks = "/home/ilona/agenda.odt"));
  await at("add-file").click();
  await file("agenda.odt").getByText("48 KB").waitFor();
  await file("agenda.odt").getByTestId("file-more").click();
  await page.getByTestId("file-more-remove").click();
  await file("agenda.odt").waitFor({ state: "detached" });
});

await flow("files of a space come by themselves or when asked for", {}, async (page, at) => {
  await page.locator('[data-testid="space-row"][data-space="s_harbour"]').click();
  await at("space-members").click();
  await at("space-settings").click();
  await page.locator('[data-testid="space-files-always"][aria-pressed="true"]').waitFor();
  await at("space-files-ask").click();
  assert.equal(await page.evaluate(() => window.fake.engine.settings.get("attachments.fetch.s_harbour")), "ask");
  await at("place-people").click();
  await person(page, "p_priya").click();
  await page.locator('[data-testid="file"][data-state="not-asked"]').getByText("comes when you ask for it").waitFor();
});

await flow("backup: two passphrases that agree, a file, what is in it", {}, async (page, at) => {
  await at("settings").click();
  await at("settings-backup").click();
  await at("backup-write").click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "passphrase");
  await at("backup-choose").click();
  await at("passphrase-missing").waitFor();
  await at("passphrase").fill("otter ladder birch");
  await at("passphrase-again").fill("otter ladder");
  await page.keyboard.press("Enter");
  await at("passphrase-differs").waitFor();
  assert.equal(await focused(page), "passphrase-again");
  await at("passphrase-again").fill("otter ladder birch");
  await page.keyboard.press("Enter");
  await at("backup-written").getByText("21 records in 4 spaces").waitFor();
  await at("backup-written").getByText("1 attached file is not whole on this computer").waitFor();
  await at("backup-done").click();
  await page.evaluate(() => (window.fake.saves = "/home/ilona/there-already"));
  await at("kit-write").click();
  await at("passphrase").fill("otter ladder birch");
  await at("passphrase-again").fill("otter ladder birch");
  await at("backup-choose").click();
  await at("backup-error").getByText("exists already").waitFor();
  assert.equal(await at("passphrase").inputValue(), "otter ladder birch");
});

await flow("bundles: written for a space, read from the menu and by dropping", {}, async (page, at) => {
  await page.locator('[data-testid="space-row"][data-space="s_harbour"]').click();
  await at("space-members").click();
  await at("space-more").click();
  await at("space-more-write").click();
  await at("bundle-choose").click();
  await at("bundle-result").getByText("12 changes and 1 file of Harbour Commons, for 5 computers").waitFor();
  await at("bundle-done").click();
  await page.evaluate(() => (window.fake.picks = "/media/stick/Harbour Commons.tuttubundle"));
  await at("space-more").click();
  await at("space-more-read").click();
  await page.getByText("Took in 3 new changes and 1 new file of Harbour Commons").waitFor();
  await page.evaluate(() => window.fake.drop(["/media/stick/odd.tuttubundle"]));
  await at("bundle-read").click();
  await at("bundle-error").getByText("cannot be read").waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.fake.drop(["/media/stick/Harbour Commons.tuttubundle"]));
  await at("bundle-read").click();
  await at("bundle-result").getByText("written by Maria Quispe").waitFor();
});

await flow("begin again from a recovery kit", { vault: "none" }, async (page, at) => {
  await page.evaluate(() => (window.fake.picks = "/media/stick/Tuttu recovery kit.txt"));
  await at("onboarding-restore").click();
  await at("restore-dialog").getByText("Tuttu recovery kit.txt").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "restore-passphrase");
  await page.keyboard.type("otter");
  await page.keyboard.press("Enter");
  await at("restore-error").getByText("does not open this file").waitFor();
  await at("restore-passphrase").fill("otter ladder birch");
  await at("restore-computer").fill("Ilona’s new laptop");
  await at("restore-confirm").click();
  await at("sidebar").waitFor();
  await page.getByText("Welcome back, Ilona Varis: 4 spaces").waitFor();
  await page.getByText("What only you had comes from a backup").waitFor();
});

await end();
