use tuttu_interchange::{json, vcard};
use tuttu_store::Reader;

use crate::api::{ErrorCode, ErrorView, ListFilter};
use crate::engine::Inner;
use crate::failure::Failure;

impl Inner {
    pub(crate) fn export(&self, reader: &Reader<'_>, format: &str, filter: &ListFilter) -> Result<String, Failure> {
        let records = self.exported(reader, filter)?;
        let cards = || records.iter().filter(|view| view.kind == "person" || view.kind == "org");
        match format {
            "vcard" => Ok(vcard::write(cards(), vcard::Version::V4, |view| self.picture(view))),
            "vcard3" => Ok(vcard::write(cards(), vcard::Version::V3, |view| self.picture(view))),
            "json" => Ok(json::write(records.iter())),
            other => {
                let message = format!("“{other}” is not a format this version writes.");
                Err(ErrorView::new(ErrorCode::Invalid, message, "Formats are vcard, vcard3 and json.").into())
            }
        }
    }
}
