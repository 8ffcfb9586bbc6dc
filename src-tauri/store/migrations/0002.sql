CREATE TABLE damage (
    n INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    sid INTEGER NOT NULL,
    doc BLOB NOT NULL CHECK (length(doc) IN (0, 16)),
    hash BLOB NOT NULL CHECK (length(hash) IN (0, 32)),
    why TEXT NOT NULL,
    kept BLOB NOT NULL,
    healed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX damage_doc ON damage (sid, doc) WHERE healed = 0;

CREATE TABLE lost (
    fid INTEGER NOT NULL REFERENCES feed (fid),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    cid INTEGER NOT NULL,
    PRIMARY KEY (fid, seq, cid)
) STRICT, WITHOUT ROWID;

CREATE INDEX lost_change ON lost (cid) WHERE cid > 0;

CREATE TABLE unseen (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did)
) STRICT;
