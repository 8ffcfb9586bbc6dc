//! What the page can ask of the shell. Each command parses, calls the host and converts; the types of arguments and answers are the engine's.

use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, Manager};
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, JoinRequestView, Outcome, Query, Secret};
use tuttu_engine::{NewVault, RestoreKey, Restored};
use tuttu_net::{Diagnosis, Fetched, JoinOffer, Joined, Reply, Request};

use crate::links::Links;
use crate::session::{Session, Vault};
use crate::{external, suggestion};

/// How long an exchange that the person asked for may take, in seconds.
const SYNC_TIMEOUT: u32 = 30;
/// How long to wait for a file that the person asked for, in seconds. It stays asked for afterwards, and comes when it can.
const FETCH_TIMEOUT: u32 = 60;

/// How the vault stands.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VaultKind {
    /// There is none: say who you are.
    None,
    /// Open.
    Open,
    /// It cannot be used, see the error.
    Trouble,
}

/// The first thing the page asks.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultState {
    /// How the vault stands.
    kind: VaultKind,
    /// What is wrong, when something is.
    error: Option<ErrorView>,
    /// A guess at the person's name; may be empty.
    suggested_name: String,
    /// A guess at the computer's name; may be empty.
    suggested_computer: String,
    /// A `tuttu:` link that came before the page was there; told once. Later ones come as the event `open-link`.
    link: Option<String>,
}

/// Where this computer listens.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Addresses {
    /// This computer's id.
    computer: String,
    /// `ip:port`.
    addresses: Vec<String>,
}

/// What came back from a backup or a recovery kit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestoredView {
    /// Whose vault it is.
    person_name: String,
    /// The computer it was made on, which stays one of theirs.
    made_on: String,
    /// Spaces.
    spaces: u32,
    /// Records, with those in the trash.
    records: u32,
    /// Attached files.
    files: u32,
    /// It was a recovery kit: what is in the spaces has still to come.
    kit: bool,
}

/// How the vault stands. Opens it if it is there, so asking again is also trying again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn vault_state(app: AppHandle) -> VaultState {
    let (kind, error) = match app.state::<Session>().look(&app).await {
        Vault::None | Vault::Joining(..) => (VaultKind::None, None),
        Vault::Open(_) => (VaultKind::Open, None),
        Vault::Trouble(error) => (VaultKind::Trouble, Some(error)),
    };
    VaultState {
        kind,
        error,
        suggested_name: suggestion::person_name(),
        suggested_computer: suggestion::computer_name(),
        link: app.state::<Links>().page_is_there(),
    }
}

/// The page has drawn what it shows first. For whoever looks into a slow start, and for the benchmarks.
#[tauri::command]
#[specta::specta]
pub(crate) fn first_page_shown() {
    tracing::info!("the first page is on the screen");
}

/// Makes the vault: the person, this computer, and the private space.
#[tauri::command]
#[specta::specta]
pub(crate) async fn create_vault(app: AppHandle, person_name: String, computer_name: String) -> Result<(), ErrorView> {
    app.state::<Session>().create(&app, NewVault { person_name, computer_name }).await
}

/// Makes the vault from a backup or a recovery kit that is opened with a passphrase. This computer is a new one then.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_vault(
    app: AppHandle,
    path: String,
    passphrase: Secret,
    computer_name: String,
) -> Result<RestoredView, ErrorView> {
    let restored = app.state::<Session>().restore(&app, path.into(), RestoreKey::Passphrase(passphrase), computer_name).await?;
    let Restored { person_name, made_on, spaces, records, files, kit, .. } = restored;
    Ok(RestoredView { person_name, made_on, spaces, records, files, kit })
}

/// Answers a query.
#[tauri::command]
#[specta::specta]
pub(crate) async fn query(app: AppHandle, query: Query) -> Result<Answer, ErrorView> {
    match request(&app, Request::Query { query }).await? {
        Reply::Answer(answer) => Ok(answer),
        other => Err(unexpected(&other)),
    }
}

/// Carries out a command; durable when it returns.
#[tauri::command]
#[specta::specta]
pub(crate) async fn mutate(app: AppHandle, command: Command) -> Result<Outcome, ErrorView> {
    match request(&app, Request::Execute { command }).await? {
        Reply::Outcome(outcome) => Ok(outcome),
        other => Err(unexpected(&other)),
    }
}

/// Dials the inviter named by a link; answers once the four words are there.
#[tauri::command]
#[specta::specta]
pub(crate) async fn join_start(app: AppHandle, link: String) -> Result<JoinOffer, ErrorView> {
    match request(&app, Request::Join { link, auto: false }).await? {
        Reply::JoinOffer(offer) => Ok(offer),
        other => Err(unexpected(&other)),
    }
}

/// Dials the computer named by a link that makes this one the inviter's next computer; then as with a space. Records that are here move along. Needs
/// no vault: where there is none, one is made when the spaces arrive.
#[tauri::command]
#[specta::specta]
pub(crate) async fn join_person_start(app: AppHandle, link: String, computer_name: Option<String>) -> Result<JoinOffer, ErrorView> {
    let session = app.state::<Session>();
    let host = session.host_to_join().await?;
    match host.request(Request::JoinPerson { link, auto: false, computer_name }).await {
        Ok(Reply::JoinOffer(offer)) => Ok(offer),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => {
            session.joining_ended(&app, Err(&error)).await;
            Err(error)
        }
    }
}

/// The words were compared: join, and wait until the space has arrived, or give up (then there is nothing to tell).
#[tauri::command]
#[specta::specta]
pub(crate) async fn join_answer(app: AppHandle, offer: String, same: bool) -> Result<Option<Joined>, ErrorView> {
    let session = app.state::<Session>();
    let answer = session.joining_host().await?.request(Request::JoinAnswer { offer, same }).await;
    let joined = if same { answer.as_ref().map(|reply| matches!(reply, Reply::Joined(_))) } else { Ok(false) };
    session.joining_ended(&app, joined).await;
    match answer {
        Ok(Reply::Joined(joined)) if same => Ok(Some(joined)),
        Ok(Reply::Joined(_) | Reply::Done) => Ok(None),
        Ok(other) => Err(unexpected(&other)),
        Err(error) if same => Err(error),
        // Whoever gives up need not hear that the other side had gone already.
        Err(error) => {
            tracing::debug!(%error, "an attempt to join was given up");
            Ok(None)
        }
    }
}

/// Who waits to join.
#[tauri::command]
#[specta::specta]
pub(crate) async fn join_requests(app: AppHandle) -> Result<Vec<JoinRequestView>, ErrorView> {
    match request(&app, Request::JoinRequests).await? {
        Reply::JoinRequests(requests) => Ok(requests),
        other => Err(unexpected(&other)),
    }
}

/// Lets somebody in who waits, or not.
#[tauri::command]
#[specta::specta]
pub(crate) async fn answer_request(app: AppHandle, request: String, approve: bool) -> Result<(), ErrorView> {
    self::request(&app, Request::Answer { request, approve }).await.map(drop)
}

/// Exchanges with everybody reachable. How it went is in the sync line and in the computers' states.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sync_now(app: AppHandle) -> Result<(), ErrorView> {
    request(&app, Request::Sync { timeout: SYNC_TIMEOUT }).await.map(drop)
}

/// Fetches a file of a record from whoever has it and can be reached.
#[tauri::command]
#[specta::specta]
pub(crate) async fn fetch_file(app: AppHandle, hash: String) -> Result<Fetched, ErrorView> {
    match request(&app, Request::Fetch { hash, timeout: FETCH_TIMEOUT }).await? {
        Reply::Fetched(fetched) => Ok(fetched),
        other => Err(unexpected(&other)),
    }
}

/// Examines the network: what works, what does not, and what to do. Takes seconds.
#[tauri::command]
#[specta::specta]
pub(crate) async fn examine_network(app: AppHandle) -> Result<Vec<Diagnosis>, ErrorView> {
    match request(&app, Request::Examine).await? {
        Reply::Examined(findings) => Ok(findings),
        other => Err(unexpected(&other)),
    }
}

/// Where this computer listens.
#[tauri::command]
#[specta::specta]
pub(crate) async fn addresses(app: AppHandle) -> Result<Addresses, ErrorView> {
    match request(&app, Request::Addresses).await? {
        Reply::Addresses(computer, addresses) => Ok(Addresses { computer, addresses }),
        other => Err(unexpected(&other)),
    }
}

/// Opens a web, mail or telephone link outside; refuses every other.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_external(app: AppHandle, url: String) -> Result<(), ErrorView> {
    external::open(&app, &url)
}

async fn request(app: &AppHandle, request: Request) -> Result<Reply, ErrorView> {
    let host = app.state::<Session>().host().await?;
    host.request(request).await
}

/// The host answered another question than was asked: a fault of the program, told as one.
fn unexpected(reply: &Reply) -> ErrorView {
    tracing::error!(?reply, "the host answered something else");
    ErrorView::new(ErrorCode::Internal, "Something went wrong inside Tuttu.", "Everything confirmed so far is saved on this computer.")
}
