//! From the store's errors to sentences for people.

use tuttu_model::document::DocumentError;
use tuttu_model::draft::EditError;
use tuttu_store::StoreError;

use crate::api::{ErrorCode, ErrorView};

/// Why a transaction was given up: the store failed, or the engine refused.
#[derive(Debug)]
pub(crate) enum Failure {
    Store(StoreError),
    Refused(ErrorView),
}

impl Failure {
    /// As the store's error that ends a transaction; what the engine refused is kept beside it as it was said.
    pub(crate) fn given_up(self, refusal: &mut Option<ErrorView>) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Refused(view) => {
                let text = view.message.clone();
                *refusal = Some(view);
                StoreError::Abandoned(text)
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ErrorView> for Failure {
    fn from(error: ErrorView) -> Self {
        Self::Refused(error)
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        Self::Refused(ErrorView::from(error))
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Self::Refused(ErrorView::from(error))
    }
}

impl From<StoreError> for ErrorView {
    fn from(error: StoreError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            StoreError::NoVault => Self::new(ErrorCode::NoVault, message, "Make one by opening Tuttu, or with: tuttu init --name NAME"),
            StoreError::VaultExists => {
                Self::new(ErrorCode::VaultExists, message, "Nothing was changed. Open it as it is, or choose another folder.")
            }
            StoreError::InUse => Self::new(
                ErrorCode::VaultInUse,
                message,
                "Everything in it is safe. Close the other Tuttu, or wait until it has finished, then try again.",
            ),
            StoreError::Newer { .. } => Self::new(ErrorCode::NewerVault, message, "Nothing was changed. Open it with the newer version."),
            StoreError::Damaged(_) => Self::new(
                ErrorCode::Damaged,
                message,
                "Nothing was deleted. Run: tuttu check --repair. Colleagues’ computers still have what you shared.",
            ),
            StoreError::Corrupt(_) => Self::new(
                ErrorCode::Damaged,
                message,
                "Nothing was deleted, and everything else can be read. Close Tuttu and open it again: it then takes over all that can be read, and keeps \
                 the damaged file. Colleagues’ computers still have what you shared.",
            ),
            StoreError::NotAVault(_) => Self::new(
                ErrorCode::Damaged,
                message,
                "Nothing was changed. Put vault.db back from a copy of the folder, or restore a backup: tuttu restore FILE --vault NEW. Colleagues’ \
                 computers still have what you shared.",
            ),
            StoreError::ReadOnly(_) => Self::new(
                ErrorCode::ReadOnly,
                message,
                "Everything saved before is safe. Check the permissions of the folder, or choose another one.",
            ),
            StoreError::DiskFull => Self::new(
                ErrorCode::DiskFull,
                "The disk is full.",
                "Nothing new was saved; everything saved before is safe. Free some space, then try again.",
            ),
            StoreError::Abandoned(_) | StoreError::Other(_) => {
                Self::new(ErrorCode::Internal, message, "The last change is not saved. Everything saved before is safe.")
            }
        }
    }
}

impl From<DocumentError> for ErrorView {
    fn from(error: DocumentError) -> Self {
        Self::new(ErrorCode::Damaged, sentence(&error.to_string()), "Nothing was deleted. Run: tuttu check --repair")
    }
}

impl From<EditError> for ErrorView {
    fn from(error: EditError) -> Self {
        Self::new(ErrorCode::Invalid, sentence(&error.to_string()), "")
    }
}

/// The text with a capital at the start and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '?', '”']) {
        out.push('.');
    }
    out
}

/// What should not happen.
pub(crate) fn internal(why: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Internal, sentence(why), "Nothing was changed. Everything saved before is safe.")
}

/// What is not there.
pub(crate) fn not_found(what: &str, name: &str) -> ErrorView {
    ErrorView::new(ErrorCode::NotFound, format!("There is no {what} “{name}”."), "")
}
