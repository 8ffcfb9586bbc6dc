-- The vault's database, commented. A test checks that it is what src-tauri/store/migrations makes; edit those, then this.
-- Every table is STRICT and every column NOT NULL: what is not there is empty (x'', '', 0). Hashes and ids are raw bytes.

PRAGMA application_id = 1416983668;
PRAGMA user_version = 7;

-- What the engine keeps for itself: keys sealed for this computer, the file identity it last saw, the version that filled the query tables
-- (`store.projections`).
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Settings of this computer.
CREATE TABLE setting (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A space held here. Every other table knows it by its short number `sid`, so a row of one space can never be taken for a row of another.
CREATE TABLE space (
    sid INTEGER PRIMARY KEY NOT NULL, -- short number
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32), -- hash of the genesis operation
    name TEXT NOT NULL,
    private INTEGER NOT NULL CHECK (private IN (0, 1)), -- 1: only on the person's own computers
    own_feed BLOB NOT NULL CHECK (length(own_feed) IN (0, 32)), -- where local commits go; empty: the next commit begins a new feed
    since INTEGER NOT NULL, -- made or joined here, seconds since 1970
    arrivals INTEGER NOT NULL DEFAULT 0, -- the last arrival number given out
    accumulator BLOB NOT NULL CHECK (length(accumulator) = 32) -- sum over records of hash(document id, heads), four lanes of 64 bits
) STRICT;

-- Membership operations, parents first.
CREATE TABLE op (
    sid INTEGER NOT NULL REFERENCES space (sid),
    place INTEGER NOT NULL, -- order of insertion
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL, -- signed operation (postcard)
    PRIMARY KEY (sid, place),
    UNIQUE (sid, hash)
) STRICT, WITHOUT ROWID;

-- Fork proofs: two signed entries of one feed with the same predecessor.
CREATE TABLE proof (
    sid INTEGER NOT NULL REFERENCES space (sid),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL, -- proof (postcard)
    PRIMARY KEY (sid, hash)
) STRICT, WITHOUT ROWID;

-- Feeds: for each computer, space and epoch one append-only list of commits.
CREATE TABLE feed (
    fid INTEGER PRIMARY KEY NOT NULL, -- short number
    sid INTEGER NOT NULL REFERENCES space (sid),
    id BLOB NOT NULL CHECK (length(id) = 32), -- hash of the header
    actor BLOB NOT NULL CHECK (length(actor) = 16), -- the Automerge actor of its changes: first half of the id
    computer BLOB NOT NULL CHECK (length(computer) = 32),
    header BLOB NOT NULL, -- header (postcard)
    valid_len INTEGER NOT NULL DEFAULT 0, -- length of the valid prefix held
    valid_hash BLOB NOT NULL DEFAULT x'' CHECK (length(valid_hash) IN (0, 32)), -- hash of its last entry; empty when there is none
    frozen_at INTEGER NOT NULL DEFAULT 0, -- first place that does not count (R5); 0: not frozen
    frozen_why TEXT NOT NULL DEFAULT '', -- what was wrong there
    UNIQUE (sid, id)
) STRICT;

CREATE INDEX feed_actor ON feed (actor);

-- Feed entries: one commit each, as signed by its computer. Never renumbered, never deleted.
CREATE TABLE entry (
    eid INTEGER PRIMARY KEY NOT NULL, -- short number
    sid INTEGER NOT NULL REFERENCES space (sid),
    fid INTEGER NOT NULL REFERENCES feed (fid),
    seq INTEGER NOT NULL CHECK (seq >= 1), -- place in the feed; both branches of a fork may be here
    arrival INTEGER NOT NULL CHECK (arrival >= 1), -- number in this computer's order of arrival in the space
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    standing INTEGER NOT NULL CHECK (standing IN (0, 1, 2)), -- 0 valid, 1 evidence, 2 tray
    invalid TEXT NOT NULL DEFAULT '', -- why it is invalid by itself; then its changes are not kept
    items INTEGER NOT NULL, -- changes it lists
    items_so_far INTEGER NOT NULL, -- changes listed by it and all before it in its chain
    size INTEGER NOT NULL, -- bytes of its changes
    first_cid INTEGER NOT NULL, -- its changes are numbered from here on
    signed BLOB NOT NULL, -- entry and signature (postcard)
    UNIQUE (sid, arrival)
) STRICT;

CREATE INDEX entry_place ON entry (fid, seq, arrival);

CREATE INDEX entry_feed ON entry (fid, arrival);

-- Documents: one for each record.
CREATE TABLE doc (
    did INTEGER PRIMARY KEY NOT NULL, -- short number
    sid INTEGER NOT NULL REFERENCES space (sid),
    id BLOB NOT NULL CHECK (length(id) = 16),
    heads BLOB NOT NULL DEFAULT x'', -- newest accepted changes, sorted, 32 bytes each
    snapshot_cid INTEGER NOT NULL DEFAULT 0, -- the last change the snapshot holds
    snapshot BLOB NOT NULL DEFAULT x'', -- saved document, a cache: first byte 1 for zstd; empty when there is none
    UNIQUE (sid, id)
) STRICT;

-- Automerge changes: the truth. Everything below `record` can be made again from them. Only an erasure drops their bytes.
CREATE TABLE change (
    cid INTEGER PRIMARY KEY NOT NULL, -- short number, in order of arrival: parents before children
    did INTEGER NOT NULL REFERENCES doc (did),
    eid INTEGER NOT NULL REFERENCES entry (eid), -- the entry that brought it
    fid INTEGER NOT NULL REFERENCES feed (fid), -- its author's feed
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)), -- 1: it counts (R2)
    seq INTEGER NOT NULL, -- the author's count in this document; 0 when its bytes were never seen
    start_op INTEGER NOT NULL,
    max_op INTEGER NOT NULL,
    time INTEGER NOT NULL, -- claimed by its author
    deps BLOB NOT NULL, -- 32 bytes each
    packing INTEGER NOT NULL CHECK (packing IN (0, 1, 2, 3)), -- 0 plain, 1 zstd, 2 erased, 3 zstd with the first dictionary
    bytes BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX change_doc ON change (did, hash);

-- What does not count is few among many, and looked for often.
CREATE INDEX change_aside ON change (cid) WHERE accepted = 0;

-- What happened between this computer and others, in words; the oldest lines go.
CREATE TABLE log (
    n INTEGER PRIMARY KEY NOT NULL, -- the newest has the highest number
    at INTEGER NOT NULL, -- seconds since 1970; the last time, where it happened again
    kind TEXT NOT NULL, -- members, received, delivered, connected, refused
    about TEXT NOT NULL, -- lines about the same within a while become one
    count INTEGER NOT NULL CHECK (count >= 1), -- stands in the text where it says {n}
    text TEXT NOT NULL
) STRICT;

-- Named steps of this computer, for undo and redo; the newest has the highest number.
CREATE TABLE operation (
    n INTEGER PRIMARY KEY NOT NULL, -- rises
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16), -- also in the feed entries
    label TEXT NOT NULL, -- in words
    time INTEGER NOT NULL,
    undoes BLOB NOT NULL CHECK (length(undoes) IN (0, 16)) -- the step it takes back; empty for none
) STRICT;

-- The changes a step made, those whose numbers follow each other as one row.
CREATE TABLE operation_change (
    n INTEGER NOT NULL REFERENCES operation (n),
    place INTEGER NOT NULL,
    first_cid INTEGER NOT NULL, -- the first change
    changes INTEGER NOT NULL, -- how many there are from it on
    PRIMARY KEY (n, place)
) STRICT, WITHOUT ROWID;

-- What other computers have confirmed to hold. Every "has all" on the screen comes from here.
CREATE TABLE ack (
    computer BLOB NOT NULL CHECK (length(computer) = 32),
    sid INTEGER NOT NULL REFERENCES space (sid),
    at INTEGER NOT NULL, -- by our clock
    vector BLOB NOT NULL, -- vector (postcard)
    PRIMARY KEY (computer, sid)
) STRICT, WITHOUT ROWID;

-- Invitations made here.
CREATE TABLE invitation (
    n INTEGER PRIMARY KEY NOT NULL, -- rises
    id TEXT NOT NULL UNIQUE, -- lookup hash of the secret
    sid INTEGER NOT NULL REFERENCES space (sid),
    link TEXT NOT NULL,
    role TEXT NOT NULL,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    for_whom TEXT NOT NULL,
    relay TEXT NOT NULL,
    auto INTEGER NOT NULL CHECK (auto IN (0, 1)),
    secret BLOB NOT NULL CHECK (length(secret) = 16),
    state TEXT NOT NULL -- open, used or withdrawn
) STRICT;

-- What could not be read and was set aside: when, what, and its bytes as they were found. Rows stay after they are healed.
CREATE TABLE damage (
    n INTEGER PRIMARY KEY NOT NULL, -- rises
    at INTEGER NOT NULL, -- found, seconds since 1970
    what TEXT NOT NULL, -- change, entry, view, or shown (what was shown of a record that cannot be made again)
    sid INTEGER NOT NULL, -- its space; 0: not known
    doc BLOB NOT NULL CHECK (length(doc) IN (0, 16)), -- the record it belongs to; empty: none, or not known
    hash BLOB NOT NULL CHECK (length(hash) IN (0, 32)), -- hash of the change or entry; empty: none
    why TEXT NOT NULL, -- what was wrong with it
    kept BLOB NOT NULL, -- the bytes
    healed INTEGER NOT NULL DEFAULT 0 -- when it was made whole again; 0: not yet
) STRICT;

CREATE INDEX damage_doc ON damage (sid, doc) WHERE healed = 0;

-- Places in feeds of which something held was damaged. They are not offered to others, and asked of them again.
CREATE TABLE lost (
    fid INTEGER NOT NULL REFERENCES feed (fid),
    seq INTEGER NOT NULL CHECK (seq >= 1), -- place in the feed
    cid INTEGER NOT NULL, -- the change whose bytes are gone; 0: the entry itself
    PRIMARY KEY (fid, seq, cid)
) STRICT, WITHOUT ROWID;

CREATE INDEX lost_change ON lost (cid) WHERE cid > 0;

-- Through which spaces the bytes of a file came here: attached here in a record of that space, or fetched from somebody who reads it. It is given only to
-- those who read such a space, so naming the hash of a file in a shared record earns nobody the file.
CREATE TABLE held_file (
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- BLAKE3 of the file
    sid INTEGER NOT NULL REFERENCES space (sid),
    PRIMARY KEY (hash, sid)
) STRICT, WITHOUT ROWID;

-- While the query tables are made again: the records that are news (`record.news`), which no change tells.
CREATE TABLE unseen (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did)
) STRICT;

-- From here on: query tables, derived from the documents alone. They may be dropped and made again.
--
-- Records as shown and listed.
CREATE TABLE record (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    kind TEXT NOT NULL,
    created INTEGER NOT NULL, -- seconds since 1970; 0: not known
    changed INTEGER NOT NULL, -- seconds since 1970
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)), -- 1: in the trash
    conflicts INTEGER NOT NULL, -- fields with more than one value
    news INTEGER NOT NULL CHECK (news IN (0, 1)), -- 1: somebody else changed it since the person looked
    place INTEGER NOT NULL, -- its row in the text index; 0: none. Of all but people and organisations: days since 1900 << 32 | did
    view BLOB NOT NULL, -- the record as shown, without ids and what is empty (packed postcard of the JSON shape)
    collation BLOB NOT NULL DEFAULT x'', -- sort key of the name, by the rules of the language that is set
    named INTEGER NOT NULL DEFAULT 0, -- stands for the folded name; 0: none
    author INTEGER NOT NULL DEFAULT 0 -- feed of whoever made it; 0: not held
) STRICT;

-- With the space, so that a list of one kind need not look up each record to know whether it belongs to it.
CREATE INDEX record_name ON record (deleted, kind, collation, did, sid);

CREATE INDEX record_space_name ON record (sid, deleted, kind, collation, did);

CREATE INDEX record_named ON record (named) WHERE named <> 0;

CREATE INDEX record_author ON record (author, did);

-- What took place or takes place, in the order of time.
CREATE INDEX record_place ON record (kind, place) WHERE place > 4294967295;

CREATE INDEX record_news ON record (did) WHERE news = 1 AND deleted = 0;

CREATE INDEX record_changed ON record (deleted, kind, changed, did, sid);

CREATE INDEX record_created ON record (deleted, kind, created, did, sid);

CREATE INDEX record_conflicts ON record (did) WHERE conflicts > 0 AND deleted = 0;

-- How many records there are, kept up to date so that no list has to be counted.
CREATE TABLE tally (
    sid INTEGER NOT NULL REFERENCES space (sid),
    kind TEXT NOT NULL,
    live INTEGER NOT NULL, -- not in the trash
    trashed INTEGER NOT NULL,
    PRIMARY KEY (sid, kind)
) STRICT, WITHOUT ROWID;

-- Tags of records that are not in the trash.
CREATE TABLE tag (
    word TEXT NOT NULL, -- folded
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (word, did)
) STRICT, WITHOUT ROWID;

-- Who took part in which activity, for timelines; only what is not in the trash.
CREATE TABLE participant (
    target BLOB NOT NULL CHECK (length(target) = 16), -- document id; its space is not named in an activity
    at TEXT NOT NULL, -- RFC 3339
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (target, at, did)
) STRICT, WITHOUT ROWID;

-- Links from one record to another but participants, to be followed backwards; only of what is not in the trash.
CREATE TABLE link (
    target BLOB NOT NULL CHECK (length(target) = 16), -- document id; its space is not named in a link
    how TEXT NOT NULL, -- `relation TYPE`, `org`, `parent`, `assignee`, `copy`, `custom KEY`
    did INTEGER NOT NULL REFERENCES doc (did), -- the record that links
    PRIMARY KEY (target, how, did)
) STRICT, WITHOUT ROWID;

-- Which records hold which files, in the trash or not: a file that none holds may be removed.
CREATE TABLE attached (
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- BLAKE3 of the file
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (hash, did)
) STRICT, WITHOUT ROWID;

-- Values that are filtered by and sorted by: due, start, birthday (month and day), born, status, assignee, org (record), has, custom.NAME.
CREATE TABLE fact (
    name TEXT NOT NULL,
    value TEXT NOT NULL, -- folded, times as they are
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (name, value, did)
) STRICT, WITHOUT ROWID;

-- What is searched in memory of people and organisations that are not in the trash; read once, at the first search.
CREATE TABLE finder (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    org INTEGER NOT NULL CHECK (org IN (0, 1)), -- 1: an organisation
    features INTEGER NOT NULL, -- what it has, as bits
    line TEXT NOT NULL -- folded words of name, e-mails, organisations, titles, phones, tags, cities, countries; one field a line
) STRICT;

-- How often and when last one met people and organisations. Narrow, because a batch of activities touches many rows.
CREATE TABLE met (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    meetings INTEGER NOT NULL, -- activities with it
    last TEXT NOT NULL -- RFC 3339, the last of them
) STRICT;

-- Notes and the rest of people and organisations; rows numbered like `record.did`.
CREATE VIRTUAL TABLE notes_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = 'none', prefix = '2 3 4 5', tokenize = 'ascii'
);

-- Activities and everything else; rows numbered (days since 1900 << 32 | did), so the newest come first without sorting.
CREATE VIRTUAL TABLE activity_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = 'none', prefix = '2 3 4 5', tokenize = 'ascii'
);

INSERT INTO notes_text (notes_text, rank) VALUES ('automerge', 0);

INSERT INTO activity_text (activity_text, rank) VALUES ('automerge', 0);
