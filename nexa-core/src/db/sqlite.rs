use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};

use super::later::Later;
use super::{DbError, Mode, Tx, migrate, tuning};
use crate::error::{Error, Result};

/// How long a statement waits for another process's write, unless the URL says it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
const READERS: u32 = 4;
/// How many pages the write-ahead log has before they are put into the file: 16 MiB, four times what SQLite does by itself. A change of
/// ours touches some fifteen pages, the same ones again and again, and each is put there once for all that was written to it meanwhile.
const CHECKPOINT_PAGES: &str = "4000";
/// How often a file that another program writes to is tried again.
const ASK_EVERY: Duration = Duration::from_millis(10);
/// What every SQLite file begins with (<https://www.sqlite.org/fileformat.html> §1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// One SQLite file: a single writer, because the file has one anyway, and readers that cannot write.
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// `None` for a database in memory.
    path: Option<PathBuf>,
}

impl Sqlite {
    /// Opens `sqlite:<rest>`, where the rest is a path, also as `//path`, or `:memory:`; behind a path may stand
    /// `?busy_timeout_ms=`.
    pub(super) async fn open(rest: &str) -> Result<Self> {
        if rest == ":memory:" {
            return Self::open_in_memory().await;
        }
        let (path, patience) = tuning::split_busy_timeout(rest)?;
        let path = file_path(path)?;
        Self::open_file(&path, patience.unwrap_or(BUSY_TIMEOUT))
            .await
            .map_err(|cause| cause.at_opening().into())
    }

    async fn open_file(path: &Path, patience: Duration) -> Result<Self, DbError> {
        let _held_while_the_schema_changes = lock_beside(path, patience).await?;
        let options = options(patience).filename(path);
        refuse_foreign(path, &options).await?;
        let options = options.journal_mode(SqliteJournalMode::Wal);
        switch_to_wal(&options, patience).await?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(patience)
            // It is a file: nobody cuts the connection, and asking is as dear as a statement.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(async { Ok(is_at_rest(connection)) }))
            .connect_with(options.clone())
            .await?;
        up_to_date(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(patience)
            // It is a file: nobody cuts the connection, and asking is as dear as a statement.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(async { Ok(is_at_rest(connection)) }))
            .connect_lazy_with(options.read_only(true));
        Ok(Sqlite { writer, readers, path: Some(path.to_owned()) })
    }

    /// A database that lives as long as its one connection, so readers share the writer's.
    async fn open_in_memory() -> Result<Self> {
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options(BUSY_TIMEOUT).in_memory(true))
            .await
            .map_err(DbError::from)?;
        up_to_date(&writer).await?;
        Ok(Sqlite { readers: writer.clone(), writer, path: None })
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) async fn begin(
        &self,
        mode: Mode,
    ) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, DbError> {
        Ok(match mode {
            Mode::Read => self.readers.begin().await?,
            // A deferred transaction that turns into a writer fails at once when another writer was faster.
            Mode::Write => self.writer.begin_with("BEGIN IMMEDIATE").await?,
        })
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether the driver believes that nothing is under way. On a full disk or a failing one SQLite takes a transaction back by
/// itself, and a ROLLBACK then is an error, after which the driver counts that transaction for ever: such a connection is
/// of no use.
fn is_at_rest(connection: &sqlx::SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

fn options(patience: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(patience)
}

fn file_path(rest: &str) -> Result<PathBuf> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.ends_with('/') {
        return Err(Error::invalid("url", "names no file after sqlite:"));
    }
    if path.contains(['#', '\0']) {
        return Err(Error::invalid("url", "names a file with a character that no path of ours has"));
    }
    Ok(PathBuf::from(path))
}

/// An exclusive lock on `<file>.lock`, taken before the database is opened: switching a new file to WAL and creating
/// its tables fails for all but one of several processes that start together. The database itself is created under it,
/// for its owner alone; SQLite gives its companion files the same mode.
async fn lock_beside(path: &Path, patience: Duration) -> Result<File, DbError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = for_the_owner_alone().open(&name).map_err(not_written)?;
    let locked = tokio::time::timeout(patience, async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                #[expect(
                    clippy::disallowed_methods,
                    reason = "to wait in the system's call would be to wait for ever"
                )]
                Err(TryLockError::WouldBlock) => tokio::time::sleep(ASK_EVERY).await,
                Err(TryLockError::Error(cause)) => return Err(not_written(cause)),
            }
        }
    });
    locked
        .await
        .unwrap_or_else(|_| Err(DbError::Busy("another process has been opening the file".to_owned())))?;
    for_the_owner_alone().open(path).map_err(not_written)?;
    Ok(file)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn not_written(cause: std::io::Error) -> DbError {
    match cause.kind() {
        std::io::ErrorKind::StorageFull => DbError::Full(cause.to_string()),
        _ => DbError::NotWritable(cause.to_string()),
    }
}

/// Opens a file for writing, creating it with mode 0600 where the system has modes. A file that exists keeps its own.
fn for_the_owner_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Refuses what another program wrote, before anything of ours is written into it: a file that is no database, even
/// one so short that SQLite takes it for an empty one, and a database with other tables than ours.
async fn refuse_foreign(path: &Path, options: &SqliteConnectOptions) -> Result<(), DbError> {
    let mut begin = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin))
        .map_err(|cause| DbError::NotWritable(cause.to_string()))?;
    if begin.is_empty() {
        return Ok(());
    }
    if begin != MAGIC {
        return Err(DbError::Foreign("the file is not an SQLite database".to_owned()));
    }
    let mut connection = options.connect().await?;
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    match migrate::Dialect::is_ours(&tables) {
        true => Ok(()),
        false => Err(DbError::Foreign("it holds another program's tables".to_owned())),
    }
}

/// SQLite waits for nobody where it would turn a file to WAL while another program writes to it: it says at once that the
/// file is busy. So the waiting is done here.
#[expect(clippy::disallowed_methods, reason = "SQLite tells nobody that another program has let go")]
async fn switch_to_wal(options: &SqliteConnectOptions, patience: Duration) -> Result<(), DbError> {
    let switched = tokio::time::timeout(patience, async {
        loop {
            match options.connect().await.map_err(DbError::from) {
                Ok(connection) => return Ok(connection.close().await?),
                Err(DbError::Busy(_)) => tokio::time::sleep(ASK_EVERY).await,
                Err(refused) => return Err(refused),
            }
        }
    });
    switched
        .await
        .unwrap_or_else(|_| Err(DbError::Busy("another program keeps the file to itself".to_owned())))
}

async fn up_to_date(pool: &SqlitePool) -> Result<(), DbError> {
    let mut tx = Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?, Later::default());
    migrate::run(&mut tx, &migrate::SQLITE).await?;
    tx.commit().await
}
