//! What people do with Tuttu, in their words. The ids of the page are known here and nowhere else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::computer::Computer;
use crate::window::Window;

/// Somebody at their computer, with the window open.
#[derive(Debug)]
pub struct Person<'a> {
    computer: &'a Computer,
    window: Window,
}

/// A card to write.
#[derive(Debug, Default)]
pub struct NewPerson<'a> {
    /// Name.
    pub name: &'a str,
    /// Title.
    pub title: &'a str,
    /// Organisation.
    pub org: &'a str,
    /// Mobile phone.
    pub phone: &'a str,
    /// E-mail.
    pub email: &'a str,
}

impl<'a> Person<'a> {
    /// Opens Tuttu.
    pub async fn sits_down(computer: &'a Computer) -> Self {
        Self { computer, window: computer.start().await }
    }

    /// Opens Tuttu with a link.
    pub async fn follows(computer: &'a Computer, link: &str) -> Self {
        Self { computer, window: computer.start_with(&[link]).await }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// First start: says who they are.
    pub async fn introduces_themselves(&self, name: &str) {
        self.names_themselves(name).await;
        self.window.press("onboarding-start").await;
        self.window.sees("sidebar", "My own").await;
    }

    /// First start: says who they are, and goes on to join a colleague.
    pub async fn introduces_themselves_to_join(&self, name: &str, link: &str) {
        self.names_themselves(name).await;
        self.window.press("onboarding-join").await;
        self.window.write("join-link", link).await;
        self.window.press("join-continue").await;
    }

    /// First start: this is one more computer of somebody who has Tuttu already.
    pub async fn links_this_computer(&self, link: &str) {
        self.window.press("onboarding-link-computer").await;
        self.window.overwrite("join-computer", self.computer.name()).await;
        self.window.write("join-link", link).await;
        self.window.press("join-continue").await;
    }

    /// Opens the page of one's own computers.
    pub async fn looks_at_own_computers(&self) {
        self.window.press("settings").await;
        self.window.press("settings-computers").await;
        self.window.sees("own-computer", "this computer").await;
    }

    /// Makes a link for the next computer of one's own.
    pub async fn makes_link_for_own_computer(&self) -> String {
        self.looks_at_own_computers().await;
        self.window.press("computer-add").await;
        self.window.press("link-computer-make").await;
        self.window.value("link-computer-link").await
    }

    /// Attaches a file to the card that is open; the dialog of the system, which no driver reaches, is left out.
    pub async fn attaches(&self, name: &str, text: &str) {
        let file = self.computer.home().join(name);
        std::fs::write(&file, text).expect("a file to attach");
        let id = self.window.script("return document.querySelector('[data-testid=person-row][aria-selected=true]').dataset.id").await;
        let attach = json!({"type": "attach", "record": {"space": null, "id": id}, "path": file, "name": ""});
        self.window.invoke("mutate", &json!({ "command": attach })).await.expect("it is attached");
        self.window.sees("file", name).await;
    }

    /// Has the files of a space come only when they are asked for.
    pub async fn has_files_come_when_asked(&self, space: &str) {
        self.looks_at_members(space).await;
        self.window.press("space-settings").await;
        self.window.press("space-files-ask").await;
    }

    /// Writes a backup, without the dialog of the system; the file.
    pub async fn writes_backup(&self, passphrase: &str) -> PathBuf {
        let file = self.computer.home().join("backup.tuttu");
        let lock = json!({"type": "passphrase", "passphrase": passphrase});
        let backup = json!({"type": "backup", "path": file, "lock": lock});
        self.window.invoke("mutate", &json!({ "command": backup })).await.expect("the backup is written");
        file
    }

    /// Begins again from a backup, without the dialog of the system; whose it is, or why not.
    pub async fn restores(&self, file: &Path, passphrase: &str) -> String {
        let asked = json!({"path": file, "passphrase": passphrase, "computerName": self.computer.name()});
        match self.window.invoke("restore_vault", &asked).await {
            Ok(restored) => {
                // The page asks anew how the vault stands.
                self.window.script("location.reload()").await;
                self.window.sees("sidebar", "My own").await;
                restored["personName"].as_str().unwrap_or_default().to_owned()
            }
            Err(refused) => refused["message"].as_str().unwrap_or_default().to_owned(),
        }
    }

    async fn names_themselves(&self, name: &str) {
        self.window.overwrite("onboarding-name", name).await;
        self.window.overwrite("onboarding-computer", self.computer.name()).await;
    }

    /// Presses "Try again" until the vault opens.
    pub async fn tries_again_until_it_opens(&self) {
        self.window
            .within(Duration::from_secs(20), "the vault opens", async || {
                if self.window.says("sidebar", "My own").await {
                    return Some(());
                }
                if !self.window.texts("trouble-retry").await.is_empty() {
                    self.window.press("trouble-retry").await;
                }
                None
            })
            .await;
    }

    /// Writes a new card, in the space named.
    pub async fn adds(&self, person: &NewPerson<'_>, space: &str) {
        self.window.press("place-people").await;
        // The menu is there whether or not the list is empty.
        self.window.press("new-menu").await;
        self.window.press("new-menu-person").await;
        self.window.write("new-name", person.name).await;
        for (field, text) in
            [("new-title", person.title), ("new-org-name", person.org), ("new-phone", person.phone), ("new-email", person.email)]
        {
            if !text.is_empty() {
                self.window.write(field, text).await;
            }
        }
        self.window.pick("new-record-space", space).await;
        self.window.press("new-save").await;
        self.window.sees("field-name", person.name).await;
    }

    /// Finds a card by typing, and opens it.
    pub async fn finds(&self, typed: &str, name: &str) {
        self.window.press("place-people").await;
        self.window.overwrite("search", typed).await;
        self.window.press_in("person-row", name).await;
        self.window.sees("field-name", name).await;
    }

    /// Opens a card from the list.
    pub async fn opens(&self, name: &str) {
        self.window.press("place-people").await;
        self.window.press_in("person-row", name).await;
        self.window.sees("field-name", name).await;
    }

    /// Changes a field in place; it saves itself.
    pub async fn changes(&self, field: &str, to: &str) {
        self.window.press(&format!("field-{field}-value")).await;
        self.window.overwrite(&format!("field-{field}-input"), to).await;
        self.window.enter(&format!("field-{field}-input")).await;
        self.window.sees(&format!("field-{field}-value"), to).await;
        self.window.sees(&format!("field-{field}"), "saved here").await;
    }

    /// Writes a note on the card that is open.
    pub async fn notes(&self, text: &str) {
        self.window.press("composer-note").await;
        self.window.write("composer-text", text).await;
        self.window.press("composer-save").await;
        self.window.sees("timeline-item", text).await;
    }

    /// Makes a space; its page opens.
    pub async fn makes_space(&self, name: &str) {
        self.window.press("new-space").await;
        self.window.write("space-name", name).await;
        self.window.press("space-create").await;
        self.window.sees("space-page", name).await;
    }

    /// Opens the page of a space with its members.
    pub async fn looks_at_members(&self, space: &str) {
        self.window.press_in("space-row", space).await;
        self.window.press("space-members").await;
        self.window.sees("space-page", space).await;
    }

    /// Makes an invitation on the page of a space that is open; the link.
    pub async fn invites(&self, for_whom: &str) -> String {
        self.window.press("invite").await;
        self.window.write("invite-for", for_whom).await;
        self.window.press("invite-make").await;
        self.window.value("invite-link").await
    }

    /// The four words that are shown.
    pub async fn words(&self, id: &str) -> Vec<String> {
        let text = self.window.text(id).await;
        let words: Vec<String> = text.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).map(str::to_owned).collect();
        assert_eq!(words.len(), 4, "four words, not “{text}”");
        words
    }

    /// Closes the window.
    pub async fn leaves(self) {
        self.window.close().await;
    }

    /// The computer loses its power.
    pub async fn loses_power(self) {
        self.window.kill().await;
    }
}
