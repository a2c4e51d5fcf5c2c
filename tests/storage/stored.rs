//! What a database file holds, read and written past the library.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::sound::assert_sound;

/// A second connection to a database file.
pub(crate) struct Stored(SqliteConnection);

/// What stands in every table but the record of migrations, one text per row; without what audits an attempt that came to
/// nothing, and what seals the audit.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

impl Stored {
    /// Opens a file that must exist. Waits for a lock, but not for one that nobody lets go of.
    pub(crate) async fn open(file: &Path) -> Self {
        Self::open_within(file, Duration::from_secs(10)).await
    }

    /// Opens a file that nobody else has open any more. Waits for no lock.
    pub(crate) async fn open_alone(file: &Path) -> Self {
        Self::open_within(file, Duration::ZERO).await
    }

    async fn open_within(file: &Path, time: Duration) -> Self {
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(time);
        Stored(SqliteConnection::connect_with(&options).await.unwrap())
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }

    pub(crate) async fn execute(&mut self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.0).await.unwrap();
    }

    /// What the database says against a statement.
    pub(crate) async fn refusal(&mut self, sql: &str) -> String {
        let refused = sqlx::query(AssertSqlSafe(sql)).execute(&mut self.0).await.expect_err(sql);
        refused.as_database_error().expect(sql).message().to_owned()
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
                     AND name NOT IN ('nexa_migrations', 'audit_seals', 'leases')";
        let mut tables = Tables::new();
        for name in self.texts(names).await {
            let (only, but) = match name.as_str() {
                "audit_logs" => ("WHERE status = ''done''", "WHERE name <> 'seal'"),
                "counters" => ("WHERE name <> ''events.position''", ""),
                "events" => ("", "WHERE name <> 'position'"),
                _ => ("", ""),
            };
            let row = format!(
                "SELECT 'SELECT ' || group_concat('quote(\"' || name || '\")', ' || '','' || ') \
                 || ' FROM \"{name}\" {only} ORDER BY 1' FROM pragma_table_info('{name}') {but}"
            );
            let [rows] = &self.texts(&row).await[..] else { panic!("{name} has no columns") };
            tables.insert(name, self.texts(rows).await);
        }
        tables
    }

    /// Asserts what must hold of every database at every moment.
    pub(crate) async fn assert_sound(&mut self) {
        assert_sound(&mut self.0).await;
    }

    /// The first column of every row.
    pub(crate) async fn texts(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.0).await.unwrap()
    }
}
