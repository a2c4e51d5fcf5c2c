//! The only files that know which database it is.
//!
//! A store builds a statement once with sea-query, in the subset that means the same everywhere (ADR 0002): plain
//! INSERT, SELECT, UPDATE and DELETE, the unique violation as the signal of a conflict, compare-and-set with
//! [`Tx::execute`]'s count. PostgreSQL and MariaDB become further arms of [`Db`], [`Tx`] and [`Row`].

mod bind;
pub(crate) mod counter;
mod error;
mod migrate;
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod value;

pub(crate) use error::DbError;
pub(crate) use row::Row;
pub(crate) use statement::{Owner, insert_row, page_by_id, within};
pub(crate) use value::{bytes_to_cidr, cidr_columns, ip_bytes, ip_from_bytes, list_from_text, list_to_text};

use sea_query::QueryStatementBuilder;
use sqlx::AssertSqlSafe;

use crate::error::{Error, Result};

/// One database, open.
pub(crate) enum Db {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
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
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
}

impl Db {
    /// Opens the database that `url` names, creates it where that is possible, and brings its schema up to date.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        match url.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", rest)) => Ok(Db::Sqlite(sqlite::Sqlite::open(rest).await?)),
            #[cfg(not(feature = "sqlite"))]
            Some((scheme @ "sqlite", _)) => Err(DbError::NotBuilt { scheme: scheme.to_owned() }.into()),
            Some((scheme @ ("postgres" | "postgresql" | "mysql" | "mariadb"), _)) => {
                Err(DbError::NotBuilt { scheme: scheme.to_owned() }.into())
            }
            Some((scheme, _)) if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic()) => {
                Err(Error::invalid("url", format!("names no known database: {scheme}:")))
            }
            _ => {
                Err(Error::invalid("url", "does not begin with the kind of database, such as sqlite:nexa.db"))
            }
        }
    }

    pub(crate) async fn begin(&self, mode: Mode) -> Result<Tx, DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(sqlite) => sqlite.begin(mode).await.map(Tx::Sqlite),
        }
    }

    /// Waits for what is under way, then closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(sqlite) => sqlite.close().await,
        }
    }
}

impl Tx {
    /// Runs a statement and says how many rows it matched.
    pub(crate) async fn execute(&mut self, statement: &impl QueryStatementBuilder) -> Result<u64, DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx) => {
                let (sql, arguments) = bind::sqlite(statement)?;
                Ok(sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Runs a query and gives every row.
    pub(crate) async fn all(&mut self, query: &impl QueryStatementBuilder) -> Result<Vec<Row>, DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx) => {
                let (sql, arguments) = bind::sqlite(query)?;
                let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    /// Runs a query that finds one row or none.
    pub(crate) async fn optional(
        &mut self,
        query: &impl QueryStatementBuilder,
    ) -> Result<Option<Row>, DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx) => {
                let (sql, arguments) = bind::sqlite(query)?;
                let row = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_optional(&mut **tx).await?;
                Ok(row.map(Row::Sqlite))
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        match self {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx) => Ok(tx.commit().await?),
        }
    }
}
