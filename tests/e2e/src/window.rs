//! A window, and what fingers and eyes do with it. Everything is waited for, nothing is slept for.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;

use crate::computer::last_lines;
use crate::process::{self, Program};

/// How long something on the same computer may take.
const SOON: Duration = Duration::from_secs(20);
/// How long something between two computers may take.
const BETWEEN: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(60);

/// The window of a running Tuttu. Things on it are named by their `data-testid`.
#[derive(Debug)]
pub struct Window {
    name: String,
    client: Client,
    driver: Program,
    app: PathBuf,
    log: PathBuf,
}

impl Window {
    pub(crate) fn new(name: String, client: Client, driver: Program, app: PathBuf, log: PathBuf) -> Self {
        Self { name, client, driver, app, log }
    }

    /// Presses a button, ticks a box, follows a link.
    pub async fn press(&self, id: &str) {
        self.press_in(id, "").await;
    }

    /// Presses the first of several that says `text`.
    pub async fn press_in(&self, id: &str, text: &str) {
        self.within(SOON, &format!("“{id}” with “{text}” can be pressed"), async || {
            for element in self.all(id).await? {
                if said(&element).await?.contains(text) && element.is_enabled().await.ok()? {
                    return element.click().await.ok();
                }
            }
            None
        })
        .await
    }

    /// Writes into a field that is empty.
    pub async fn write(&self, id: &str, text: &str) {
        self.within(SOON, &format!("“{id}” can be written in"), async || {
            let field = self.one(id).await?;
            field.click().await.ok()?;
            field.send_keys(text).await.ok()
        })
        .await
    }

    /// Replaces what is in a field.
    pub async fn overwrite(&self, id: &str, text: &str) {
        self.within(SOON, &format!("“{id}” can be written over"), async || {
            let field = self.one(id).await?;
            field.click().await.ok()?;
            // As a triple click does; the driver knows no triple click.
            self.client.execute("document.activeElement.select()", Vec::new()).await.ok()?;
            field.send_keys(text).await.ok()
        })
        .await;
    }

    /// Picks an entry of a list by what it says.
    pub async fn pick(&self, id: &str, entry: &str) {
        self.within(SOON, &format!("“{entry}” can be picked in “{id}”"), async || {
            self.one(id).await?.select_by_label(entry).await.ok()
        })
        .await;
    }

    /// Presses Enter in a field.
    pub async fn enter(&self, id: &str) {
        self.within(SOON, &format!("Enter in “{id}”"), async || {
            self.one(id).await?.send_keys(&String::from(char::from(Key::Enter))).await.ok()
        })
        .await;
    }

    /// What something says.
    pub async fn text(&self, id: &str) -> String {
        self.within(SOON, &format!("“{id}” is there"), async || said(&self.one(id).await?).await).await
    }

    /// What all things of a kind say; empty when there is none now.
    pub async fn texts(&self, id: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.all(id).await.unwrap_or_default() {
            texts.extend(said(&element).await);
        }
        texts
    }

    /// What is in a field.
    pub async fn value(&self, id: &str) -> String {
        self.within(SOON, &format!("“{id}” has a value"), async || {
            self.one(id).await?.prop("value").await.ok()?.filter(|value| !value.is_empty())
        })
        .await
    }

    /// Waits until something is on the screen that was to come from this computer.
    pub async fn sees(&self, id: &str, text: &str) {
        self.within(SOON, &format!("“{id}” says “{text}”"), async || self.says(id, text).await.then_some(())).await;
    }

    /// Waits until something is on the screen that was to come from another computer.
    pub async fn receives(&self, id: &str, text: &str) {
        self.within(BETWEEN, &format!("“{id}” says “{text}”"), async || self.says(id, text).await.then_some(())).await;
    }

    /// Waits until something is gone.
    pub async fn loses(&self, id: &str) {
        self.within(BETWEEN, &format!("“{id}” is gone"), async || self.all(id).await?.is_empty().then_some(())).await;
    }

    /// Whether something says this now.
    pub async fn says(&self, id: &str, text: &str) -> bool {
        self.texts(id).await.iter().any(|found| found.contains(text))
    }

    /// Keeps a picture of the window in the folder of screenshots.
    pub async fn picture(&self, name: &str) {
        // The driver's picture is the last frame that was painted: let the page reach the screen first.
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(null)))";
        self.client.execute_async(frames, Vec::new()).await.expect("two frames");
        let picture = self.client.screenshot().await.expect("a picture");
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("the folder of screenshots");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("the picture is kept");
    }

    /// Runs a script in the page.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Asks the shell for something, as the page does; its answer, or its refusal.
    ///
    /// # Errors
    /// With what the shell says when it refuses.
    pub async fn invoke(&self, command: &str, arguments: &Value) -> Result<Value, Value> {
        let script = "const [command, given, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, given).then((value) => done({ ok: value }), (error) => done({ error }));";
        let answer = self.client.execute_async(script, vec![command.into(), arguments.clone()]).await.expect("the shell answers");
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer.get("ok").cloned().unwrap_or_default()),
        }
    }

    /// Closes the window, and waits until the app has ended by itself.
    pub async fn close(self) {
        // The session ends with its window; whether the driver can still answer is its own affair.
        let _ = self.client.close_window().await;
        self.wait_for_the_end().await;
    }

    /// `kill -9`, at once.
    pub async fn kill(self) {
        let app = process::descendant(self.driver.id(), &self.app).expect("the app runs");
        process::signal("KILL", &app.to_string());
        self.wait_for_the_end().await;
    }

    async fn wait_for_the_end(self) {
        self.within(SOON, "the app has ended", async || process::descendant(self.driver.id(), &self.app).is_none().then_some(())).await;
    }

    async fn one(&self, id: &str) -> Option<Element> {
        self.all(id).await?.into_iter().next()
    }

    async fn all(&self, id: &str) -> Option<Vec<Element>> {
        self.client.find_all(Locator::Css(&format!("[data-testid='{id}']"))).await.ok()
    }

    /// Looks again and again until `look` has something. The page changes all the time: whatever goes wrong in between only means to look again.
    pub async fn within<T>(&self, limit: Duration, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if since.elapsed() > limit {
                self.give_up(what, limit).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn give_up(&self, what: &str, limit: Duration) -> ! {
        let mut message = format!("{}: not within {} s: {what}\n", self.name, limit.as_secs());
        if let Ok(text) = self.client.execute("return document.body.innerText", Vec::new()).await {
            let _ = writeln!(message, "On the screen:\n{}\n", text.as_str().unwrap_or_default());
        }
        if let Ok(picture) = self.client.screenshot().await {
            let file = pictures().join(format!("failed-{}.png", self.name));
            if std::fs::create_dir_all(pictures()).is_ok() && std::fs::write(&file, picture).is_ok() {
                let _ = writeln!(message, "Picture: {}", file.display());
            }
        }
        panic!("{message}{}", last_lines(&self.log));
    }
}

/// The text as it is rendered. (What WebDriver calls the text leaves out parts of this page, the sidebar among them.)
async fn said(element: &Element) -> Option<String> {
    element.prop("innerText").await.ok()?
}

fn pictures() -> PathBuf {
    std::env::var_os("TUTTU_SCREENSHOTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots"), PathBuf::from)
}
