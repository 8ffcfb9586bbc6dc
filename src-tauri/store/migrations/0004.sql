DROP INDEX record_name;

DROP INDEX record_space_name;

ALTER TABLE record DROP COLUMN sort;

ALTER TABLE record ADD COLUMN collation BLOB NOT NULL DEFAULT x'';

ALTER TABLE record ADD COLUMN named INTEGER NOT NULL DEFAULT 0;

ALTER TABLE record ADD COLUMN author INTEGER NOT NULL DEFAULT 0;

CREATE INDEX record_name ON record (deleted, kind, collation, did);

CREATE INDEX record_space_name ON record (sid, deleted, kind, collation, did);

CREATE INDEX record_named ON record (named) WHERE named <> 0;

CREATE INDEX record_author ON record (author, did);

CREATE INDEX record_place ON record (kind, place) WHERE place > 4294967295;

CREATE INDEX record_news ON record (did) WHERE news = 1 AND deleted = 0;

CREATE TABLE fact (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (name, value, did)
) STRICT, WITHOUT ROWID;

DROP TABLE finder;

CREATE TABLE finder (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    sid INTEGER NOT NULL REFERENCES space (sid),
    org INTEGER NOT NULL CHECK (org IN (0, 1)),
    features INTEGER NOT NULL,
    line TEXT NOT NULL
) STRICT;

CREATE TABLE met (
    did INTEGER PRIMARY KEY NOT NULL REFERENCES doc (did),
    meetings INTEGER NOT NULL,
    last TEXT NOT NULL
) STRICT;

UPDATE meta SET value = x'' WHERE key = 'store.projections';
