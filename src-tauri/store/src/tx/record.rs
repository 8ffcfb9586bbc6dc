//! Records and everything that is derived from them.

use tuttu_model::{DocumentId, SpaceId};

use super::{PreparedRecord, Tx};
use crate::error::StoreError;
use crate::projection::{self, Projection};
use crate::rows::RecordWrite;
use crate::search::{About, NameUpdate, TextTable, day_number, place_of};
use crate::{sql, stored_view};

/// What is in the query tables of a record.
struct Held {
    projection: Projection,
    news: bool,
    place: i64,
}

impl Tx<'_> {
    /// Writes a record as it is now: heads, snapshot, query tables, search and the space's accumulator. A missing snapshot leaves an earlier one,
    /// which stays good together with the changes after it.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_record(&mut self, space: &SpaceId, write: &RecordWrite) -> Result<(), StoreError> {
        self.put_prepared(&PreparedRecord::new(space, write)?)
    }

    /// Writes a record that was prepared before the transaction, as [`Tx::put_record`] does.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_prepared(&mut self, record: &PreparedRecord) -> Result<(), StoreError> {
        let sid = self.held(&record.space)?;
        let did = self.number(sid, &record.doc)?;
        self.move_heads(sid, did, &record.doc, &record.heads)?;
        if let Some(snapshot) = &record.snapshot {
            let sql =
                "UPDATE doc SET snapshot = ?2, snapshot_cid = (SELECT coalesce(max(cid), 0) FROM change WHERE did = ?1) WHERE did = ?1";
            sql::run(self.connection, sql, (did, snapshot))?;
        }
        self.project(sid, did, record)
    }

    /// Nothing of a record can be read: shows that, and leaves its heads as they are noted.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_unreadable(&mut self, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        let did = self.number(sid, doc)?;
        let view = crate::reader::damaged_view("", space, doc);
        let record = PreparedRecord {
            space: *space,
            doc: *doc,
            heads: Vec::new(),
            snapshot: None,
            news: false,
            projection: Projection::of(&view),
            view: stored_view::encode(&view)?,
        };
        self.project(sid, did, &record)
    }

    /// Takes a record out: no accepted change of its document is left. Its raw changes stay.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove_record(&mut self, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        self.move_heads(sid, did, doc, &[])?;
        sql::run(self.connection, "UPDATE doc SET snapshot = x'', snapshot_cid = 0 WHERE did = ?1", [did])?;
        if let Some(held) = self.projected(did)? {
            self.take_out(sid, did, &held)?;
            sql::run(self.connection, "DELETE FROM record WHERE did = ?1", [did])?;
            self.count(sid, &held.projection, -1);
            self.names.push(NameUpdate::Gone(did));
        }
        Ok(())
    }

    /// The person has looked at what others changed in a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_seen(&mut self, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        sql::run(self.connection, "UPDATE record SET news = 0 WHERE did = ?1 AND news = 1", [did]).map(drop)
    }

    /// The person has looked at all that others changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_all_seen(&mut self) -> Result<(), StoreError> {
        sql::run(self.connection, "UPDATE record SET news = 0 WHERE news = 1", []).map(drop)
    }

    /// Somebody else changed a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_news(&mut self, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        sql::run(self.connection, "UPDATE record SET news = 1 WHERE did = ?1 AND news = 0", [did]).map(drop)
    }

    /// Empties the query tables: the engine puts every record again from its changes. Call it in one transaction with that, or
    /// [`crate::Reader::projections_are_current`] says until the end that it is to be done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drop_projections(&mut self) -> Result<(), StoreError> {
        let dids = sql::all(self.connection, "SELECT did FROM finder", [], |row| row.get::<_, i64>(0).map_err(StoreError::from))?;
        self.names.extend(dids.into_iter().map(NameUpdate::Gone));
        self.sums.borrow_mut().write(self.connection)?;
        self.connection.execute_batch(
            "DELETE FROM tag; DELETE FROM participant; DELETE FROM link; DELETE FROM attached; DELETE FROM fact; DELETE FROM finder; DELETE FROM met;
             DELETE FROM tally; DELETE FROM record;
             INSERT INTO notes_text (notes_text) VALUES ('delete-all'); INSERT INTO activity_text (activity_text) VALUES ('delete-all');",
        )?;
        self.texts = Default::default();
        self.meetings = Default::default();
        self.put_meta(projection::VERSION_KEY, projection::VERSION)
    }

    /// Moves a document's heads, and the space's accumulator with them.
    fn move_heads(&self, sid: i64, did: i64, doc: &DocumentId, heads: &[[u8; 32]]) -> Result<(), StoreError> {
        let before = sql::one(self.connection, "SELECT heads FROM doc WHERE did = ?1", [did], |row| row.get::<_, Vec<u8>>(0))?;
        let before = sql::split_hashes(&before.unwrap_or_default())?;
        if before == heads {
            return Ok(());
        }
        self.sums.borrow_mut().move_heads(sid, doc, &before, heads);
        sql::run(self.connection, "UPDATE doc SET heads = ?2 WHERE did = ?1", (did, sql::join_hashes(heads))).map(drop)
    }

    fn projected(&mut self, did: i64) -> Result<Option<Held>, StoreError> {
        let found = sql::one(self.connection, "SELECT news, place, view FROM record WHERE did = ?1", [did], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let Some((news, place, view)) = found else { return Ok(None) };
        match stored_view::decode(&view) {
            Ok(view) => Ok(Some(Held { projection: Projection::of(&view), news, place })),
            Err(_) => self.purge(did).map(|()| None),
        }
    }

    /// What is shown of a record cannot be read, so nobody knows which rows it has: all that bear its number go.
    fn purge(&mut self, did: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM record WHERE did = ?1 RETURNING sid, kind, deleted, place, news";
        let found = sql::one(self.connection, sql, [did], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, i64>(3)?, row.get(4)?))
        })?;
        let Some((sid, kind, deleted, place, news)) = found else { return Ok(()) };
        let met = sql::all(self.connection, "SELECT target FROM participant WHERE did = ?1", [did], |row| Ok(DocumentId(row.get(0)?)))?;
        for table in ["tag", "participant", "link", "attached", "fact", "finder", "met"] {
            sql::run(self.connection, &format!("DELETE FROM {table} WHERE did = ?1"), [did])?;
        }
        met.into_iter().for_each(|target| self.meetings.parted(target));
        if place != 0 {
            self.texts.remove(TextTable::of(&tuttu_model::Kind::from(kind.as_str())), place);
        }
        if news {
            sql::run(self.connection, "INSERT INTO unseen (did) VALUES (?1) ON CONFLICT DO NOTHING", [did])?;
        }
        self.sums.borrow_mut().count(sid, &kind, deleted, -1);
        self.names.push(NameUpdate::Gone(did));
        Ok(())
    }

    fn project(&mut self, sid: i64, did: i64, record: &PreparedRecord) -> Result<(), StoreError> {
        let held = self.projected(did)?;
        let now = &record.projection;
        let place = if now.is_placed() { place_of(now.table, did, &now.at)? } else { 0 };
        let news = record.news || held.as_ref().is_some_and(|held| held.news) || (held.is_none() && self.was_news(did)?);
        let sql = "INSERT INTO record (did, sid, kind, collation, named, author, created, changed, deleted, conflicts, news, place, view)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (did) DO UPDATE SET kind = excluded.kind, collation = excluded.collation, named = excluded.named,
                author = excluded.author, created = excluded.created, changed = excluded.changed, deleted = excluded.deleted,
                conflicts = excluded.conflicts, news = excluded.news, place = excluded.place, view = excluded.view";
        let Projection { kind, named, created, changed, deleted, conflicts, .. } = now;
        let (collation, author) = (self.collation.key(&now.sort), self.author(&now.author)?);
        let row =
            rusqlite::params![did, sid, kind, collation, named, author, created, changed, deleted, conflicts, news, place, &record.view];
        sql::run(self.connection, sql, row)?;
        self.put_text(held.as_ref(), now, place);
        let before = held.as_ref().map(|held| &held.projection);
        self.link(did, before, now)?;
        self.put_links(did, before, now)?;
        self.find(sid, did, before, now)?;
        if before.is_none_or(|before| before.kind != now.kind || before.deleted != now.deleted) {
            before.into_iter().for_each(|before| self.count(sid, before, -1));
            self.count(sid, now, 1);
        }
        Ok(())
    }

    /// The number of the feed of whoever made a record; 0 when it is not held.
    fn author(&mut self, actor: &str) -> Result<i64, StoreError> {
        if let Some(fid) = self.authors.get(actor) {
            return Ok(*fid);
        }
        let sql = "SELECT fid FROM feed WHERE actor = unhex(?1) ORDER BY fid";
        let fid = sql::one(self.connection, sql, [actor], |row| row.get(0))?;
        // Not kept when it is not there: the feed may come later in this transaction.
        if let Some(fid) = fid {
            self.authors.insert(actor.to_owned(), fid);
        }
        Ok(fid.unwrap_or(0))
    }

    fn put_text(&mut self, held: Option<&Held>, now: &Projection, place: i64) {
        if let Some(held) = held {
            if held.place == place && held.projection.table == now.table && held.projection.text == now.text {
                return;
            }
            if held.place != 0 && !held.projection.text.is_empty() {
                self.texts.remove(held.projection.table, held.place);
            }
        }
        if place != 0 && !now.text.is_empty() {
            self.texts.insert(now.table, place, now.text.clone());
        }
    }

    /// Tags, participants and facts.
    fn link(&mut self, did: i64, before: Option<&Projection>, now: &Projection) -> Result<(), StoreError> {
        if let Some(before) = before {
            for word in before.tags.difference(&now.tags) {
                sql::run(self.connection, "DELETE FROM tag WHERE word = ?1 AND did = ?2", (word, did))?;
            }
            let same_time = before.at == now.at;
            for target in before.participants.iter().filter(|target| !same_time || !now.participants.contains(target)) {
                let sql = "DELETE FROM participant WHERE target = ?1 AND at = ?2 AND did = ?3";
                sql::run(self.connection, sql, (target.0, &before.at, did))?;
            }
        }
        self.meet(before, now);
        self.put_facts(did, before, now)?;
        for word in &now.tags {
            sql::run(self.connection, "INSERT INTO tag (word, did) VALUES (?1, ?2) ON CONFLICT DO NOTHING", (word, did))?;
        }
        for target in &now.participants {
            let sql = "INSERT INTO participant (target, at, did) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            sql::run(self.connection, sql, (target.0, &now.at, did))?;
        }
        Ok(())
    }

    fn put_facts(&self, did: i64, before: Option<&Projection>, now: &Projection) -> Result<(), StoreError> {
        if let Some(before) = before {
            for (name, value) in before.facts.difference(&now.facts) {
                sql::run(self.connection, "DELETE FROM fact WHERE name = ?1 AND value = ?2 AND did = ?3", (name, value, did))?;
            }
        }
        for (name, value) in &now.facts {
            sql::run(
                self.connection,
                "INSERT INTO fact (name, value, did) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                (name, value, did),
            )?;
        }
        Ok(())
    }

    /// An activity came, went or changed: those who took part met, or did not.
    fn meet(&mut self, before: Option<&Projection>, now: &Projection) {
        let before = before.filter(|before| before.is_activity);
        let same = before.is_some_and(|before| now.is_activity && before.at == now.at && before.participants == now.participants);
        if same {
            return;
        }
        for target in before.iter().flat_map(|before| &before.participants) {
            self.meetings.parted(*target);
        }
        for target in now.participants.iter().filter(|_| now.is_activity) {
            self.meetings.met(*target, &now.at);
        }
    }

    /// The line that is searched in memory.
    fn find(&mut self, sid: i64, did: i64, before: Option<&Projection>, now: &Projection) -> Result<(), StoreError> {
        let same = before.is_some_and(|before| before.line == now.line && before.features == now.features && before.kind == now.kind);
        let Some(line) = &now.line else {
            if before.is_some_and(|before| before.line.is_some()) {
                sql::run(self.connection, "DELETE FROM finder WHERE did = ?1", [did])?;
                sql::run(self.connection, "DELETE FROM met WHERE did = ?1", [did])?;
                self.names.push(NameUpdate::Gone(did));
            }
            return Ok(());
        };
        if same {
            return Ok(());
        }
        let org = now.kind == "org";
        let sql = "INSERT INTO finder (did, sid, org, features, line) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (did) DO UPDATE SET org = excluded.org, features = excluded.features, line = excluded.line";
        sql::run(self.connection, sql, (did, sid, org, now.features, line))?;
        let met = "SELECT meetings, last FROM met WHERE did = ?1";
        let met = sql::one(self.connection, met, [did], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let (meetings, last) = met.unwrap_or_default();
        if before.is_none_or(|before| before.line.is_none()) {
            self.meetings.came(did);
        }
        let about = About::new(sid, org, now.features).with_meetings(meetings, day_number(&last));
        self.names.push(NameUpdate::Line(did, line.clone(), about));
        Ok(())
    }

    /// Takes a record out of everything but the list of records.
    fn take_out(&mut self, sid: i64, did: i64, held: &Held) -> Result<(), StoreError> {
        let nothing = Projection {
            tags: Default::default(),
            participants: Default::default(),
            links: Default::default(),
            files: Default::default(),
            facts: Default::default(),
            line: None,
            text: String::new(),
            table: TextTable::Notes,
            ..held.projection.clone()
        };
        self.put_text(Some(held), &nothing, 0);
        self.link(did, Some(&held.projection), &nothing)?;
        self.put_links(did, Some(&held.projection), &nothing)?;
        self.find(sid, did, Some(&held.projection), &nothing)
    }

    fn count(&self, sid: i64, of: &Projection, by: i64) {
        self.sums.borrow_mut().count(sid, &of.kind, of.deleted, by);
    }
}
