use std::net::IpAddr;

use uuid::Uuid;

use super::{DbError, ip_from_bytes};
use crate::net::Cidr;
use crate::runtime::Timestamp;
use crate::wireguard::PublicKey;

/// One row of an answer, read by column name.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
    #[cfg(feature = "mysql")]
    Mysql(sqlx::mysql::MySqlRow),
}

/// A type that one database gives, or any type where the build has no such database.
macro_rules! column_of {
    ($feature:literal $name:ident $database:path) => {
        #[cfg(feature = $feature)]
        trait $name: for<'r> sqlx::Decode<'r, $database> + sqlx::Type<$database> {}
        #[cfg(feature = $feature)]
        impl<T: for<'r> sqlx::Decode<'r, $database> + sqlx::Type<$database>> $name for T {}
        #[cfg(not(feature = $feature))]
        trait $name {}
        #[cfg(not(feature = $feature))]
        impl<T> $name for T {}
    };
}

column_of!("sqlite" SqliteColumn sqlx::Sqlite);
column_of!("postgres" PostgresColumn sqlx::Postgres);
column_of!("mysql" MysqlColumn sqlx::MySql);

/// A type that every database gives back alike.
trait Column: SqliteColumn + PostgresColumn + MysqlColumn {}
impl<T: SqliteColumn + PostgresColumn + MysqlColumn> Column for T {}

impl Row {
    fn get<T: Column>(&self, column: &str) -> Result<T, DbError> {
        let value = match self {
            #[cfg(feature = "sqlite")]
            Row::Sqlite(row) => sqlx::Row::try_get(row, column),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => sqlx::Row::try_get(row, column),
            #[cfg(feature = "mysql")]
            Row::Mysql(row) => sqlx::Row::try_get(row, column),
        };
        value.map_err(|cause: sqlx::Error| DbError::corrupt(column, cause))
    }

    pub(crate) fn uuid(&self, column: &str) -> Result<Uuid, DbError> {
        self.get(column)
    }

    pub(crate) fn opt_uuid(&self, column: &str) -> Result<Option<Uuid>, DbError> {
        self.get(column)
    }

    pub(crate) fn number(&self, column: &str) -> Result<i64, DbError> {
        self.get(column)
    }

    pub(crate) fn opt_number(&self, column: &str) -> Result<Option<i64>, DbError> {
        self.get(column)
    }

    /// A number that must fit a smaller type.
    pub(crate) fn fitted<T: TryFrom<i64>>(&self, column: &str) -> Result<T, DbError> {
        let number = self.number(column)?;
        T::try_from(number).map_err(|_| DbError::corrupt(column, format!("{number} is out of range")))
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool, DbError> {
        match self.number(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DbError::corrupt(column, format!("{other} is neither 0 nor 1"))),
        }
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, DbError> {
        self.get(column)
    }

    pub(crate) fn opt_text(&self, column: &str) -> Result<Option<String>, DbError> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>, DbError> {
        self.get(column)
    }

    pub(crate) fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, DbError> {
        self.get(column)
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, DbError> {
        self.number(column).map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError> {
        Ok(self.opt_number(column)?.map(Timestamp::from_micros))
    }

    pub(crate) fn ip(&self, column: &str) -> Result<IpAddr, DbError> {
        ip_from_bytes(column, &self.bytes(column)?)
    }

    pub(crate) fn opt_ip(&self, column: &str) -> Result<Option<IpAddr>, DbError> {
        self.opt_bytes(column)?.map(|bytes| ip_from_bytes(column, &bytes)).transpose()
    }

    pub(crate) fn public_key(&self, column: &str) -> Result<PublicKey, DbError> {
        let bytes = <[u8; 32]>::try_from(self.bytes(column)?);
        bytes.map(PublicKey::from_stored).map_err(|_| DbError::corrupt(column, "is not 32 bytes"))
    }

    /// A prefix from its columns `<first>`, `<last>` and `<prefix>`; a disagreement between the three is corruption.
    pub(crate) fn cidr(&self, first: &str, last: &str, prefix: &str) -> Result<Cidr, DbError> {
        super::bytes_to_cidr(first, &self.bytes(first)?, &self.bytes(last)?, self.number(prefix)?)
    }

    /// A value in words, read by the type's own parser.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T, DbError>
    where
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(|cause| DbError::corrupt(column, cause))
    }
}
