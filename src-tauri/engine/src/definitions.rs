//! What a space defines for itself: fields, kinds, statuses, labels and types of relation.

use std::collections::BTreeMap;

use tuttu_model::understood::{FieldDefinition, Knowledge};
use tuttu_model::words::{self, Category};
use tuttu_model::{Kind, RecordView, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::ListQuery;

use crate::api::{ErrorCode, ErrorView, WordView};
use crate::engine::Inner;
use crate::failure::Failure;

/// Definitions of one kind that are looked at.
const DEFINITIONS: u32 = 1_000;
/// The setting of the region in which phone numbers without a country code are read.
pub(crate) const REGION: &str = "region";

/// The definitions of a space.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions {
    pub(crate) fields: Vec<FieldDefinition>,
    kinds: Vec<String>,
    statuses: Vec<(String, Category)>,
    relations: Vec<(String, String)>,
    labels: BTreeMap<String, Vec<String>>,
}

impl Definitions {
    /// What a status counts as.
    pub(crate) fn category(&self, status: &str) -> Category {
        let own = self.statuses.iter().find(|(word, _)| word == status).map(|(_, category)| *category);
        own.unwrap_or_else(|| Category::from(status))
    }

    /// What a type of relation is called from the other side; empty when nobody said.
    pub(crate) fn reverse(&self, kind: &str) -> String {
        let from = |(name, reverse): &(String, String)| {
            (name == kind).then(|| reverse.clone()).or_else(|| (reverse == kind).then(|| name.clone()))
        };
        self.relations.iter().find_map(from).or_else(|| words::reverse(kind).map(str::to_owned)).unwrap_or_default()
    }

    fn words(&self, vocabulary: &str) -> Vec<WordView> {
        let built_in: Vec<WordView> = match vocabulary {
            "statuses" => words::STATUSES.iter().map(|(word, category)| word_view(word, category.as_str(), "", false)).collect(),
            "relations" => words::RELATIONS.iter().map(|(word, reverse)| word_view(word, "", reverse, false)).collect(),
            list => words::labels(list).iter().map(|word| word_view(word, "", "", false)).collect(),
        };
        let own: Vec<WordView> = match vocabulary {
            "statuses" => self.statuses.iter().map(|(word, category)| word_view(word, category.as_str(), "", true)).collect(),
            "relations" => {
                let both = self.relations.iter().flat_map(|(name, reverse)| [(name, reverse), (reverse, name)]);
                both.filter(|(name, _)| !name.is_empty()).map(|(name, reverse)| word_view(name, "", reverse, true)).collect()
            }
            list => self.labels.get(list).into_iter().flatten().map(|word| word_view(word, "", "", true)).collect(),
        };
        let mut all: Vec<WordView> = Vec::with_capacity(own.len() + built_in.len());
        for word in own.into_iter().chain(built_in) {
            if !all.iter().any(|held| held.value == word.value) {
                all.push(word);
            }
        }
        all
    }
}

fn word_view(value: &str, category: &str, reverse: &str, own: bool) -> WordView {
    WordView { value: value.to_owned(), category: category.to_owned(), reverse: reverse.to_owned(), own }
}

impl Inner {
    /// The definitions of a space.
    pub(crate) fn definitions(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Definitions, Failure> {
        let mut definitions = Definitions::default();
        for view in self.defined(reader, space, &Kind::Field)? {
            definitions.fields.extend(FieldDefinition::of(&view));
        }
        for view in self.defined(reader, space, &Kind::KindDefinition)? {
            definitions.kinds.push(view.word);
        }
        for view in self.defined(reader, space, &Kind::RelationType)? {
            definitions.relations.push((view.name, view.reverse));
        }
        for view in self.defined(reader, space, &Kind::Vocabulary)? {
            for option in view.options {
                if view.word == "statuses" {
                    definitions.statuses.push((option.value, Category::from(option.label.as_str())));
                } else {
                    definitions.labels.entry(view.word.clone()).or_default().push(option.value);
                }
            }
        }
        Ok(definitions)
    }

    fn defined(&self, reader: &Reader<'_>, space: &SpaceId, kind: &Kind) -> Result<Vec<RecordView>, Failure> {
        let query = ListQuery { kind: Some(kind.as_str().to_owned()), space: Some(*space), limit: DEFINITIONS, ..ListQuery::default() };
        Ok(reader.list(&query)?.0.into_iter().map(|row| row.view).collect())
    }

    /// The words to choose from in a space.
    pub(crate) fn words(&self, reader: &Reader<'_>, space: Option<&str>, vocabulary: &str) -> Result<Vec<WordView>, Failure> {
        let space = self.space_or_own(reader, space)?.id;
        Ok(self.definitions(reader, &space)?.words(vocabulary))
    }

    /// What is known to read the values of a record of this space.
    pub(crate) fn knowledge(&self, reader: &Reader<'_>, definitions: &Definitions) -> Result<Knowledge, Failure> {
        Ok(Knowledge {
            region: reader.setting(REGION)?.unwrap_or_default(),
            today: chrono::DateTime::from_timestamp(self.now(), 0).map(|now| now.date_naive()),
            fields: definitions.fields.clone(),
            statuses: definitions.statuses.iter().map(|(word, _)| word.clone()).collect(),
        })
    }

    /// Refuses kinds that neither Tuttu nor the space knows.
    pub(crate) fn check_kind(&self, reader: &Reader<'_>, space: &SpaceId, word: &str) -> Result<(), Failure> {
        let Kind::Other(word) = Kind::from(word) else { return Ok(()) };
        if self.definitions(reader, space)?.kinds.contains(&word) {
            return Ok(());
        }
        Err(ErrorView::new(
            ErrorCode::Invalid,
            format!("“{word}” is not a kind of record."),
            "Kinds are person, org, note, call, meeting, email, message, task and event, definitions (field, kind, vocabulary, \
             relation-type, view), and those the space defines: tuttu add kind word=WORD name=NAME",
        )
        .into())
    }

    /// A record of a kind nobody here knows was written by a newer version, and is only read.
    pub(crate) fn check_editable(&self, reader: &Reader<'_>, space: &SpaceId, kind: &Kind) -> Result<(), Failure> {
        let Kind::Other(word) = kind else { return Ok(()) };
        if self.definitions(reader, space)?.kinds.contains(word) {
            return Ok(());
        }
        Err(tuttu_model::draft::EditError::ReadOnly { field: format!("a record of the kind “{word}”") }.into())
    }
}
