-- Changes may be packed with a dictionary.
CREATE TABLE packed (
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
    packing INTEGER NOT NULL CHECK (packing IN (0, 1, 2, 3)),
    bytes BLOB NOT NULL
) STRICT;

INSERT INTO packed SELECT * FROM change;

DROP TABLE change;

ALTER TABLE packed RENAME TO change;

CREATE UNIQUE INDEX change_doc ON change (did, hash);

-- A step names its changes by number, those that follow each other as one row.
CREATE TABLE stretch (
    n INTEGER NOT NULL REFERENCES operation (n),
    place INTEGER NOT NULL,
    first_cid INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    PRIMARY KEY (n, place)
) STRICT, WITHOUT ROWID;

INSERT INTO stretch SELECT n, place, cid, 1 FROM operation_change JOIN change USING (did, hash);

DROP TABLE operation_change;

ALTER TABLE stretch RENAME TO operation_change;

-- Times of records are numbers.
CREATE TABLE timed (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    conflicts INTEGER NOT NULL,
    news INTEGER NOT NULL CHECK (news IN (0, 1)),
    place INTEGER NOT NULL,
    view BLOB NOT NULL,
    collation BLOB NOT NULL DEFAULT x'',
    named INTEGER NOT NULL DEFAULT 0,
    author INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO timed SELECT did, sid, kind, coalesce(unixepoch(created), 0), coalesce(unixepoch(changed), 0), deleted, conflicts, news, place, view, collation,
    named, author FROM record;

DROP TABLE record;

ALTER TABLE timed RENAME TO record;

CREATE INDEX record_name ON record (deleted, kind, collation, did, sid);

CREATE INDEX record_space_name ON record (sid, deleted, kind, collation, did);

CREATE INDEX record_named ON record (named) WHERE named <> 0;

CREATE INDEX record_author ON record (author, did);

CREATE INDEX record_place ON record (kind, place) WHERE place > 4294967295;

CREATE INDEX record_news ON record (did) WHERE news = 1 AND deleted = 0;

CREATE INDEX record_changed ON record (deleted, kind, changed, did, sid);

CREATE INDEX record_created ON record (deleted, kind, created, did, sid);

CREATE INDEX record_conflicts ON record (did) WHERE conflicts > 0 AND deleted = 0;

-- Through which spaces the bytes of a file came here. Files were not exchanged until now: those of private spaces are the person's own.
CREATE TABLE held_file (
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    sid INTEGER NOT NULL REFERENCES space (sid),
    PRIMARY KEY (hash, sid)
) STRICT, WITHOUT ROWID;

INSERT INTO held_file SELECT DISTINCT hash, doc.sid FROM attached JOIN doc USING (did) JOIN space USING (sid) WHERE private = 1;
