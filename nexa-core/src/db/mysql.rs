use std::str::FromStr as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, MySqlPool};
use uuid::Uuid;

use super::tuning::{self, Tuning};
use super::{DbError, Mode, REPEATS, Tx, migrate, pause};
use crate::error::{Error, Result};

/// How long a call waits for a connection, unless the URL says it.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
/// The same where another node may have one.
const ACQUIRE_TIMEOUT_OF_NODE: Duration = Duration::from_secs(3);
/// MariaDB's own isolation is REPEATABLE READ, in which an UPDATE sees rows that a SELECT of the same transaction does
/// not; for reading alone it is what gives one state of the database.
const FOR_WRITING: &str = "READ COMMITTED";
const FOR_READING: &str = "REPEATABLE READ";

/// One row on a node of a Galera cluster; none elsewhere, also where the server is built without it.
const IS_NODE: &str = "SHOW GLOBAL VARIABLES WHERE variable_name = 'wsrep_on' AND value = 'ON'";
/// A transaction begins only when its node has seen what the others had committed by then: what one of them has
/// acknowledged is there on each. (`wsrep_sync_wait`, bit 1: reads and BEGIN.)
const ON_A_NODE: &str = "SET SESSION wsrep_sync_wait = 1";

/// One MariaDB database, on one server or on each node of a Galera cluster.
pub(crate) struct Mysql {
    nodes: Vec<Node>,
    /// Which of them is asked.
    current: AtomicUsize,
}

struct Node {
    writers: MySqlPool,
    readers: MySqlPool,
}

impl Mysql {
    /// Opens `//user:password@host:port,host:port/database`, what follows the scheme. TLS is as `ssl-mode`, `ssl-ca`,
    /// `ssl-cert` and `ssl-key` of the URL say, and the pools as `tuning` reads it.
    pub(super) async fn open(rest: &str) -> Result<Self> {
        let (rest, mut tuning) = tuning::split(rest)?;
        let (mut nodes, mut answered, mut current) = (Vec::new(), Err(DbError::Closed), 0);
        let urls = urls(&rest)?;
        let patience = if urls.len() > 1 { ACQUIRE_TIMEOUT_OF_NODE } else { ACQUIRE_TIMEOUT };
        tuning.acquire_timeout.get_or_insert(patience);
        for url in urls {
            let options = MySqlConnectOptions::from_str(&url)
                .map_err(|_| Error::invalid("url", "is not mysql://user@host/database"))?;
            if options.get_database().is_none_or(str::is_empty) {
                return Err(Error::invalid("url", "names no database after the host"));
            }
            let options = options.charset("utf8mb4").disable_statement_logging();
            // A pool would ask again and again until its time is over, and say only that it is.
            if answered.is_err() {
                (answered, current) = (first_contact(&options, &tuning).await, nodes.len());
            }
            nodes.push(Node {
                writers: pool(&options, FOR_WRITING, &tuning),
                readers: pool(&options, FOR_READING, &tuning),
            });
        }
        answered.map_err(DbError::at_opening)?;
        let mysql = Mysql { nodes, current: AtomicUsize::new(current) };
        mysql.bring_up_to_date_however_often().await.map_err(DbError::at_opening)?;
        Ok(mysql)
    }

    /// On a cluster whatever others do at the same time on another node is in the way of this, also of what creates tables.
    /// Each part of it may be done again.
    async fn bring_up_to_date_however_often(&self) -> Result<(), DbError> {
        let mut repeats = 0;
        loop {
            match self.bring_up_to_date().await {
                Err(DbError::Contended(_) | DbError::NotServing(_)) if repeats < REPEATS => repeats += 1,
                outcome => return outcome,
            }
            pause(repeats).await;
        }
    }

    async fn bring_up_to_date(&self) -> Result<(), DbError> {
        let lease = Lease::take(self).await?;
        let outcome = async {
            let mut tx = Tx::Mysql(self.begin(Mode::Write).await?);
            migrate::run(&mut tx, &migrate::MYSQL).await?;
            tx.commit().await
        };
        let outcome = outcome.await;
        lease.end(self).await?;
        outcome
    }

    /// A transaction on the node in use, or on the first after it that answers. Where none does, a node that says why it does
    /// not serve is listened to before those that say nothing.
    pub(super) async fn begin(&self, mode: Mode) -> Result<sqlx::Transaction<'static, sqlx::MySql>, DbError> {
        let mut said = None;
        let first = self.in_use();
        for at in (0..self.nodes.len()).map(|step| (first + step) % self.nodes.len()) {
            match self.begin_on(at, mode).await {
                Err(refused @ DbError::NotServing(_)) => said = Some(refused),
                Err(refused @ (DbError::Busy(_) | DbError::Unreachable(_))) => said = said.or(Some(refused)),
                outcome => return outcome,
            }
            self.turn_away_from(at);
        }
        Err(said.unwrap_or(DbError::Closed))
    }

    async fn begin_on(
        &self,
        at: usize,
        mode: Mode,
    ) -> Result<sqlx::Transaction<'static, sqlx::MySql>, DbError> {
        let node = self.nodes.get(at).ok_or(DbError::Closed)?;
        let (pool, statement) = match mode {
            Mode::Read => (&node.readers, "START TRANSACTION READ ONLY"),
            Mode::Write => (&node.writers, "START TRANSACTION READ WRITE"),
        };
        pool.begin_with(statement).await.map_err(|cause| DbError::of_pool(cause, pool))
    }

    /// The node that is asked first.
    pub(super) fn in_use(&self) -> usize {
        self.current.load(Ordering::Relaxed)
    }

    /// Asks the node after this one first from now on. Of several callers whom one node fails together the first moves on, and
    /// the others come with it instead of going past the node that serves.
    pub(super) fn turn_away_from(&self, at: usize) {
        let next = (at + 1) % self.nodes.len().max(1);
        let _ = self.current.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) async fn close(&self) {
        for node in &self.nodes {
            node.readers.close().await;
            node.writers.close().await;
        }
    }
}

async fn first_contact(options: &MySqlConnectOptions, tuning: &Tuning) -> Result<(), DbError> {
    let patience = tuning.acquire_timeout.unwrap_or(ACQUIRE_TIMEOUT);
    Ok(super::in_time(patience, options.connect()).await?.close().await?)
}

fn pool(options: &MySqlConnectOptions, isolation: &str, tuning: &Tuning) -> MySqlPool {
    let settings = settings(isolation, tuning);
    let pool = MySqlPoolOptions::new()
        .max_connections(tuning.connections)
        .acquire_timeout(tuning.acquire_timeout.unwrap_or(ACQUIRE_TIMEOUT));
    let pool = pool.after_connect(move |connection, _| {
        let settings = sqlx::AssertSqlSafe(settings.clone());
        Box::pin(async move {
            sqlx::raw_sql(settings).execute(&mut *connection).await?;
            let is_node = sqlx::raw_sql(IS_NODE).fetch_optional(&mut *connection).await?.is_some();
            if is_node {
                sqlx::raw_sql(ON_A_NODE).execute(&mut *connection).await?;
            }
            Ok(())
        })
    });
    pool.connect_lazy_with(options.clone())
}

/// What every session sets. `lock_wait_timeout` is for tables that somebody locked or is changing.
fn settings(isolation: &str, tuning: &Tuning) -> String {
    let (statement, lock) = (tuning.statement_timeout.as_secs_f64(), tuning.lock_timeout().as_secs());
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL {isolation}; \
         SET SESSION max_statement_time = {statement:.3}, innodb_lock_wait_timeout = {lock}, \
         lock_wait_timeout = {lock}, sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
    )
}

/// One URL for each host of a list.
fn urls(rest: &str) -> Result<Vec<String>> {
    let malformed = || Error::invalid("url", "is not mysql://user@host/database");
    let rest = rest.strip_prefix("//").ok_or_else(malformed)?;
    let (authority, path) = rest.split_once('/').ok_or_else(malformed)?;
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    Ok(hosts.split(',').map(|host| format!("mysql://{user}{host}/{path}")).collect())
}

/// Who may change the schema: a row, because a lock of MariaDB's own is one node's alone.
struct Lease {
    holder: Uuid,
}

/// How long a lease lasts, in seconds; whoever died with it keeps others waiting so long.
const LEASE_SECONDS: i64 = 60;
/// How often a lease is asked for, and how often in all.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASKS: u32 = 1_800;

impl Lease {
    async fn take(mysql: &Mysql) -> Result<Self, DbError> {
        let lease = Lease { holder: holder()? };
        mysql.run("CREATE TABLE IF NOT EXISTS nexa_migration_lease (id BIGINT NOT NULL PRIMARY KEY, holder BINARY(16) NOT NULL, \
             expires_at BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin", None)
            .await?;
        for _ in 0..ASKS {
            if lease.ask(mysql).await? {
                return Ok(lease);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "the holder is another process, which wakes nobody"
            )]
            tokio::time::sleep(ASK_EVERY).await;
        }
        Err(DbError::Busy("another process has been changing the schema for minutes".to_owned()))
    }

    /// Times are the server's: the hosts' clocks may differ.
    async fn ask(&self, mysql: &Mysql) -> Result<bool, DbError> {
        let insert = format!(
            "INSERT INTO nexa_migration_lease (id, holder, expires_at) VALUES (1, ?, UNIX_TIMESTAMP() + {LEASE_SECONDS})"
        );
        match mysql.run(&insert, Some(self.holder)).await {
            Ok(_) => return Ok(true),
            Err(DbError::Unique(_)) => {}
            Err(DbError::Contended(_)) => return Ok(false),
            Err(other) => return Err(other),
        }
        let update = format!(
            "UPDATE nexa_migration_lease SET holder = ?, expires_at = UNIX_TIMESTAMP() + {LEASE_SECONDS} \
             WHERE id = 1 AND expires_at < UNIX_TIMESTAMP()"
        );
        match mysql.run(&update, Some(self.holder)).await {
            Ok(rows) => Ok(rows == 1),
            Err(DbError::Contended(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn end(self, mysql: &Mysql) -> Result<(), DbError> {
        mysql
            .run("DELETE FROM nexa_migration_lease WHERE id = 1 AND holder = ?", Some(self.holder))
            .await
            .map(drop)
    }
}

impl Mysql {
    /// One statement of the lease, in a transaction of its own.
    async fn run(&self, sql: &str, holder: Option<Uuid>) -> Result<u64, DbError> {
        let mut tx = self.begin(Mode::Write).await?;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
        if let Some(holder) = holder {
            query = query.bind(holder);
        }
        let rows = query.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(rows)
    }
}

/// A name for this process's lease.
#[expect(
    clippy::disallowed_methods,
    reason = "the host's may repeat itself, and two processes must never be one"
)]
fn holder() -> Result<Uuid, DbError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|cause| DbError::Driver(cause.to_string()))?;
    Ok(Uuid::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_of_a_list_gets_the_whole_of_the_rest() {
        let listed = urls("//nexa:p@ss@db1:3306,db2,[::1]:3307/nexa?ssl-mode=REQUIRED").unwrap();
        let expected = ["db1:3306", "db2", "[::1]:3307"];
        let expected = expected.map(|host| format!("mysql://nexa:p@ss@{host}/nexa?ssl-mode=REQUIRED"));
        assert_eq!(listed, expected);
        assert_eq!(urls("//db/nexa").unwrap(), ["mysql://db/nexa"]);
        for wrong in ["db/nexa", "//db"] {
            assert_eq!(urls(wrong).unwrap_err().field(), Some("url"));
        }
    }
}
