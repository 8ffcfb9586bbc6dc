/** The ways people take through the window, clicked and typed in a real browser over the pretended engine. */
import assert from "node:assert/strict";
import { flows, focused, person } from "./flow.mjs";

const { flow, end } = await flows();

await flow("first start, first person, every field", { vault: "none", data: "empty" }, async (page, at) => {
  await at("onboarding-name").fill("Anahit Sargsyan");
  await at("onboarding-start").click();
  await at("empty").waitFor();
  await page.keyboard.press("Shift+N");
  await at("new-name").fill("Priya Raghunathan");
  await at("new-phone").fill("+44 7700 900142");
  await page.keyboard.press("Enter");
  await at("field-name").waitFor();
  assert.equal(await at("field-name").textContent(), "Priya Raghunathan");
  await at("field-phones-value").click();
  await at("field-phones-input").fill("+44 1");
  await page.keyboard.press("Escape");
  assert.equal(await at("field-phones-value").textContent(), "+44 7700 900142");
  await at("field-phones-value").click();
  await at("field-phones-input").fill("+44 7700 900187");
  await page.keyboard.press("Enter");
  await page.locator(".saved").first().waitFor();
  assert.equal(await at("field-phones-value").textContent(), "+44 7700 900187");
  await at("field-phones-label").click();
  await at("field-phones-label-home").click();
  await page.getByText("Home", { exact: true }).waitFor();
  await at("add-email").click();
  await at("new-email-field-input").fill("priya@harbourline");
  await page.keyboard.press("Tab");
  await page.getByText("This looks unfinished").waitFor();
  await at("add-address").click();
  await at("address-street").fill("14 Quayside Row");
  await at("address-city").fill("Glasgow");
  await page.keyboard.press("Enter");
  await page.getByText("14 Quayside Row, Glasgow").waitFor();
  await at("add-birthday").click();
  await at("field-birthday-input").fill("3 Dec");
  await page.keyboard.press("Enter");
  await page.getByText("3 December").waitFor();
  await page.keyboard.press("#");
  await at("new-tag").fill("partner");
  await page.keyboard.press("Enter");
  await at("tag").waitFor();
  await page.keyboard.press("Escape");
  await at("add-organisation").click();
  await at("new-organisation-field-input").fill("Harbourline Trust");
  await page.keyboard.press("Enter");
  await page.locator('[data-testid="field-title-value"]').click();
  await at("field-title-input").fill("Head of Partnerships");
  await page.keyboard.press("Enter");
  await page.getByText("Head of Partnerships, Harbourline Trust").waitFor();
  await at("field-notes-value").click();
  await at("field-notes-input").fill("Phone, mornings");
  await at("field-name").click();
  await page.getByText("Phone, mornings").waitFor();
  await page.keyboard.press("Escape");
  await at("field-phones-value").hover();
  await at("field-phones-remove").click();
  await at("field-phones-value").waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await at("field-phones-value").waitFor();
});

await flow("composer: call with a time, a private note, a draft that stays", {}, async (page, at) => {
  await person(page, "p_priya").click();
  await page.keyboard.press("c");
  assert.equal(await focused(page), "composer-text");
  await at("composer-text").fill("She can host the session.");
  await at("composer-duration").fill("1:30");
  await page.keyboard.press("Control+Enter");
  const call = page.locator('[data-testid="timeline-item"][data-kind="call"]').first();
  await page.getByText("She can host the session.").waitFor();
  assert.match(await call.textContent(), /1 h 30 min/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await at("composer-space").click();
  await at("composer-space-own").click();
  await at("composer-text").fill("Sounded very tired.");
  await person(page, "p_0").click();
  await page.waitForFunction(() => document.querySelector('[data-testid="composer-text"]')?.value === "");
  await person(page, "p_priya").click();
  await page.waitForFunction(() => document.querySelector('[data-testid="composer-text"]')?.value === "Sounded very tired.");
  await at("composer-save").click();
  await page.locator('[data-testid="timeline-item"]', { hasText: "Sounded very tired." }).getByText("Only you").waitFor();
});

await flow("list: search, arrows, open, delete, undo", { data: "many" }, async (page, at) => {
  await page.keyboard.press("/");
  assert.equal(await focused(page), "search");
  await page.keyboard.type("fatima");
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="person-row"]').length === 1);
  await page.keyboard.press("Enter");
  await at("field-name").getByText("Fatima-Zahra Ouazzani").waitFor();
  await at("search").fill("");
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="person-row"]').length > 5);
  assert.ok((await at("person-row").count()) < 60, "only rows in view are there");
  await page.evaluate(() => document.querySelector(".vlist").scrollTo(0, 300000));
  await page.waitForFunction(
    () =>
      Number(document.querySelector('[data-testid="person-row"]:last-of-type')?.dataset.index ?? 0) >= 0 &&
      [...document.querySelectorAll('[data-testid="person-row"]')].some((row) => Number(row.dataset.index) > 5000),
  );
  await page.evaluate(() => document.querySelector(".vlist").scrollTo(0, 0));
  await page.waitForFunction(() => document.querySelector('[data-index="1"]'));
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "1");
  await page.keyboard.press("End");
  await page.waitForFunction(() => Number(document.activeElement?.getAttribute("data-index")) > 99_000);
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "0");
  await at("search").fill("yusuf");
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="person-row"]').length === 1);
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "0");
  await page.keyboard.press("Enter");
  await at("field-name").getByText("Yusuf").waitFor();
  await page.keyboard.press("Delete");
  await at("toast-undo").click();
  await at("field-name").getByText("Yusuf").waitFor();
});

await flow("choice: the second value by key, then nothing is left to choose", { conflict: "" }, async (page, at) => {
  await at("place-choices").click();
  await at("choice-row").click();
  await at("conflict-card").waitFor();
  await page.keyboard.press("l");
  await at("conflict-card").waitFor({ state: "detached" });
  await page.getByText("Two values are kept. Choose when you know.").click();
  await at("conflict-use-2").waitFor();
  await page.keyboard.press("2");
  await at("conflict-card").waitFor({ state: "detached" });
  await at("place-choices").waitFor({ state: "detached" });
});

await flow("sharing: space, invitation with a relay, words, let in", {}, async (page, at) => {
  await at("new-space").click();
  await at("space-name").fill("Quay project");
  await page.keyboard.press("Enter");
  await at("space-page").getByRole("heading", { name: "Quay project" }).waitFor();
  await at("invite").click();
  await at("invite-path").getByText("same network").waitFor();
  await at("invite-relay").click();
  await at("relay-own").click();
  assert.ok(await at("invite-make").isDisabled());
  await at("relay-url").fill("https://relay.example");
  await at("invite-for").fill("Rosalind");
  await at("invite-make").click();
  assert.match(await at("invite-link").inputValue(), /^tuttu:\/\/join\//);
  await at("invite-copy").click();
  await page.waitForFunction(() => window.fake.copied.length === 1);
  await page.evaluate(() => window.fake.engine.bringJoinRequest());
  await at("request-words").waitFor();
  assert.deepEqual(await at("request-words").locator("[data-word]").allTextContents(), ["birch", "ladder", "otter", "seventeen"]);
  await at("request-approve").click();
  await page.getByText("Anahit is in Harbour Commons").waitFor();
});

await flow("joining: a wrong link, then words, then the space", {}, async (page, at) => {
  await at("new-menu").click();
  await at("new-menu-join").click();
  await at("join-link").fill("https://example.org");
  await at("join-continue").click();
  await at("join-error").getByText("not an invitation link").waitFor();
  await at("join-link").fill("tuttu://join/ABC DEF");
  await page.keyboard.press("Enter");
  await at("join-words").waitFor();
  await page.waitForTimeout(100);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H2");
  await at("join-confirm").click();
  await at("join-waiting").waitFor();
  await at("sidebar").waitFor();
  await page.locator('[data-testid="space-row"][data-space="s_harbour"][aria-pressed="true"]').waitFor();
});

await flow("a link opened before there is a vault", { vault: "none", data: "empty", link: "tuttu://join/ABC" }, async (page, at) => {
  await at("onboarding-link").waitFor();
  await at("onboarding-start").click();
  await at("join-words").waitFor();
  assert.equal(await at("join-name").textContent(), "Ilona Varis");
  await at("join-refuse").click();
  await page.getByText("Not joined, because the words were different").waitFor();
});

await flow("import: drop a file, look, import, take back", {}, async (page, at) => {
  await page.evaluate(() => window.fake.drop(["/home/ilona/contacts.vcf"]));
  await at("import-preview").waitFor();
  assert.equal(await at("import-added").textContent(), "341");
  await at("import-start").click();
  await at("import-result").waitFor();
  assert.equal(await at("import-warning").count(), 2);
  await at("import-done").click();
  await page.evaluate(() => window.fake.drop(["/home/ilona/broken.vcf"]));
  await at("import-error").getByText("not a contact file").waitFor();
});

await flow("moving a person names who will see it", {}, async (page, at) => {
  await person(page, "p_2").click();
  await at("more").click();
  await at("more-move").click();
  await at("move-readers").getByText("Maria Quispe, Jon Etxeberria and Tomasz Wieczorek will see this record").waitFor();
  await at("move-confirm").click();
  await page.getByText("Moved Yusuf Demirkan to Harbour Commons").waitFor();
  await page.getByTestId("record").getByText("Harbour Commons").first().waitFor();
});

await flow("several people at once: ticked by key and pointer, moved to a space, deleted with undo", {}, async (page, at) => {
  await page.locator('[data-index="1"]').focus();
  await page.keyboard.press("x");
  await at("selection-bar").getByText("1 selected").waitFor();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await at("selection-bar").getByText("3 selected").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "3");
  assert.equal(await page.locator('[data-testid="person-row"][aria-selected="true"]').count(), 3);
  await page.locator('[data-index="0"]').getByTestId("person-tick").click();
  await at("selection-move").click();
  await page.locator('[data-testid="move-space"][data-space="s_north"]').check();
  await at("move-readers").getByText("will see them").waitFor();
  await at("move-confirm").click();
  await page.getByText("Moved 4 people to Northlight Festival").waitFor();
  await at("selection-bar").waitFor({ state: "detached" });
  await page.locator('[data-space="s_own"]').click();
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press("Control+a");
  await at("selection-pane").waitFor();
  await page.keyboard.press("Escape");
  await at("selection-pane").waitFor({ state: "detached" });
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press("x");
  await page.keyboard.press("Shift+ArrowDown");
  const before = await at("list-count").textContent();
  await page.keyboard.press("Delete");
  await page.getByText("Deleted 2 people").waitFor();
  await at("toast-undo").click();
  await page.waitForFunction((text) => document.querySelector('[data-testid="list-count"]')?.textContent === text, before);
});

await flow("menus by keyboard: open, move, pick, and back where one was", {}, async (page, at) => {
  await person(page, "p_priya").click();
  await at("field-phones-label").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "field-phones-label-mobile");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), "field-phones-label-work");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "field-phones-label");
  await at("new-menu").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "new-menu-person");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await at("join-link").waitFor();
});

await flow("from the first start to a whole person with the keyboard alone", { vault: "none", data: "empty" }, async (page, at) => {
  const key = async (...keys) => {
    for (const one of keys) await page.keyboard.press(one);
  };
  const on = (id) => page.waitForFunction((wanted) => document.activeElement?.getAttribute("data-testid") === wanted, id);
  await on("onboarding-name");
  await key("Enter");
  await at("empty").waitFor();
  await key("Shift+N");
  await on("new-name");
  await page.keyboard.type("Priya Raghunathan");
  await key("Tab");
  await page.keyboard.type("Head of Partnerships");
  await key("Tab");
  await page.keyboard.type("Harbourline Trust");
  await key("Enter");
  await on("field-name");
  const add = async (button, input, ...values) => {
    await at(button).focus();
    for (const value of values) {
      await key("Enter");
      await on(input);
      await page.keyboard.type(value);
      await key("Enter");
      await on(button);
    }
  };
  await add("add-phone", "new-phone-field-input", "+44 7700 900142", "+44 141 496 0173");
  await add("add-email", "new-email-field-input", "priya@harbourline.example", "priya@home.example");
  assert.equal(await at("field-emails-value").count(), 2);
  await key("Tab");
  await on("add-address");
  await key("Enter");
  await on("address-label");
  await key("Tab");
  await page.keyboard.type("14 Quayside Row");
  await key("Enter");
  await on("add-address");
  await page.getByText("14 Quayside Row").waitFor();
  await at("add-birthday").focus();
  await key("Enter");
  await page.keyboard.type("3.12.1986");
  await key("Enter");
  await page.getByText("3 December 1986").waitFor();
  await key("#");
  await on("new-tag");
  await page.keyboard.type("partner");
  await key("Enter");
  await page.keyboard.type("funder");
  await key("Enter", "Escape");
  assert.equal(await at("tag").count(), 2);
  await on("add-tag");
  await key("]");
  await on("field-notes-value");
  await key("Enter");
  await page.keyboard.type("Phone, mornings");
  await key("Control+Enter");
  await on("field-notes-value");
  await key("m");
  await on("composer-text");
  await page.keyboard.type("Agreed on the date.");
  await key("Control+Enter");
  await page.locator('[data-testid="timeline-item"][data-kind="meeting"]').waitFor();
  await key("Escape");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Activity");
  // Leaving a new field for another place does not call one back.
  await at("add-phone").focus();
  await key("Enter");
  await on("new-phone-field-input");
  await page.keyboard.type("+44 1");
  await at("composer-text").click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="field-phones-value"]').length === 3);
  await page.waitForTimeout(100);
  assert.equal(await focused(page), "composer-text");
});

await flow("the focus is never lost", { conflict: "" }, async (page, at) => {
  const held = async (what) => {
    await page.waitForTimeout(120);
    assert.ok(await page.evaluate(() => document.activeElement !== null && document.activeElement !== document.body), `after ${what}`);
  };
  await person(page, "p_priya").click();
  await at("tag").first().hover();
  await at("tag").first().getByRole("button").focus();
  await page.keyboard.press("Enter");
  await held("a tag was removed");
  await at("field-emails-remove").focus();
  await page.keyboard.press("Enter");
  await held("an email was removed");
  await page.keyboard.press("1");
  await at("conflict-card").waitFor({ state: "detached" });
  await held("a choice");
  await at("composer-text").fill("A note");
  await at("composer-save").focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-testid="timeline-item"]', { hasText: "A note" }).waitFor();
  await held("a note was saved");
  await at("timeline-more").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "timeline-more-delete");
  await page.keyboard.press("Enter");
  await page.getByText("Deleted the note").waitFor();
  await held("a note was deleted");
  await at("toast-undo").focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-testid="timeline-item"]', { hasText: "A note" }).waitFor();
  await held("undo in a toast");
  await at("history-open").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await held("the history was closed");
  await page.keyboard.press("Delete");
  await at("delete-confirm").focus();
  await page.keyboard.press("Enter");
  await at("delete-dialog").waitFor({ state: "detached" });
  await held("a record was deleted");
  await person(page, "p_0").click();
  await at("log-note").focus();
  await page.keyboard.press("Escape");
  await held("a record was closed");
  await page.keyboard.press("Shift+N");
  await page.keyboard.press("Escape");
  await held("a new record was given up");
  await at("new-space").focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "space-name");
  await page.keyboard.type("Quay");
  await page.keyboard.press("Enter");
  await at("space-page").waitFor();
  await held("a space was made");
  await at("invite").focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "invite-role-editor");
  await at("invite-make").focus();
  await page.keyboard.press("Enter");
  await at("invite-link").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "invite-copy");
  await page.keyboard.press("Escape");
  await held("an invitation was made");
});

await flow("somebody brings a link while one is writing: nothing is taken out of one's hands", {}, async (page, at) => {
  await person(page, "p_priya").click();
  await at("composer-text").fill("She");
  await page.evaluate(() => window.fake.engine.bringJoinRequest());
  await page.getByText("Anahit Sargsyan wants to join Harbour Commons").waitFor();
  assert.equal(await focused(page), "composer-text");
  await at("place-request").click();
  await at("request-words").waitFor();
  assert.equal(await focused(page), "request-later");
});

await flow("keys: palette, places, scopes, panes, focus comes back", {}, async (page, at) => {
  await person(page, "p_0").click();
  await at("log-note").focus();
  await page.keyboard.press("Control+k");
  await at("palette-input").fill("kwame");
  await page.waitForTimeout(150);
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "log-note");
  await page.keyboard.press("Control+k");
  await at("palette-input").fill("kwame");
  await at("palette-option").filter({ hasText: "Asante-Boateng" }).waitFor();
  await page.keyboard.press("Enter");
  await at("field-name").getByText("Kwame").waitFor();
  await page.keyboard.press("Control+k");
  await at("palette-input").fill("log pri");
  await at("palette-option").filter({ hasText: "Log a call with Priya" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-testid") === "composer-text");
  await at("composer-call").and(page.locator('[aria-checked="true"]')).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.locator('[data-testid="place-orgs"][aria-current="page"]').waitFor();
  await page.keyboard.press("Alt+2");
  await page.locator('[data-space="s_harbour"][aria-pressed="true"]').waitFor();
  await page.keyboard.press("Alt+0");
  await page.locator('[data-testid="scope-all"][aria-pressed="true"]').waitFor();
  await page.keyboard.press("F6");
  await page.keyboard.press("?");
  await at("keys-dialog").waitFor();
  await page.keyboard.press("Escape");
  await at("keys-dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Shift+S");
  await at("sync-popover").waitFor();
  await page.keyboard.press("Escape");
  await at("sync-popover").waitFor({ state: "detached" });
});

await flow("theme and density are kept", {}, async (page, at) => {
  await at("settings").click();
  await at("theme-dark").check();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await at("density-compact").click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.density), "compact");
  await at("settings-network").click();
  await at("setting-relay-own").click();
  await at("setting-relay-url").fill("https://relay.example");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => window.fake.engine.settings.get("net.relay")), "https://relay.example");
});

await flow("one pane at a time when zoomed", { width: 680, height: 640 }, async (page, at) => {
  await person(page, "p_0").click();
  await at("field-name").waitFor();
  assert.equal(await at("search").isVisible(), false);
  await page.keyboard.press("Escape");
  await at("search").waitFor();
});

await end();
