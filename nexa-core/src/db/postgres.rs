use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

use super::{DbError, Mode, Tx, migrate, tuning};
use crate::error::{Error, Result};

/// How long a call waits for a connection, unless the URL says it.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
/// What every session sets: a transaction that waits so long for its program is not one of ours.
const SETTINGS: [(&str, &str); 2] =
    [("idle_in_transaction_session_timeout", "60s"), ("client_min_messages", "warning")];
/// The lock that is held while the schema changes: `nexa` in ASCII, and a number for the schema of the search path, so that
/// several control planes in one database do not wait for each other.
const LOCK: &str = "SELECT pg_advisory_lock(1852143713, hashtext(current_schema()))";

/// One PostgreSQL database.
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Opens `postgres://user:password@host:port/database`. TLS is as `sslmode`, `sslrootcert`, `sslcert` and `sslkey` of
    /// the URL say, and the pool as `tuning` reads it.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let (url, tuning) = tuning::split(url)?;
        let options = PgConnectOptions::from_str(&url)
            .map_err(|_| Error::invalid("url", "is not postgres://user@host/database"))?;
        if options.get_database().is_none_or(str::is_empty) {
            return Err(Error::invalid("url", "names no database after the host"));
        }
        let limits = [
            ("statement_timeout", tuning.statement_timeout.as_millis().to_string()),
            ("lock_timeout", tuning.lock_timeout().as_millis().to_string()),
        ];
        let options = options.options(SETTINGS).options(limits);
        let options = options.application_name("nexa").disable_statement_logging();
        let patience = tuning.acquire_timeout.unwrap_or(ACQUIRE_TIMEOUT);
        let pool = PgPoolOptions::new()
            .max_connections(tuning.connections)
            .acquire_timeout(patience)
            .connect_lazy_with(options.clone());
        let postgres = Postgres { pool };
        postgres.bring_up_to_date(options, patience).await.map_err(DbError::at_opening)?;
        Ok(postgres)
    }

    /// On a connection of its own, which holds the lock until it ends.
    async fn bring_up_to_date(&self, options: PgConnectOptions, patience: Duration) -> Result<(), DbError> {
        // The lock may be held for as long as another process changes the schema.
        let options = options.options([("lock_timeout", "0"), ("statement_timeout", "0")]);
        let mut connection = super::in_time(patience, options.connect()).await?;
        sqlx::query(LOCK).execute(&mut connection).await?;
        let outcome = self.migrate().await;
        connection.close().await?;
        outcome
    }

    async fn migrate(&self) -> Result<(), DbError> {
        let mut tx = Tx::Postgres(self.begin(Mode::Write).await?);
        migrate::run(&mut tx, &migrate::POSTGRES).await?;
        tx.commit().await
    }

    pub(super) async fn begin(
        &self,
        mode: Mode,
    ) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, DbError> {
        // Said in full: the server's own default may be another.
        let statement = match mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        self.pool.begin_with(statement).await.map_err(|cause| DbError::of_pool(cause, &self.pool))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
