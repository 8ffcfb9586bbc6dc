PRAGMA application_id = 1416983668;

CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE space (
    sid INTEGER PRIMARY KEY NOT NULL,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    name TEXT NOT NULL,
    private INTEGER NOT NULL CHECK (private IN (0, 1)),
    own_feed BLOB NOT NULL CHECK (length(own_feed) IN (0, 32)),
    since INTEGER NOT NULL,
    arrivals INTEGER NOT NULL DEFAULT 0,
    accumulator BLOB NOT NULL CHECK (length(accumulator) = 32)
) STRICT;

CREATE TABLE op (
    sid INTEGER NOT NULL REFERENCES space (sid),
    place INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (sid, place),
    UNIQUE (sid, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE proof (
    sid INTEGER NOT NULL REFERENCES space (sid),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (sid, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    fid INTEGER PRIMARY KEY NOT NULL,
    sid INTEGER NOT NULL REFERENCES space (sid),
    id BLOB NOT NULL CHECK (length(id) = 32),
    actor BLOB NOT NULL CHECK (length(actor) = 16),
    computer BLOB NOT NULL CHECK (length(computer) = 32),
    header BLOB NOT NULL,
    valid_len INTEGER NOT NULL DEFAULT 0,
    valid_hash BLOB NOT NULL DEFAULT x'' CHECK (length(valid_hash) IN (0, 32)),
    frozen_at INTEGER NOT NULL DEFAULT 0,
    frozen_why TEXT NOT NULL DEFAULT '',
    UNIQUE (sid, id)
) STRICT;

CREATE INDEX feed_actor ON feed (actor);

CREATE TABLE entry (
    eid INTEGER PRIMARY KEY NOT NULL,
    sid INTEGER NOT NULL REFERENCES space (sid),
    fid INTEGER NOT NULL REFERENCES feed (fid),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    arrival INTEGER NOT NULL CHECK (arrival >= 1),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    standing INTEGER NOT NULL CHECK (standing IN (0, 1, 2)),
    invalid TEXT NOT NULL DEFAULT '',
    items INTEGER NOT NULL,
    items_so_far INTEGER NOT NULL,
    size INTEGER NOT NULL,
    first_cid INTEGER NOT NULL,
    signed BLOB NOT NULL,
    UNIQUE (sid, arrival)
) STRICT;

CREATE INDEX entry_place ON entry (fid, seq, arrival);

CREATE INDEX entry_feed ON entry (fid, arrival);

CREATE TABLE doc (
    did INTEGER PRIMARY KEY NOT NULL,
    sid INTEGER NOT NULL REFERENCES space (sid),
    id BLOB NOT NULL CHECK (length(id) = 16),
    heads BLOB NOT NULL DEFAULT x'',
    snapshot_cid INTEGER NOT NULL DEFAULT 0,
    snapshot BLOB NOT NULL DEFAULT x'',
    UNIQUE (sid, id)
) STRICT;

CREATE TABLE change (
    cid INTEGER PRIMARY KEY NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    eid INTEGER NOT NULL REFERENCES entry (eid),
    fid INTEGER NOT NULL REFERENCES feed (fid),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    seq INTEGER NOT NULL,
    start_op INTEGER NOT NULL,
    max_op INTEGER NOT NULL,
    time INTEGER NOT NULL,
    deps BLOB NOT NULL,
    packing INTEGER NOT NULL CHECK (packing IN (0, 1, 2)),
    bytes BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX change_doc ON change (did, hash);

CREATE TABLE operation (
    n INTEGER PRIMARY KEY NOT NULL,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    label TEXT NOT NULL,
    time INTEGER NOT NULL,
    undoes BLOB NOT NULL CHECK (length(undoes) IN (0, 16))
) STRICT;

CREATE TABLE operation_change (
    n INTEGER NOT NULL REFERENCES operation (n),
    place INTEGER NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (n, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE ack (
    computer BLOB NOT NULL CHECK (length(computer) = 32),
    sid INTEGER NOT NULL REFERENCES space (sid),
    at INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (computer, sid)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    n INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    sid INTEGER NOT NULL REFERENCES space (sid),
    link TEXT NOT NULL,
    role TEXT NOT NULL,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    for_whom TEXT NOT NULL,
    relay TEXT NOT NULL,
    auto INTEGER NOT NULL CHECK (auto IN (0, 1)),
    secret BLOB NOT NULL CHECK (length(secret) = 16),
    state TEXT NOT NULL
) STRICT;

CREATE TABLE record (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    kind TEXT NOT NULL,
    sort TEXT NOT NULL,
    created TEXT NOT NULL,
    changed TEXT NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    conflicts INTEGER NOT NULL,
    news INTEGER NOT NULL CHECK (news IN (0, 1)),
    place INTEGER NOT NULL,
    view BLOB NOT NULL
) STRICT;

CREATE INDEX record_name ON record (deleted, kind, sort, did);

CREATE INDEX record_space_name ON record (sid, deleted, kind, sort, did);

CREATE INDEX record_changed ON record (deleted, kind, changed, did, sid);

CREATE INDEX record_created ON record (deleted, kind, created, did, sid);

CREATE INDEX record_conflicts ON record (did) WHERE conflicts > 0 AND deleted = 0;

CREATE TABLE tally (
    sid INTEGER NOT NULL REFERENCES space (sid),
    kind TEXT NOT NULL,
    live INTEGER NOT NULL,
    trashed INTEGER NOT NULL,
    PRIMARY KEY (sid, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
    word TEXT NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (word, did)
) STRICT, WITHOUT ROWID;

CREATE TABLE participant (
    target BLOB NOT NULL CHECK (length(target) = 16),
    at TEXT NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (target, at, did)
) STRICT, WITHOUT ROWID;

CREATE TABLE finder (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    org INTEGER NOT NULL CHECK (org IN (0, 1)),
    line TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE notes_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = 'none', prefix = '2 3 4 5', tokenize = 'ascii'
);

CREATE VIRTUAL TABLE activity_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = 'none', prefix = '2 3 4 5', tokenize = 'ascii'
);

INSERT INTO notes_text (notes_text, rank) VALUES ('automerge', 0);

INSERT INTO activity_text (activity_text, rank) VALUES ('automerge', 0);
