use crate::error::{Classify, Code};

/// What a database said, in terms that are the same for all of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    /// A UNIQUE constraint refused the statement; the text names the columns.
    #[error("a unique constraint refused it: {0}")]
    Unique(String),
    #[error("a reference or check refused it: {0}")]
    Constraint(String),
    #[error("the database is busy: {0}")]
    Busy(String),
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    #[error("the database cannot be written: {0}")]
    NotWritable(String),
    #[error("no database can be written there: {0}")]
    NoPlace(String),
    #[error("there is no space left for the database: {0}")]
    Full(String),
    #[error("this is not a Nexa database: {0}")]
    Foreign(String),
    #[error("it was made by a newer version: its schema is {version}, and this build knows {newest}")]
    Newer { version: i64, newest: i64 },
    #[error("the database is closed")]
    Closed,
    #[error("stored {column} cannot be read: {reason}")]
    Corrupt { column: String, reason: String },
    #[error("this build has no {scheme} support")]
    NotBuilt { scheme: String },
    #[error("a statement binds {0}, which is not the same on every database")]
    NotPortable(String),
    #[error("the database driver failed: {0}")]
    Driver(String),
}

impl DbError {
    /// Whether the UNIQUE constraint over this column refused the statement.
    pub(crate) fn is_unique_on(&self, table: &str, column: &str) -> bool {
        matches!(self, DbError::Unique(columns) if columns.split(", ").any(|name| name == format!("{table}.{column}")))
    }

    /// The same while the database is being opened, when the place is the caller's choice.
    pub(super) fn at_opening(self) -> Self {
        match self {
            DbError::NotWritable(cause) => DbError::NoPlace(cause),
            other => other,
        }
    }

    pub(crate) fn corrupt(column: &str, reason: impl std::fmt::Display) -> Self {
        DbError::Corrupt { column: column.to_owned(), reason: reason.to_string() }
    }
}

impl Classify for DbError {
    fn code(&self) -> Code {
        match self {
            DbError::Unique(_) => Code::DbUnique,
            DbError::Constraint(_) => Code::DbConstraint,
            DbError::Busy(_) => Code::DbBusy,
            DbError::Unreachable(_) => Code::DbUnreachable,
            DbError::NotWritable(_) => Code::DbNotWritable,
            DbError::NoPlace(_) => Code::DbNoPlace,
            DbError::Full(_) => Code::DbFull,
            DbError::Foreign(_) => Code::DbForeign,
            DbError::Newer { .. } => Code::DbNewer,
            DbError::Closed => Code::DbClosed,
            DbError::Corrupt { .. } => Code::DbCorrupt,
            DbError::NotBuilt { .. } => Code::DbNotBuilt,
            DbError::NotPortable(_) => Code::DbNotPortable,
            DbError::Driver(_) => Code::DbDriver,
        }
    }

    fn field(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            DbError::NoPlace(_) | DbError::Foreign(_) | DbError::NotBuilt { .. } | DbError::Newer { .. } => {
                Some("url".into())
            }
            _ => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            DbError::Newer { version, newest } => {
                vec![("version", version.to_string()), ("newest", newest.to_string())]
            }
            DbError::Corrupt { column, .. } => vec![("column", column.clone())],
            DbError::NotBuilt { scheme } => vec![("scheme", scheme.clone())],
            _ => Vec::new(),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolClosed => DbError::Closed,
            sqlx::Error::PoolTimedOut => DbError::Busy("no connection became free in time".to_owned()),
            sqlx::Error::WorkerCrashed => DbError::Unreachable("the driver's worker ended".to_owned()),
            sqlx::Error::Io(cause) => DbError::Unreachable(cause.to_string()),
            sqlx::Error::Database(refusal) => from_code(refusal.code().as_deref(), refusal.message()),
            other => DbError::Driver(other.to_string()),
        }
    }
}

/// SQLite's extended result codes (<https://www.sqlite.org/rescode.html>); the low byte is the primary code.
fn from_code(code: Option<&str>, message: &str) -> DbError {
    let code = code.and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
    let text = message.to_owned();
    match (code, code & 0xff) {
        (2067 | 1555, _) => {
            DbError::Unique(message.trim_start_matches("UNIQUE constraint failed: ").to_owned())
        }
        (_, 19) => DbError::Constraint(text),
        (_, 5 | 6) => DbError::Busy(text),
        (_, 8) => DbError::NotWritable(text),
        (_, 10) => DbError::Unreachable(text),
        (_, 13) => DbError::Full(text),
        (_, 14 | 3) => DbError::NotWritable(text),
        (_, 11 | 26) => DbError::Foreign(text),
        _ => DbError::Driver(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_unique_violation_names_its_columns() {
        let error = from_code(Some("2067"), "UNIQUE constraint failed: users.username_key, users.live");
        assert!(error.is_unique_on("users", "username_key"));
        assert!(!error.is_unique_on("users", "email_key"));
        assert!(!error.is_unique_on("other_users", "username_key"));
        assert_eq!(error.code().kind(), ErrorKind::AlreadyExists);
    }
}
