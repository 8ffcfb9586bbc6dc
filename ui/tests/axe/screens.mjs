/** Every screen, and how to get to it. */
const at = (page, id) => page.getByTestId(id);
const priya = async (page) => {
  await page.locator('[data-testid="person-row"][data-id="p_priya"]').first().click();
  await at(page, "composer-text").waitFor();
};
const harbour = async (page) => {
  await page.locator('[data-testid="space-row"][data-space="s_harbour"]').click();
  await at(page, "space-members").first().click();
  await at(page, "member-row").first().waitFor();
};
const memberMore = async (page, member, action) => {
  await harbour(page);
  const row = page.locator(`[data-testid="member-row"][data-member="${member}"]`);
  await row.getByTestId("member-more").click();
  if (action) await row.getByTestId(`member-more-${action}`).click();
};
const linkComputer = async (page) => {
  await at(page, "settings").click();
  await at(page, "settings-computers").click();
  await at(page, "computer-add").click();
};
const showDetails = async (page) => {
  const tab = at(page, "tab-details");
  if (await tab.isVisible()) await tab.click();
};

export const screens = [
  { name: "onboarding", query: { vault: "none" } },
  {
    name: "onboarding-missing",
    query: { vault: "none" },
    go: async (page) => (await at(page, "onboarding-name").fill(""), await at(page, "onboarding-start").click()),
  },
  { name: "trouble", query: { vault: "trouble" } },
  { name: "empty", query: { data: "empty" }, go: (page) => at(page, "empty").waitFor() },
  { name: "people", go: priya },
  { name: "people-many", query: { data: "many" }, go: (page) => at(page, "person-row").first().waitFor() },
  { name: "people-compact", query: { density: "compact" }, go: priya },
  {
    name: "people-select",
    go: async (page) => {
      await at(page, "search").fill("a");
      await page.waitForTimeout(150);
      await page.locator('[data-index="1"]').focus();
      await page.keyboard.press("x");
      await page.keyboard.press("Shift+ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("x");
    },
  },
  { name: "search", go: async (page) => (await at(page, "search").fill("harbour"), await page.waitForTimeout(150)) },
  { name: "search-none", go: async (page) => (await at(page, "search").fill("zzzz"), await at(page, "list-empty").waitFor()) },
  { name: "new-person", go: async (page) => (await at(page, "new-person").first().click(), await at(page, "new-name").waitFor()) },
  {
    name: "record-editing",
    go: async (page) => (await priya(page), await showDetails(page), await at(page, "field-phones-value").first().click()),
  },
  {
    name: "record-address",
    go: async (page) => (await priya(page), await showDetails(page), await at(page, "field-addresses-value").first().click()),
  },
  {
    name: "record-files",
    go: async (page) => (
      await priya(page),
      await showDetails(page),
      await page.evaluate(() => window.fake.engine.bringFile("fa02", 31_000_000)),
      await page.locator('[data-testid="file"][data-state="coming"]').scrollIntoViewIfNeeded()
    ),
  },
  {
    name: "record-call",
    go: async (page) => (
      await priya(page),
      await at(page, "log-call").click(),
      await at(page, "composer-text").fill("She can host the session.")
    ),
  },
  {
    name: "conflict",
    query: { conflict: "" },
    go: async (page) => (
      await at(page, "place-choices").click(),
      await at(page, "choice-row").click(),
      await at(page, "conflict-card").waitFor()
    ),
  },
  {
    name: "conflict-history",
    query: { conflict: "" },
    go: async (page) => (
      await at(page, "place-choices").click(),
      await at(page, "choice-row").click(),
      await at(page, "conflict-card").waitFor(),
      await at(page, "history-open").click(),
      await at(page, "history-item").nth(2).locator("button").first().click()
    ),
  },
  {
    name: "orgs",
    go: async (page) => (
      await at(page, "place-orgs").click(),
      await at(page, "person-row").first().click(),
      await at(page, "composer-text").waitFor()
    ),
  },
  { name: "share", go: harbour },
  { name: "share-settings", go: async (page) => (await harbour(page), await at(page, "space-settings").click()) },
  {
    name: "share-invite",
    go: async (page) => (await harbour(page), await at(page, "invite").click(), await at(page, "invite-make").waitFor()),
  },
  {
    name: "share-invite-relay",
    go: async (page) => (await harbour(page), await at(page, "invite").click(), await at(page, "invite-relay").click()),
  },
  {
    name: "share-invite-link",
    go: async (page) => (
      await harbour(page),
      await at(page, "invite").click(),
      await at(page, "invite-make").click(),
      await at(page, "invite-link").waitFor()
    ),
  },
  {
    name: "share-confirm",
    go: async (page) => (
      await harbour(page),
      await page.evaluate(() => window.fake.engine.bringJoinRequest()),
      await at(page, "request-words").waitFor()
    ),
  },
  { name: "share-take-out", go: async (page) => (await harbour(page), await at(page, "member-computer-remove").first().click()) },
  {
    name: "viewer",
    go: async (page) => (
      await page.locator('[data-testid="space-row"][data-space="s_mill"]').click(),
      await at(page, "person-row").first().click(),
      await page.getByText("You can only see this space.").waitFor()
    ),
  },
  { name: "share-member-menu", go: (page) => memberMore(page, "k_jon") },
  {
    name: "share-hand-over",
    go: async (page) => (await memberMore(page, "k_maria", "hand-over"), await at(page, "hand-over-confirm").waitFor()),
  },
  {
    name: "share-block",
    go: async (page) => (await memberMore(page, "k_jon", "block"), await at(page, "block-confirm").waitFor()),
  },
  {
    name: "share-blocked",
    go: async (page) => (
      await memberMore(page, "k_jon", "block"),
      await at(page, "block-confirm").click(),
      await at(page, "member-blocked").waitFor()
    ),
  },
  {
    name: "share-compare",
    go: async (page) => (await memberMore(page, "k_jon", "compare"), await at(page, "compare-words").waitFor()),
  },
  {
    name: "share-not-same",
    go: async (page) => (
      await memberMore(page, "k_jon", "compare"),
      await at(page, "compare-not-same").click(),
      await at(page, "compare-different").waitFor()
    ),
  },
  {
    name: "share-set-aside",
    go: async (page) => (
      await page.evaluate(() => window.fake.engine.sharing.setAside()),
      await harbour(page),
      await at(page, "tray-bar").waitFor()
    ),
  },
  {
    name: "share-tray",
    go: async (page) => (
      await page.evaluate(() => window.fake.engine.sharing.setAside()),
      await harbour(page),
      await at(page, "tray-open").click(),
      await at(page, "tray-change").first().waitFor()
    ),
  },
  { name: "share-remove", go: async (page) => (await harbour(page), await at(page, "member-remove").first().click()) },
  {
    name: "share-waiting",
    go: async (page) => (
      await harbour(page),
      await page.evaluate(() => window.fake.engine.bringJoinRequest()),
      await at(page, "request-later").click(),
      await at(page, "request-open").waitFor()
    ),
  },
  {
    name: "new-space",
    go: (page) =>
      at(page, "new-menu")
        .click()
        .then(() => at(page, "new-menu-space").click()),
  },
  {
    name: "record-colleague",
    go: async (page) => (
      await page.locator('[data-testid="person-row"][data-id="p_0"]').first().click(),
      await at(page, "uses-tuttu").waitFor()
    ),
  },
  {
    name: "link-card",
    go: async (page) => (
      await priya(page),
      await at(page, "more").click(),
      await at(page, "more-link").click(),
      await at(page, "link-card-confirm").waitFor()
    ),
  },
  { name: "menu", go: async (page) => (await priya(page), await at(page, "more").click()) },
  {
    name: "move",
    go: async (page) => (
      await priya(page),
      await at(page, "more").click(),
      await at(page, "more-move").click(),
      await at(page, "move-confirm").waitFor()
    ),
  },
  {
    name: "delete",
    go: async (page) => (
      await priya(page),
      await at(page, "more").click(),
      await at(page, "more-delete").click(),
      await at(page, "delete-confirm").waitFor()
    ),
  },
  {
    name: "toast",
    go: async (page) => {
      await priya(page);
      await at(page, "more").click();
      await at(page, "more-delete").click();
      await at(page, "delete-confirm").click();
      await at(page, "toast-undo").waitFor();
    },
  },
  {
    name: "join-paste",
    go: async (page) => (
      await at(page, "new-menu").click(),
      await at(page, "new-menu-join").click(),
      await at(page, "join-link").waitFor()
    ),
  },
  {
    name: "join-wrong",
    go: async (page) => (
      await at(page, "new-menu").click(),
      await at(page, "new-menu-join").click(),
      await at(page, "join-link").fill("nonsense"),
      await at(page, "join-continue").click(),
      await at(page, "join-error").waitFor()
    ),
  },
  {
    name: "join",
    go: async (page) => (await page.evaluate(() => window.fake.openLink("tuttu://join/ABC")), await at(page, "join-words").waitFor()),
  },
  {
    name: "import-preview",
    go: async (page) => (
      await at(page, "new-menu").click(),
      await at(page, "new-menu-import").click(),
      await at(page, "import-preview").waitFor()
    ),
  },
  {
    name: "import-result",
    go: async (page) => (
      await at(page, "new-menu").click(),
      await at(page, "new-menu-import").click(),
      await at(page, "import-start").click(),
      await at(page, "import-result").waitFor()
    ),
  },
  { name: "sync", go: async (page) => (await priya(page), await at(page, "sync-line").click(), await at(page, "sync-popover").waitFor()) },
  {
    name: "offline",
    query: { offline: "" },
    go: async (page) => (await priya(page), await at(page, "sync-line").click(), await at(page, "sync-popover").waitFor()),
  },
  { name: "settings", go: async (page) => (await at(page, "settings").click(), await at(page, "settings-page").waitFor()) },
  {
    name: "settings-computers",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-computers").click(),
      await at(page, "own-computer").first().waitFor()
    ),
  },
  {
    name: "computer-taken-out",
    go: async (page) => (
      await page.evaluate(() => (window.fake.engine.computers[0].revoked = true)),
      await at(page, "settings").click(),
      await at(page, "settings-computers").click(),
      await at(page, "computer-taken-out").waitFor()
    ),
  },
  {
    name: "computer-link",
    go: async (page) => (await linkComputer(page), await at(page, "link-computer-make").waitFor()),
  },
  {
    name: "computer-link-made",
    go: async (page) => (
      await linkComputer(page),
      await at(page, "link-computer-make").click(),
      await at(page, "link-computer-waiting").waitFor()
    ),
  },
  {
    name: "computer-confirm",
    go: async (page) => (
      await linkComputer(page),
      await at(page, "link-computer-make").click(),
      await at(page, "link-computer-waiting").waitFor(),
      await page.evaluate(() => window.fake.engine.bringJoinRequest(true)),
      await at(page, "request-words").waitFor()
    ),
  },
  {
    name: "computer-unlink",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-computers").click(),
      await at(page, "computer-unlink").first().click(),
      await at(page, "unlink-confirm").waitFor()
    ),
  },
  {
    name: "join-computer-paste",
    query: { vault: "none" },
    go: async (page) => (await at(page, "onboarding-link-computer").click(), await at(page, "join-computer").waitFor()),
  },
  {
    name: "join-computer",
    query: { vault: "none", link: "tuttu://computer/ABC" },
    go: async (page) => (await at(page, "join-continue").click(), await at(page, "join-words").waitFor()),
  },
  {
    name: "join-computer-moving",
    go: async (page) => (await page.evaluate(() => window.fake.openLink("tuttu://computer/ABC")), await at(page, "join-moving").waitFor()),
  },
  {
    name: "backup",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-backup").click(),
      await at(page, "backup-write").click(),
      await at(page, "passphrase").fill("otter"),
      await at(page, "passphrase-again").fill("ladder"),
      await at(page, "backup-choose").click(),
      await at(page, "passphrase-differs").waitFor()
    ),
  },
  {
    name: "kit-written",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-backup").click(),
      await at(page, "kit-write").click(),
      await at(page, "passphrase").fill("otter ladder birch"),
      await at(page, "passphrase-again").fill("otter ladder birch"),
      await at(page, "backup-choose").click(),
      await at(page, "backup-written").waitFor()
    ),
  },
  {
    name: "bundle-write",
    go: async (page) => (
      await harbour(page),
      await at(page, "space-more").click(),
      await at(page, "space-more-write").click(),
      await at(page, "bundle-choose").waitFor()
    ),
  },
  {
    name: "bundle-read",
    go: async (page) => (
      await page.evaluate(() => window.fake.drop(["/media/stick/Harbour Commons.tuttubundle"])),
      await at(page, "bundle-read").click(),
      await at(page, "bundle-result").waitFor()
    ),
  },
  {
    name: "restore",
    query: { vault: "none" },
    go: async (page) => (
      await at(page, "onboarding-restore").click(),
      await at(page, "restore-passphrase").fill("otter"),
      await at(page, "restore-confirm").click(),
      await at(page, "restore-error").waitFor()
    ),
  },
  {
    name: "network-examined",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-network").click(),
      await at(page, "examine").click(),
      await at(page, "finding").first().waitFor()
    ),
  },
  {
    name: "network-blocked",
    go: async (page) => (
      await page.evaluate(() =>
        Object.assign(window.fake.engine.sharing.colleagues[0], { blocked: "2025-11-19T18:40:00+02:00", spaces: [] }),
      ),
      await at(page, "settings").click(),
      await at(page, "settings-network").click(),
      await at(page, "blocked-person").waitFor()
    ),
  },
  {
    name: "network-trying",
    go: async (page) => (
      await at(page, "settings").click(),
      await at(page, "settings-network").click(),
      await page.evaluate(() => (window.fake.engine.sharing.patience = 60_000)),
      await at(page, "examine").click(),
      await page.getByText("Trying your network").waitFor()
    ),
  },
  ...["keys", "computer", "network", "happened", "backup", "import"].map((name) => ({
    name: `settings-${name}`,
    go: async (page) => (await at(page, "settings").click(), await at(page, `settings-${name}`).click()),
  })),
  {
    name: "keys",
    go: async (page) => (
      await priya(page),
      await page.keyboard.press("Escape"),
      await page.keyboard.press("?"),
      await at(page, "keys-dialog").waitFor()
    ),
  },
  {
    name: "palette",
    go: async (page) => (
      await priya(page),
      await page.keyboard.press("Control+k"),
      await at(page, "palette-input").fill("pri"),
      await page.waitForTimeout(200)
    ),
  },
];
