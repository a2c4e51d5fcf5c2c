use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::{Backend, Place};

/// A control plane's database, opened by somebody else.
pub(crate) struct Database {
    pool: Pool,
    /// The statement that selects every row, once it was needed.
    everything: tokio::sync::OnceCell<String>,
}

enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    Mysql(sqlx::MySqlPool),
}

/// The same on whichever pool it is.
macro_rules! on_pool {
    ($database:expr, |$pool:ident| $run:expr) => {
        match &$database.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite($pool) => $run,
            #[cfg(feature = "postgres")]
            Pool::Postgres($pool) => $run,
            #[cfg(feature = "mysql")]
            Pool::Mysql($pool) => $run,
        }
    };
}

impl Database {
    pub(crate) async fn open(place: &Place) -> Self {
        let pool = match place.backend() {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite => {
                let options =
                    sqlx::sqlite::SqliteConnectOptions::new().filename(place.path()).foreign_keys(true);
                let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
                Pool::Sqlite(pool.connect_with(options).await.unwrap())
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres => {
                let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1);
                Pool::Postgres(pool.connect(place.url()).await.unwrap())
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql => {
                let pool = sqlx::mysql::MySqlPoolOptions::new().max_connections(1);
                Pool::Mysql(pool.connect(&super::one_node(place.url())).await.unwrap())
            }
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            other => panic!("this build has no {other:?}"),
        };
        Database { pool, everything: tokio::sync::OnceCell::new() }
    }

    /// Breaks the connection off, whatever is under way on it.
    pub(crate) async fn hang_up(self) {
        on_pool!(self, |pool| {
            // Taken out of the pool, which would take back what it has begun.
            drop(pool.acquire().await.unwrap().detach());
            pool.close().await;
        });
    }

    /// Changes it behind the control plane's back; gives the number of rows.
    pub(crate) async fn tamper(&self, sql: impl Into<String>) -> u64 {
        let sql = AssertSqlSafe(sql.into());
        on_pool!(self, |pool| sqlx::query(sql).execute(pool).await.unwrap().rows_affected())
    }

    /// The first column of every row.
    pub(crate) async fn column(&self, sql: impl Into<String>) -> Vec<String> {
        let sql = AssertSqlSafe(sql.into());
        on_pool!(self, |pool| sqlx::query_scalar(sql).fetch_all(pool).await.unwrap())
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        on_pool!(self, |pool| sqlx::query_scalar(sql).fetch_one(pool).await.unwrap())
    }

    /// Lets rows be written that the schema refuses, where a test is about what a damaged database does.
    pub(crate) async fn allow_damage(&self) {
        match self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => {
                self.tamper("PRAGMA foreign_keys = OFF").await;
                self.tamper("PRAGMA ignore_check_constraints = ON").await;
            }
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            _ => panic!("only SQLite lets its constraints be passed over"),
        }
    }

    /// Every row of every table. Rows that audit an attempt which came to nothing are left out: they are the one thing that
    /// such a call may write. So is what seals the audit, which may come at any moment, and the positions of events, which readers give.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        // One statement for all of them, written once: a test may look hundreds of times.
        let everything = self.everything.get_or_init(|| self.select_everything()).await;
        let mut rows = BTreeMap::<_, Vec<_>>::new();
        for line in self.column(everything.clone()).await {
            let (table, row) = line.split_once(' ').unwrap();
            rows.entry(table.to_owned()).or_default().push(row.to_owned());
        }
        rows.values_mut().for_each(|rows| rows.sort());
        Snapshot(rows)
    }

    async fn select_everything(&self) -> String {
        let mut selects = Vec::new();
        for table in self.column(self.tables()).await {
            if ["audit_seals", "leases"].contains(&table.as_str()) {
                continue;
            }
            let only = match table.as_str() {
                "audit_logs" => "WHERE status = 'done'",
                "counters" => "WHERE name <> 'events.position'",
                _ => "",
            };
            let mut columns = self.column(self.columns_as_text(&table)).await;
            let later = match table.as_str() {
                "audit_logs" => Some("seal"),
                "events" => Some("position"),
                _ => None,
            };
            if let Some(later) = later {
                let names = [format!("\"{later}\""), format!("`{later}`")];
                columns.retain(|column| !names.iter().any(|name| column.contains(name)));
            }
            selects.push(match self.pool {
                #[cfg(feature = "mysql")]
                Pool::Mysql(_) => {
                    format!("SELECT CONCAT_WS(' ', '{table}', {}) FROM `{table}` {only}", columns.join(", "))
                }
                #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
                _ => format!("SELECT '{table} ' || {} FROM \"{table}\" {only}", columns.join(" || ' ' || ")),
            });
        }
        selects.join(" UNION ALL ")
    }

    fn tables(&self) -> &'static str {
        match self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => {
                "SELECT table_name::TEXT FROM information_schema.tables WHERE table_schema = current_schema()"
            }
            #[cfg(feature = "mysql")]
            Pool::Mysql(_) => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
        }
    }

    fn columns_as_text(&self, table: &str) -> String {
        match self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => {
                format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')")
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => format!(
                "SELECT 'COALESCE(\"' || column_name || '\"::TEXT, ''NULL'')' FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
            #[cfg(feature = "mysql")]
            Pool::Mysql(_) => format!(
                "SELECT CONCAT('COALESCE(HEX(`', column_name, '`), ''NULL'')') FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        }
    }
}

/// What a database held at a moment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// The same without these tables.
    pub(crate) fn without(&self, tables: &[&str]) -> Snapshot {
        let kept = self.0.iter().filter(|(table, _)| !tables.contains(&table.as_str()));
        Snapshot(kept.map(|(table, rows)| (table.clone(), rows.clone())).collect())
    }

    /// Refuses any difference, and shows it.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self, after: &Snapshot, why: &str) {
        let difference = self.difference(after);
        assert!(difference.is_empty(), "{why}:\n{difference}");
    }

    /// The rows that are only in one of the two; empty when there is no difference.
    pub(crate) fn difference(&self, after: &Snapshot) -> String {
        let mut text = String::new();
        // Both are sorted.
        for (table, rows) in &self.0 {
            for row in rows.iter().filter(|row| after.rows(table).binary_search(row).is_err()) {
                writeln!(text, "  - {table}: {row}").unwrap();
            }
        }
        for (table, rows) in &after.0 {
            for row in rows.iter().filter(|row| self.rows(table).binary_search(row).is_err()) {
                writeln!(text, "  + {table}: {row}").unwrap();
            }
        }
        text
    }

    /// Every row, with its table; bytes as hexadecimal digits.
    pub(crate) fn text(&self) -> String {
        let rows =
            self.0.iter().flat_map(|(table, rows)| rows.iter().map(move |row| format!("{table} {row}\n")));
        rows.collect()
    }

    fn rows(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}
