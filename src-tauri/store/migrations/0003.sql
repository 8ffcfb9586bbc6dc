CREATE TABLE link (
    target BLOB NOT NULL CHECK (length(target) = 16),
    how TEXT NOT NULL,
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (target, how, did)
) STRICT, WITHOUT ROWID;

CREATE TABLE attached (
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    did INTEGER NOT NULL REFERENCES doc (did),
    PRIMARY KEY (hash, did)
) STRICT, WITHOUT ROWID;
