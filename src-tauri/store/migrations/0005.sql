DROP INDEX record_name;

CREATE INDEX record_name ON record (deleted, kind, collation, did, sid);
