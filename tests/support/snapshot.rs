use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};

/// A control plane's file, opened by somebody else.
pub(crate) struct Database(SqlitePool);

impl Database {
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
        Database(SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap())
    }

    /// Changes it behind the control plane's back; gives the number of rows.
    pub(crate) async fn tamper(&self, sql: impl Into<String>) -> u64 {
        sqlx::query(AssertSqlSafe(sql.into())).execute(&self.0).await.unwrap().rows_affected()
    }

    /// The first column of every row.
    pub(crate) async fn column(&self, sql: impl Into<String>) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.into())).fetch_all(&self.0).await.unwrap()
    }

    /// Every row of every table, in the order they were written in. Rows that audit a refusal are left out: they are
    /// the one thing that a refused call may write.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut rows = BTreeMap::new();
        for table in self.column(tables).await {
            let columns = format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')");
            let columns = self.column(columns).await.join(" || ' ' || ");
            let only = if table == "audit_logs" { "WHERE status <> 'refused'" } else { "" };
            let all = format!("SELECT {columns} FROM \"{table}\" {only} ORDER BY rowid");
            rows.insert(table, self.column(all).await);
        }
        Snapshot(rows)
    }
}

/// What a database held at a moment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// Refuses any difference, and shows it.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self, after: &Snapshot, why: &str) {
        let difference = self.difference(after);
        assert!(difference.is_empty(), "{why}:\n{difference}");
    }

    /// The rows that are only in one of the two; empty when there is no difference.
    pub(crate) fn difference(&self, after: &Snapshot) -> String {
        let mut text = String::new();
        for (table, rows) in &self.0 {
            for row in rows.iter().filter(|row| !after.rows(table).contains(row)) {
                writeln!(text, "  - {table}: {row}").unwrap();
            }
        }
        for (table, rows) in &after.0 {
            for row in rows.iter().filter(|row| !self.rows(table).contains(row)) {
                writeln!(text, "  + {table}: {row}").unwrap();
            }
        }
        text
    }

    fn rows(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}
