//! The only files that know which database it is.
//!
//! A store builds a statement once with sea-query, in the subset that means the same everywhere (ADR 0002): plain
//! INSERT, SELECT, UPDATE and DELETE, the unique violation as the signal of a conflict, compare-and-set with
//! [`Tx::execute`]'s count. What differs between the databases is here: how they are opened, how a transaction begins,
//! and what their errors mean.

mod bind;
mod bulk;
pub(crate) mod counter;
mod error;
#[cfg(feature = "sqlite")]
mod later;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod tuning;
mod value;

pub(crate) use error::DbError;
pub(crate) use row::Row;
pub(crate) use statement::{Owner, insert_row, page_by_id, within};
pub(crate) use value::{
    bytes_to_cidr, cidr_columns, hex, ip_bytes, ip_from_bytes, list_from_text, list_to_text,
};

use std::time::Duration;

use sea_query::QueryStatementBuilder;
use sqlx::AssertSqlSafe;

use crate::error::{Code, Error, Result};

/// How often a transaction is begun again before the caller hears of it: some three seconds in all.
pub(crate) const REPEATS: u32 = 20;
/// After how long it is not begun again, however seldom it was.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(300);

/// Whether nothing of a failed transaction was stored and the same one may pass if it is begun again at once. A connection
/// that was lost before the COMMIT is one of them: the server takes back what it was told.
pub(crate) fn is_worth_repeating(refused: &Error) -> bool {
    [Code::DbContended, Code::DbNotServing, Code::DbUnreachable, Code::IpamRaced]
        .iter()
        .any(|code| refused.code() == code.as_str())
}

/// Where a database is.
#[cfg_attr(
    not(all(feature = "sqlite", any(feature = "postgres", feature = "mysql"))),
    allow(dead_code, reason = "which of them there are depends on the build")
)]
pub(crate) enum Place<'a> {
    Memory,
    File(&'a std::path::Path),
    Server,
}

/// One database, open.
pub(crate) enum Db {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
    #[cfg(feature = "mysql")]
    Mysql(mysql::Mysql),
}

/// What a transaction may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Read,
    Write,
}

/// An open transaction; rolled back when dropped.
pub(crate) enum Tx {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>, later::Later),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    Mysql(sqlx::Transaction<'static, sqlx::MySql>),
}

impl Db {
    /// Opens the database that `url` names, creates it where that is possible, and brings its schema up to date.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let not_built = |scheme: &str| Err(DbError::NotBuilt { scheme: scheme.to_owned() }.into());
        match url.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", rest)) => Ok(Db::Sqlite(sqlite::Sqlite::open(rest).await?)),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => Ok(Db::Postgres(postgres::Postgres::open(url).await?)),
            #[cfg(feature = "mysql")]
            Some(("mysql" | "mariadb", rest)) => Ok(Db::Mysql(mysql::Mysql::open(rest).await?)),
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            Some((scheme @ ("sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb"), _)) => {
                not_built(scheme)
            }
            Some((scheme, _)) if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic()) => {
                Err(Error::invalid("url", format!("names no known database: {scheme}:")))
            }
            _ => {
                Err(Error::invalid("url", "does not begin with the kind of database, such as sqlite:nexa.db"))
            }
        }
    }

    pub(crate) fn place(&self) -> Place<'_> {
        match self {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(sqlite) => sqlite.path().map_or(Place::Memory, Place::File),
            #[cfg(feature = "postgres")]
            Db::Postgres(_) => Place::Server,
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Place::Server,
        }
    }

    pub(crate) async fn begin(&self, mode: Mode) -> Result<Tx, DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(sqlite) => sqlite.begin(mode).await.map(|tx| Tx::Sqlite(tx, later::Later::default())),
            #[cfg(feature = "postgres")]
            Db::Postgres(postgres) => postgres.begin(mode).await.map(Tx::Postgres),
            #[cfg(feature = "mysql")]
            Db::Mysql(mysql) => mysql.begin(mode).await.map(Tx::Mysql),
        }
    }

    /// The server that is asked first, for [`before_repeating`](Self::before_repeating).
    pub(crate) fn in_use(&self) -> usize {
        match self {
            #[cfg(feature = "mysql")]
            Db::Mysql(mysql) => mysql.in_use(),
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            _ => 0,
        }
    }

    /// Whether something that "is there already" may be an error of the database's: nodes of a cluster have said so of keys that
    /// were never used, while another came back. It is believed when it is said twice.
    pub(crate) fn may_be_mistaken(&self, refused: &Error) -> bool {
        match self {
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => refused.kind() == crate::ErrorKind::AlreadyExists,
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            _ => {
                let _ = refused;
                false
            }
        }
    }

    /// Gives the others time, more each time and never the same, and asks another server where the one that was in use cannot
    /// serve.
    #[cfg_attr(not(feature = "mysql"), allow(unused_variables, reason = "only a cluster has another server"))]
    pub(crate) async fn before_repeating(&self, refused: &Error, repeats: u32, in_use: usize) {
        match self {
            #[cfg(feature = "mysql")]
            Db::Mysql(mysql)
                if [Code::DbNotServing, Code::DbUnreachable]
                    .iter()
                    .any(|code| refused.code() == code.as_str()) =>
            {
                mysql.turn_away_from(in_use);
            }
            _ => {}
        }
        pause(repeats).await;
    }

    /// Waits for what is under way, then closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(sqlite) => sqlite.close().await,
            #[cfg(feature = "postgres")]
            Db::Postgres(postgres) => postgres.close().await,
            #[cfg(feature = "mysql")]
            Db::Mysql(mysql) => mysql.close().await,
        }
    }
}

/// Waits so long for a server that lets nothing be heard, and no longer.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn in_time<T>(
    patience: Duration,
    connecting: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DbError> {
    match tokio::time::timeout(patience, connecting).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(DbError::Unreachable("the server did not answer in time".to_owned())),
    }
}

/// Gives the others time, more each time and never the same.
async fn pause(repeats: u32) {
    let most = LONGEST_PAUSE.min(SHORTEST_PAUSE.saturating_mul(1 << repeats.min(16)));
    let mut byte = [u8::MAX];
    // Without randomness the pause is the longest, which is right too.
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing is decided by it, and the host's may repeat itself"
    )]
    let _ = getrandom::fill(&mut byte);
    #[expect(clippy::disallowed_methods, reason = "what is waited for is in other programs' hands")]
    tokio::time::sleep(most.mul_f64(f64::from(byte[0]) / 255.0)).await;
}

/// The same work on whichever transaction it is: `$run` gets a prepared query and the connection.
macro_rules! on_connection {
    ($tx:expr, $statement:expr, |$query:ident, $connection:ident, $row:ident| $run:expr) => {
        match $tx {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx, later) => {
                later.run(tx).await?;
                let (sql, arguments) = bind::sqlite($statement)?;
                let ($query, $connection) = (sqlx::query_with(AssertSqlSafe(sql), arguments), &mut **tx);
                #[allow(unused_variables, reason = "not every caller reads rows")]
                let $row = Row::Sqlite;
                $run
            }
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => {
                let (sql, arguments) = bind::postgres($statement)?;
                let ($query, $connection) = (sqlx::query_with(AssertSqlSafe(sql), arguments), &mut **tx);
                #[allow(unused_variables, reason = "not every caller reads rows")]
                let $row = Row::Postgres;
                $run
            }
            #[cfg(feature = "mysql")]
            Tx::Mysql(tx) => {
                let (sql, arguments) = bind::mysql($statement)?;
                let ($query, $connection) = (sqlx::query_with(AssertSqlSafe(sql), arguments), &mut **tx);
                #[allow(unused_variables, reason = "not every caller reads rows")]
                let $row = Row::Mysql;
                $run
            }
        }
    };
}

/// Whether as many rows were changed as had to be.
fn changed(rows: u64, expected: u64) -> Result<(), DbError> {
    match rows == expected {
        true => Ok(()),
        false => Err(DbError::Contended(format!("{rows} rows were changed where {expected} had to be"))),
    }
}

impl Tx {
    /// Runs a statement and says how many rows it matched.
    pub(crate) async fn execute(&mut self, statement: &impl QueryStatementBuilder) -> Result<u64, DbError> {
        on_connection!(self, statement, |query, connection, row| {
            Ok(query.execute(connection).await?.rows_affected())
        })
    }

    /// Runs a write that must change so many rows, when nothing that follows needs to know whether it did: on SQLite it is run
    /// together with those that follow, on servers at once. Its error may be that of the next call on this transaction.
    ///
    /// # Errors
    /// [`DbError::Contended`] when it changed more or fewer.
    pub(crate) async fn later(
        &mut self,
        statement: &impl QueryStatementBuilder,
        rows: u64,
    ) -> Result<(), DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx, later) => {
                later.push(statement, rows)?;
                if later.is_full() { later.run(tx).await } else { Ok(()) }
            }
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            _ => changed(self.execute(statement).await?, rows),
        }
    }

    /// Whether nobody else can write while this transaction is open, so that what it has read stays true.
    pub(crate) const fn is_the_only_writer(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(..) => true,
            #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
            _ => false,
        }
    }

    /// Runs a query and gives every row.
    pub(crate) async fn all(&mut self, query: &impl QueryStatementBuilder) -> Result<Vec<Row>, DbError> {
        on_connection!(self, query, |query, connection, row| {
            Ok(query.fetch_all(connection).await?.into_iter().map(row).collect())
        })
    }

    /// Runs a query that finds one row or none.
    pub(crate) async fn optional(
        &mut self,
        query: &impl QueryStatementBuilder,
    ) -> Result<Option<Row>, DbError> {
        on_connection!(self, query, |query, connection, row| {
            Ok(query.fetch_optional(connection).await?.map(row))
        })
    }

    /// Runs statements of ours that bind nothing.
    async fn script(&mut self, sql: &'static str) -> Result<(), DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx, later) => {
                later.run(tx).await?;
                sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?;
            }
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            #[cfg(feature = "mysql")]
            Tx::Mysql(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// The rows of a query of ours that binds nothing.
    async fn rows(&mut self, sql: &'static str) -> Result<Vec<Row>, DbError> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx, later) => {
                later.run(tx).await?;
                sqlx::query(sql).fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite).collect()
            }
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => {
                sqlx::query(sql).fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect()
            }
            #[cfg(feature = "mysql")]
            Tx::Mysql(tx) => {
                sqlx::query(sql).fetch_all(&mut **tx).await?.into_iter().map(Row::Mysql).collect()
            }
        })
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        let outcome = match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(mut tx, mut later) => {
                later.run(&mut tx).await?;
                tx.commit().await
            }
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => tx.commit().await,
            #[cfg(feature = "mysql")]
            Tx::Mysql(tx) => tx.commit().await,
        };
        outcome.map_err(|cause| DbError::from(cause).at_commit())
    }
}
