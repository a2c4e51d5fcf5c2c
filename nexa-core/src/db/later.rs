//! Writes on SQLite that nothing waits for yet.
//!
//! The driver runs SQLite on a thread of its own, so each statement that is waited for costs two changes of threads, several times
//! what most of ours take. SQLite runs several statements as one text, one after the other, and so do these.

use sea_query::QueryStatementBuilder;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteArguments;

use super::{DbError, bind};

/// How many stand together at most. Each row of texts is prepared and remembered as one.
const MOST: usize = 8;

/// What is to be run before anything else in its transaction.
#[derive(Default)]
pub(crate) struct Later {
    sql: String,
    arguments: SqliteArguments,
    count: usize,
    /// How many rows they must change together.
    rows: u64,
}

impl Later {
    pub(super) fn push(&mut self, statement: &impl QueryStatementBuilder, rows: u64) -> Result<(), DbError> {
        let sql = bind::sqlite_into(statement, &mut self.arguments)?;
        if self.count > 0 {
            self.sql.push_str("; ");
        }
        self.sql.push_str(&sql);
        self.count += 1;
        self.rows += rows;
        Ok(())
    }

    pub(super) const fn is_full(&self) -> bool {
        self.count == MOST
    }

    /// Runs them all, in their order.
    pub(super) async fn run(&mut self, connection: &mut sqlx::SqliteConnection) -> Result<(), DbError> {
        if self.count == 0 {
            return Ok(());
        }
        let Later { sql, arguments, rows, .. } = std::mem::take(self);
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(connection).await?;
        super::changed(done.rows_affected(), rows)
    }
}
