//! Colleagues: the people one shares spaces with, as this person sees them: which card is theirs, whether their words were compared, whether they are
//! blocked. That is kept in records of the private space, so it is the same on all of the person's computers and nobody else ever sees it.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::field::FlatOp;
use tuttu_model::{ComputerId, DocumentId, Kind, PersonId, RecordDraft, RecordView, Scalar, SpaceId};
use tuttu_store::rows::ListQuery;
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::membership::Role;
use tuttu_sync::words::WORDS;

use crate::api::{ColleagueView, ErrorCode, ErrorView, Event, Outcome, RecordRef};
use crate::clock;
use crate::commands::title;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;
use crate::resolve::one;

/// Colleagues looked at.
const COLLEAGUES: u32 = 10_000;
/// Separates what the words are made of from everything else that is hashed.
const WORDS_CONTEXT: &str = "tuttu colleague words v1";
/// Words to compare: 64 bits, because here, unlike when somebody joins, a forger may try keys at leisure.
const COMPARED: usize = 8;

/// Keys of a colleague's record.
const PERSON: &str = "person";
const CARD: &str = "card";
const VERIFIED: &str = "verified";
const BLOCKED: &str = "blocked";

/// What is noted about one colleague. Two computers of the person may have made a record each; together they count.
#[derive(Debug, Clone, Default)]
struct Noted {
    records: Vec<DocumentId>,
    values: BTreeMap<String, String>,
}

impl Noted {
    fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn add(&mut self, doc: DocumentId, view: RecordView) {
        self.records.push(doc);
        for (key, value) in view.custom {
            if !value.is_empty() {
                self.values.insert(key, value);
            }
        }
    }
}

impl Inner {
    /// Everything noted, by person.
    fn noted(&self, reader: &Reader<'_>) -> Result<BTreeMap<PersonId, Noted>, Failure> {
        let mut noted: BTreeMap<PersonId, Noted> = BTreeMap::new();
        let Some(own) = reader.spaces()?.into_iter().find(|row| row.private) else { return Ok(noted) };
        let kind = Some(Kind::Colleague.as_str().to_owned());
        let query = ListQuery { kind, space: Some(own.id), limit: COLLEAGUES, ..ListQuery::default() };
        let mut rows = reader.list(&query)?.0;
        rows.sort_by_key(|row| row.doc);
        for row in rows {
            if let Some(Ok(person)) = row.view.custom.get(PERSON).map(|id| id.parse::<PersonId>()) {
                noted.entry(person).or_default().add(row.doc, row.view);
            }
        }
        Ok(noted)
    }

    /// Everybody who is or was in a space with this person, with the name they gave last.
    fn met(&self, reader: &Reader<'_>) -> Result<BTreeMap<PersonId, String>, Failure> {
        let mut met = BTreeMap::new();
        for row in reader.spaces()? {
            for member in self.membership(reader, &row.id)?.members() {
                if member.person != self.person() {
                    met.insert(member.person, member.name);
                }
            }
        }
        Ok(met)
    }

    /// The colleague a text means: id, unique prefix of one, or name.
    fn colleague(&self, reader: &Reader<'_>, text: &str) -> Result<(PersonId, String), Failure> {
        let met = self.met(reader)?;
        let wanted = text.trim().to_lowercase();
        let mut found: Vec<_> = met.iter().filter(|(id, name)| name.to_lowercase() == wanted || id.to_string() == wanted).collect();
        if found.is_empty() && wanted.len() > 3 {
            found = met.iter().filter(|(id, _)| id.to_string().starts_with(&wanted)).collect();
        }
        let (id, name) = one(found, "colleague", text, |(id, name)| format!("{name} ({id})"))?;
        Ok((*id, name.clone()))
    }

    pub(crate) fn colleague_views(&self, reader: &Reader<'_>) -> Result<Vec<ColleagueView>, Failure> {
        let mut noted = self.noted(reader)?;
        let mut views = BTreeMap::new();
        for (person, name) in self.met(reader)? {
            views.insert(person.to_string(), self.colleague_view(reader, &person, name, &noted.remove(&person).unwrap_or_default())?);
        }
        for row in reader.spaces()? {
            let here = self.membership(reader, &row.id)?.role(&self.person()) != Role::None;
            for member in self.member_views(reader, &row.id)? {
                let Some(view) = views.get_mut(&member.id) else { continue };
                if here && member.role != Role::None.as_str() {
                    view.spaces.push(row.name.clone());
                }
                for computer in member.computers {
                    match view.computers.iter_mut().find(|held| held.id == computer.id) {
                        Some(held) => held.pending = held.pending.saturating_add(computer.pending),
                        None => view.computers.push(computer),
                    }
                }
            }
        }
        let mut views: Vec<_> = views.into_values().collect();
        views.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
        Ok(views)
    }

    fn colleague_view(&self, reader: &Reader<'_>, person: &PersonId, name: String, noted: &Noted) -> Result<ColleagueView, Failure> {
        let mut view = ColleagueView {
            id: person.to_string(),
            name,
            words: words_of(&self.person(), person),
            verified: noted.value(VERIFIED).to_owned(),
            blocked: noted.value(BLOCKED).to_owned(),
            ..ColleagueView::default()
        };
        if let Some((space, doc)) = card_of(noted.value(CARD))
            && let Some(row) = reader.record(&space, &doc)?
            && !row.view.deleted
        {
            view.card_name = title(&row.view.name, &row.view.text);
            (view.card, view.card_space) = (row.view.id, space.to_string());
        }
        Ok(view)
    }

    /// The people that are blocked.
    pub(crate) fn blocked(&self, reader: &Reader<'_>) -> Result<BTreeSet<PersonId>, Failure> {
        let noted = self.noted(reader)?.into_iter();
        Ok(noted.filter(|(_, noted)| !noted.value(BLOCKED).is_empty()).map(|(person, _)| person).collect())
    }

    /// Sets a value in every record of a colleague, or makes one.
    fn note(&self, tx: &Tx<'_>, person: &PersonId, name: &str, key: &str, value: &str) -> Result<Vec<DocumentEdit>, Failure> {
        let space = self.space_or_own(tx, None)?.id;
        let held = self.noted(tx)?.remove(person).unwrap_or_default();
        let flat = format!("custom:{key}");
        if held.records.is_empty() {
            if value.is_empty() {
                return Ok(Vec::new());
            }
            let custom = BTreeMap::from([(PERSON.to_owned(), person.to_string()), (key.to_owned(), value.to_owned())]);
            let kind = Kind::Colleague.as_str().to_owned();
            let view = RecordView { kind, name: name.to_owned(), custom, ..RecordView::default() };
            return Ok(vec![self.new_document(space, &RecordDraft { view })?]);
        }
        if held.value(key) == value {
            return Ok(Vec::new());
        }
        let mut edits = Vec::new();
        for doc in held.records {
            let op =
                if value.is_empty() { FlatOp::Delete(flat.clone()) } else { FlatOp::Put(flat.clone(), Scalar::Text(value.to_owned())) };
            edits.push(DocumentEdit { space, doc, edit: Edit::Ops(vec![op]) });
        }
        Ok(edits)
    }
}

impl Engine {
    /// Which card is a colleague's.
    pub(crate) fn link_colleague(&self, person: String, card: Option<RecordRef>) -> Result<Outcome, ErrorView> {
        self.note_of(person, CARD, move |inner, tx, name| {
            let Some(card) = card else { return Ok((String::new(), format!("Unlinked {name}"))) };
            let (space, doc) = inner.record(tx, &card)?;
            let row = tx.record(&space, &doc)?.filter(|row| Kind::from(row.view.kind.as_str()) == Kind::Person);
            let Some(row) = row else {
                return Err(
                    ErrorView::new(ErrorCode::Invalid, "Only the card of a person can be a colleague’s.", "Nothing was changed.").into()
                );
            };
            Ok((format!("{space}/{doc}"), format!("Linked {name} with the card {}", title(&row.view.name, &row.view.text))))
        })
    }

    /// Whether the words of a colleague were compared.
    pub(crate) fn verify_colleague(&self, person: String, verified: bool) -> Result<Outcome, ErrorView> {
        self.note_of(person, VERIFIED, move |inner, _, name| {
            let label = if verified { format!("Compared words with {name}") } else { format!("{name} counts as not compared") };
            Ok((if verified { clock::rfc3339(inner.now()) } else { String::new() }, label))
        })
    }

    /// Whether the computers of a colleague and one's own may connect.
    pub(crate) fn block_colleague(&self, person: String, blocked: bool) -> Result<Outcome, ErrorView> {
        self.note_of(person, BLOCKED, move |inner, _, name| {
            let label = if blocked { format!("Blocked {name}") } else { format!("Unblocked {name}") };
            Ok((if blocked { clock::rfc3339(inner.now()) } else { String::new() }, label))
        })
    }

    fn note_of(
        &self,
        person: String,
        key: &'static str,
        value: impl FnOnce(&Inner, &Tx<'_>, &str) -> Result<(String, String), Failure> + Send + 'static,
    ) -> Result<Outcome, ErrorView> {
        let outcome = self.operate(move |inner, tx| {
            let (person, name) = inner.colleague(tx, &person)?;
            let (value, label) = value(inner, tx, &name)?;
            Ok((inner.operation(label)?, inner.note(tx, &person, &name, key, &value)?))
        })?;
        self.records(outcome, None)
    }

    /// The four words of a meeting were the same on both screens: whoever it was is verified. Not a step of its own that `undo` would take back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn compared(&self, computer: &ComputerId) -> Result<(), ErrorView> {
        let computer = *computer;
        let changes = self.inner.write(Lane::Local, move |inner, tx| {
            let mut found = None;
            for row in tx.spaces()? {
                let membership = inner.membership(tx, &row.id)?;
                found = found.or_else(|| membership.person_of(&computer).zip(membership.names_of(&computer)));
            }
            let Some((person, (name, _))) = found.filter(|(person, _)| *person != inner.person()) else { return Ok(None) };
            if inner.noted(tx)?.get(&person).is_some_and(|noted| !noted.value(VERIFIED).is_empty()) {
                return Ok(None);
            }
            let edits = inner.note(tx, &person, &name, VERIFIED, &clock::rfc3339(inner.now()))?;
            let operation = inner.random()?;
            Ok(Some(inner.write_entries(tx, operation, edits)?))
        })?;
        if let Some(changes) = changes.filter(|changes| !changes.touched.is_empty()) {
            self.announce(changes.event(false));
        }
        Ok(())
    }

    /// Whether a computer is of somebody who is blocked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_blocked(&self, computer: &ComputerId) -> Result<bool, ErrorView> {
        Ok(self.blocked_computers()?.contains(computer))
    }

    /// The computers of everybody who is blocked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blocked_computers(&self) -> Result<BTreeSet<ComputerId>, ErrorView> {
        self.inner.read(|reader| {
            let blocked = self.inner.blocked(reader)?;
            let mut computers = BTreeSet::new();
            if blocked.is_empty() {
                return Ok(computers);
            }
            for row in reader.spaces()? {
                for member in self.inner.membership(reader, &row.id)?.members() {
                    if blocked.contains(&member.person) {
                        computers.extend(member.computers.into_iter().map(|(computer, _)| computer));
                    }
                }
            }
            Ok(computers)
        })
    }

    /// Whether a person is blocked, also one who is in no space any more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_blocked_person(&self, person: &PersonId) -> Result<bool, ErrorView> {
        self.inner.read(|reader| Ok(self.inner.blocked(reader)?.contains(person)))
    }

    pub(crate) fn hand_over(&self, space: String, member: String) -> Result<Outcome, ErrorView> {
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.space(tx, &space)?;
            inner.require_owner(tx, &row.id)?;
            let member = inner.member(tx, &row.id, &member)?;
            if member.person == inner.person() {
                return Err(ErrorView::new(ErrorCode::Invalid, "That is you.", "Nothing was changed.").into());
            }
            if member.role == Role::None {
                let message = format!("{} is not a member of “{}” any more.", member.name, row.name);
                return Err(ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed. Invite them first.").into());
            }
            if member.role != Role::Owner {
                inner.grant(tx, &row.id, member.person, member.name, Role::Owner)?;
            }
            let name = inner.person_name(tx)?;
            inner.grant(tx, &row.id, inner.person(), name, Role::Editor)?;
            Ok(row.id)
        })?;
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
        Ok(Outcome::Space { id: space.to_string() })
    }
}

/// The space and document of a card, as noted.
fn card_of(text: &str) -> Option<(SpaceId, DocumentId)> {
    let (space, doc) = text.split_once('/')?;
    Some((space.parse().ok()?, doc.parse().ok()?))
}

/// What two people read to each other: the same words on both sides, made of both keys.
fn words_of(one: &PersonId, other: &PersonId) -> Vec<String> {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let both = [low.0.as_slice(), high.0.as_slice()].concat();
    let hash = tuttu_sync::signing::hash(WORDS_CONTEXT, &both);
    hash.iter().take(COMPARED).filter_map(|byte| WORDS.get(usize::from(*byte))).map(|word| (*word).to_owned()).collect()
}
