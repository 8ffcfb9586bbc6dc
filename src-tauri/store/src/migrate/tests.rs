#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use super::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything in the schema, without comments and in one spacing, one statement a line.
fn schema(connection: &Connection) -> String {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut lines: Vec<String> = rows.map(|sql| plain(&sql.unwrap())).collect();
    lines.push(format!("PRAGMA user_version = {};", version(connection).unwrap()));
    lines.join("\n") + "\n"
}

fn plain(sql: &str) -> String {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let words = code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace('"', "").replace("( ", "(").replace(" )", ")").replace(" ,", ",") + ";"
}

fn migrated(target: u32) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrate_to(&connection, target).unwrap();
    connection
}

#[test]
fn the_commented_schema_is_what_the_migrations_make() {
    let commented = std::fs::read_to_string(root().join("docs/schema.sql")).unwrap();
    let documented = Connection::open_in_memory().unwrap();
    documented.execute_batch(&commented).unwrap();
    assert_eq!(schema(&documented), schema(&migrated(newest())), "docs/schema.sql and src-tauri/store/migrations differ");
    let id: i64 = documented.query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
    assert_eq!(id, APPLICATION_ID);
}

/// A released migration is never edited: vaults made by it would be something else than the next migration expects.
/// `TUTTU_UPDATE_FIXTURES=1` writes the fixture of a new one.
#[test]
fn every_released_schema_is_still_what_it_was() {
    for made in 1..=newest() {
        let fixture = root().join(format!("tests/fixtures/schema/{made:04}.sql"));
        let now = schema(&migrated(made));
        if std::env::var_os("TUTTU_UPDATE_FIXTURES").is_some() {
            std::fs::write(&fixture, &now).unwrap();
        }
        let frozen = std::fs::read_to_string(&fixture).unwrap_or_default();
        assert_eq!(frozen, now, "{} is frozen", fixture.display());
    }
}

#[test]
fn every_earlier_schema_is_brought_up_to_date() {
    for made in 0..newest() {
        let old = migrated(made);
        migrate(&old).unwrap();
        assert_eq!(schema(&old), schema(&migrated(newest())));
    }
}

#[test]
fn migrating_twice_changes_nothing() {
    let connection = migrated(newest());
    connection.execute("INSERT INTO setting (key, value) VALUES ('a', 'b')", []).unwrap();
    let before = schema(&connection);
    migrate(&connection).unwrap();
    assert_eq!(schema(&connection), before);
    let kept: String = connection.query_row("SELECT value FROM setting", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "b");
}

#[test]
fn every_table_is_strict() {
    let loose = "SELECT group_concat(name) FROM pragma_table_list
        WHERE type = 'table' AND schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'";
    let found: Option<String> = migrated(newest()).query_row(loose, [], |row| row.get(0)).unwrap();
    assert_eq!(found, None);
}

#[test]
fn every_column_of_ours_is_not_null() {
    let loose = "SELECT group_concat(t.name || '.' || c.name) FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND t.schema = 'main' AND NOT c.\"notnull\" AND t.name NOT LIKE 'sqlite_%'";
    let found: Option<String> = migrated(newest()).query_row(loose, [], |row| row.get(0)).unwrap();
    assert_eq!(found, None);
}

#[test]
fn lists_come_out_of_an_index_in_order() {
    let connection = migrated(newest());
    for (sql, index) in [
        ("SELECT did FROM record WHERE deleted = ?1 AND kind = ?2 ORDER BY collation, did", "record_name"),
        ("SELECT did FROM record WHERE deleted = ?1 AND kind = ?2 AND sid = ?3 ORDER BY collation, did", "record_space_name"),
        ("SELECT did FROM record WHERE deleted = ?1 AND kind = ?2 ORDER BY changed DESC, did DESC", "record_changed"),
        ("SELECT did FROM record WHERE deleted = ?1 AND kind = ?2 ORDER BY created DESC, did DESC", "record_created"),
        ("SELECT did FROM record INDEXED BY record_conflicts WHERE conflicts > 0 AND deleted = 0 ORDER BY did", "record_conflicts"),
    ] {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let none = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, statement.parameter_count()));
        let plan: Vec<String> = statement.query_map(none, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        let plan = plan.join("; ");
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}
