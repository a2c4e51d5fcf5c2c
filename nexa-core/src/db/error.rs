use crate::error::{Classify, Code};

/// What a database said, in terms that are the same for all of them.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, reason = "some of it only one database says")
)]
pub(crate) enum DbError {
    /// A UNIQUE constraint refused the statement; the text names the columns.
    #[error("a unique constraint refused it: {0}")]
    Unique(String),
    #[error("a reference or check refused it: {0}")]
    Constraint(String),
    #[error("the database is busy: {0}")]
    Busy(String),
    /// Another transaction was in the way; the same one, begun anew, may pass.
    #[error("another transaction was in the way: {0}")]
    Contended(String),
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// A server that answers and is not part of its cluster at this moment.
    #[error("the database server does not serve at this moment: {0}")]
    NotServing(String),
    /// The connection was lost while the transaction was being committed.
    #[error("the database did not say whether it stored the change: {0}")]
    OutcomeUnknown(String),
    #[error("the database refuses this user or password: {0}")]
    NotAdmitted(String),
    /// The other side could not be made sure of: its certificate, or that it speaks TLS at all.
    #[error("the database server is not trusted: {0}")]
    NotTrusted(String),
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

    /// The same at the end of a transaction: a connection that broke there leaves open what became of it.
    pub(super) fn at_commit(self) -> Self {
        match self {
            DbError::Unreachable(cause) => DbError::OutcomeUnknown(cause),
            other => other,
        }
    }

    pub(crate) fn corrupt(column: &str, reason: impl std::fmt::Display) -> Self {
        DbError::Corrupt { column: column.to_owned(), reason: reason.to_string() }
    }

    /// Says whose row it is that is damaged, for somebody to remove it.
    pub(crate) fn of_row(self, row: impl std::fmt::Display) -> Self {
        match self {
            DbError::Corrupt { column, reason } => {
                DbError::Corrupt { column, reason: format!("{row}: {reason}") }
            }
            other => other,
        }
    }
}

impl Classify for DbError {
    fn code(&self) -> Code {
        match self {
            DbError::Unique(_) => Code::DbUnique,
            DbError::Constraint(_) => Code::DbConstraint,
            DbError::Busy(_) => Code::DbBusy,
            DbError::Contended(_) => Code::DbContended,
            DbError::NotServing(_) => Code::DbNotServing,
            DbError::OutcomeUnknown(_) => Code::DbOutcomeUnknown,
            DbError::NotAdmitted(_) => Code::DbNotAdmitted,
            DbError::NotTrusted(_) => Code::DbNotTrusted,
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
            DbError::NoPlace(_)
            | DbError::Foreign(_)
            | DbError::NotAdmitted(_)
            | DbError::NotTrusted(_)
            | DbError::NotBuilt { .. }
            | DbError::Newer { .. } => Some("url".into()),
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

impl DbError {
    /// What a pool's error means. The driver says "timed out" of a pool whose connections are all in use and of one that got none
    /// from a server that is not there; in the second case there would have been room for more.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn of_pool<D: sqlx::Database>(error: sqlx::Error, pool: &sqlx::Pool<D>) -> Self {
        match error {
            sqlx::Error::PoolTimedOut if pool.size() < pool.options().get_max_connections() => {
                DbError::Unreachable("the server gave no connection in time".to_owned())
            }
            other => DbError::from(other),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolClosed => DbError::Closed,
            sqlx::Error::PoolTimedOut => DbError::Busy("no connection became free in time".to_owned()),
            sqlx::Error::WorkerCrashed => DbError::Unreachable("the driver's worker ended".to_owned()),
            sqlx::Error::Protocol(cause) => DbError::Unreachable(cause),
            sqlx::Error::Tls(cause) => DbError::NotTrusted(cause.to_string()),
            // As rustls says that a certificate is not good.
            sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => {
                DbError::NotTrusted(cause.to_string())
            }
            sqlx::Error::Io(cause) => DbError::Unreachable(cause.to_string()),
            sqlx::Error::Database(refusal) => said(refusal.as_ref()),
            other => DbError::Driver(other.to_string()),
        }
    }
}

/// What a database's own error means.
fn said(refusal: &(dyn sqlx::error::DatabaseError + 'static)) -> DbError {
    #[cfg(feature = "postgres")]
    if let Some(refusal) = refusal.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return by_sqlstate(refusal.code(), refusal.constraint(), refusal.message());
    }
    #[cfg(feature = "mysql")]
    if let Some(refusal) = refusal.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return by_mariadb_number(refusal.number(), refusal.message());
    }
    by_sqlite_code(refusal.code().as_deref(), refusal.message())
}

/// SQLite's extended result codes (<https://www.sqlite.org/rescode.html>); the low byte is the primary code.
fn by_sqlite_code(code: Option<&str>, message: &str) -> DbError {
    let code = code.and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
    let text = message.to_owned();
    match (code, code & 0xff) {
        (2067 | 1555 | 2579, _) => {
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

/// PostgreSQL's SQLSTATE (<https://www.postgresql.org/docs/15/errcodes-appendix.html>); the first two letters are its class.
#[cfg(feature = "postgres")]
fn by_sqlstate(code: &str, constraint: Option<&str>, message: &str) -> DbError {
    let text = message.to_owned();
    match code {
        "23505" => DbError::Unique(constrained_columns(constraint.unwrap_or_default())),
        "40001" | "40P01" => DbError::Contended(text),
        "57P01" | "57P02" | "57P03" => DbError::Unreachable(text),
        // 55P03 waited as long as it may already; to begin again at once would be to wait twenty times.
        "55P03" | "57014" | "53300" => DbError::Busy(text),
        "53100" | "53200" | "53400" => DbError::Full(text),
        "25006" | "42501" => DbError::NotWritable(text),
        "28000" | "28P01" | "3D000" => DbError::NotAdmitted(text),
        "42P01" | "42703" => DbError::Foreign(text),
        code if code.starts_with("23") => DbError::Constraint(text),
        code if code.starts_with("08") => DbError::Unreachable(text),
        code if code.starts_with("XX") => DbError::Foreign(text),
        _ => DbError::Driver(text),
    }
}

/// MariaDB's error numbers (<https://mariadb.com/kb/en/mariadb-error-code-reference/>), with what Galera makes of them: 1213
/// may also come at COMMIT, 1047 is a node outside the cluster's majority, 1180 a commit that the cluster did not take.
#[cfg(feature = "mysql")]
fn by_mariadb_number(number: u16, message: &str) -> DbError {
    let text = message.to_owned();
    match number {
        1062 => {
            let key = message.rsplit_once("for key '").map_or("", |(_, key)| key.trim_end_matches('\''));
            DbError::Unique(constrained_columns(key))
        }
        1213 | 1020 => DbError::Contended(text),
        1047 | 1180 => DbError::NotServing(text),
        // 1317: the server is going down, and has not done what it was asked to.
        1053 | 1077 | 1317 | 1927 | 2006 | 2013 => DbError::Unreachable(text),
        1030 if message.contains("error 28 ") => DbError::Full(text),
        // 1205 waited as long as it may already; to begin again at once would be to wait twenty times.
        1040 | 1203 | 1205 | 1969 | 3024 => DbError::Busy(text),
        1021 | 1114 | 3 | 28 => DbError::Full(text),
        1290 | 1792 | 1142 | 1143 => DbError::NotWritable(text),
        1044 | 1045 | 1049 | 1698 => DbError::NotAdmitted(text),
        1054 | 1146 => DbError::Foreign(text),
        1048 | 1216 | 1217 | 1406 | 1451 | 1452 | 4025 => DbError::Constraint(text),
        _ => DbError::Driver(text),
    }
}

/// `users__username_key` as SQLite would say it: `users.username_key`.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn constrained_columns(constraint: &str) -> String {
    let mut parts = constraint.split("__");
    let table = parts.next().unwrap_or_default();
    parts.map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_unique_violation_names_its_columns() {
        let error = by_sqlite_code(Some("2067"), "UNIQUE constraint failed: users.username_key, users.live");
        assert!(error.is_unique_on("users", "username_key"));
        assert!(!error.is_unique_on("users", "email_key"));
        assert!(!error.is_unique_on("other_users", "username_key"));
        assert_eq!(error.code().kind(), ErrorKind::AlreadyExists);
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn postgresql_says_it_by_the_constraint_s_name() {
        let error = by_sqlstate("23505", Some("devices__user_id__device_fingerprint"), "duplicate key");
        assert!(error.is_unique_on("devices", "device_fingerprint"));
        assert!(matches!(by_sqlstate("40001", None, "could not serialize"), DbError::Contended(_)));
        assert!(matches!(by_sqlstate("08006", None, "gone"), DbError::Unreachable(_)));
    }

    #[test]
    #[cfg(feature = "mysql")]
    fn mariadb_says_it_in_its_message() {
        let error = by_mariadb_number(1062, "Duplicate entry 'ada-1' for key 'users__username_key'");
        assert!(error.is_unique_on("users", "username_key"));
        assert!(matches!(by_mariadb_number(1213, "Deadlock found"), DbError::Contended(_)));
        assert!(matches!(by_mariadb_number(1047, "WSREP is not ready"), DbError::NotServing(_)));
    }

    #[test]
    fn a_connection_that_breaks_at_commit_leaves_the_outcome_open() {
        let error = DbError::Unreachable("broken pipe".to_owned()).at_commit();
        assert!(matches!(error, DbError::OutcomeUnknown(_)));
    }
}
