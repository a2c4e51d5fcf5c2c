//! What a database file holds, read and written past the library.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// A second connection to a database file.
pub(crate) struct Stored(SqliteConnection);

/// What stands in every table but the record of migrations, one text per row.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

impl Stored {
    /// Opens a file that must exist. Waits for no lock: whoever left one held is found out.
    pub(crate) async fn open(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO);
        Stored(SqliteConnection::connect_with(&options).await.unwrap())
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }

    pub(crate) async fn execute(&mut self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.0).await.unwrap();
    }

    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.0).await.unwrap()
    }

    /// Writes and takes it back, which fails when another transaction is open.
    pub(crate) async fn assert_unlocked(&mut self) {
        self.execute("BEGIN IMMEDIATE").await;
        self.execute("ROLLBACK").await;
    }

    pub(crate) async fn tables(&mut self) -> Tables {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                     AND name <> 'nexa_migrations'";
        let mut tables = Tables::new();
        for name in self.texts(names).await {
            let row = format!(
                "SELECT 'SELECT ' || group_concat('quote(\"' || name || '\")', ' || '','' || ') \
                 || ' FROM \"{name}\" ORDER BY 1' FROM pragma_table_info('{name}')"
            );
            let [rows] = &self.texts(&row).await[..] else { panic!("{name} has no columns") };
            tables.insert(name, self.texts(rows).await);
        }
        tables
    }

    /// Asserts what must hold of every database at every moment: pages and indexes agree, every reference leads
    /// somewhere, and each pool is made of its free ranges, its reservations and its live allocations, without a gap
    /// and without an overlap.
    pub(crate) async fn assert_sound(&mut self) {
        assert_eq!(self.texts("PRAGMA integrity_check").await, ["ok"]);
        assert_eq!(self.number("SELECT count(*) FROM pragma_foreign_key_check").await, 0);
        let pools = "SELECT id, cidr_first, cidr_last FROM ip_pools WHERE live = 1";
        for pool in sqlx::query(pools).fetch_all(&mut self.0).await.unwrap() {
            let whole = Part { kind: "pool", first: number(pool.get(1)), last: number(pool.get(2)) };
            assert_divided(whole, self.parts(pool.get(0)).await);
        }
    }

    async fn parts(&mut self, pool: Vec<u8>) -> Vec<Part> {
        let parts = "SELECT 'free', first, last FROM ip_free_ranges WHERE pool_id = ?1 UNION ALL \
                     SELECT 'reserved', first, last FROM ip_reservations WHERE pool_id = ?1 UNION ALL \
                     SELECT 'allocated', address, address FROM ip_allocations WHERE pool_id = ?1 AND live = 1";
        let rows = sqlx::query(parts).bind(pool).fetch_all(&mut self.0).await.unwrap();
        let part = |row: &sqlx::sqlite::SqliteRow| Part {
            kind: match row.get(0) {
                "free" => "free",
                "reserved" => "reserved",
                _ => "allocated",
            },
            first: number(row.get(1)),
            last: number(row.get(2)),
        };
        rows.iter().map(part).collect()
    }

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.0).await.unwrap()
    }
}

#[derive(Clone, Copy, Debug)]
struct Part {
    kind: &'static str,
    first: u128,
    last: u128,
}

/// The number in an address of 17 bytes; the family is the same in the whole pool.
fn number(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(bytes[1..].try_into().unwrap())
}

fn assert_divided(whole: Part, mut parts: Vec<Part>) {
    parts.sort_by_key(|part| part.first);
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { panic!("{whole:?} is empty") };
    assert_eq!((first.first, last.last), (whole.first, whole.last), "{whole:?} is not {parts:?}");
    for part in &parts {
        assert!(part.first <= part.last, "{part:?} is reversed");
    }
    for pair in parts.windows(2) {
        assert_eq!(pair[0].last.checked_add(1), Some(pair[1].first), "between {pair:?}");
        assert!(pair[0].kind != "free" || pair[1].kind != "free", "free ranges touch: {pair:?}");
    }
}
