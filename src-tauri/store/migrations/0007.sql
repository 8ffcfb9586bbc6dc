-- What does not count is few among many, and looked for often.
CREATE INDEX change_aside ON change (cid) WHERE accepted = 0;

-- What happened between this computer and others, in words; the oldest lines go.
CREATE TABLE log (
    n INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    text TEXT NOT NULL
) STRICT;

-- Members who were there before are no news.
INSERT INTO meta (key, value)
    SELECT 'log.ops.' || lower(hex(space.id)), CAST(CAST(max(op.place) + 1 AS TEXT) AS BLOB) FROM op JOIN space USING (sid) GROUP BY op.sid;
