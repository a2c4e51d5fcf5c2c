//! The same driver without anything of ours.

use anyhow::{Context as _, bail};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use uuid::Uuid;

/// As many as a control plane has on a server.
const CONNECTIONS: u32 = 10;
const CREATE: &str = "CREATE TABLE bare (id ID NOT NULL PRIMARY KEY, name TEXT_200 NOT NULL, a BIGINT NOT NULL, \
                      b BIGINT NOT NULL, CONSTRAINT bare__name UNIQUE (name))";
const INSERT: &str = "INSERT INTO bare (id, name, a, b) VALUES (?, ?, ?, ?)";

pub(crate) struct Bare {
    pool: Pool,
    url: String,
    server: Option<String>,
    /// Goes with it.
    _folder: tempfile::TempDir,
}

enum Pool {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
    Mysql(sqlx::MySqlPool),
}

impl Bare {
    /// A database of its own, which a control plane is opened on as well.
    pub(crate) async fn open(database: &str, server: Option<&str>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let name = format!("bench_{}", std::process::id());
        let server = server.map(str::to_owned);
        let given = || server.clone().context("which server?");
        let (pool, url) = match database {
            "sqlite" => {
                let path = folder.path().join("bare.db");
                let options = SqliteConnectOptions::new()
                    .filename(&path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true);
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
                sqlx::raw_sql(AssertSqlSafe(create("BLOB", "TEXT"))).execute(&pool).await?;
                (Pool::Sqlite(pool), format!("sqlite:{}", folder.path().join("nexa.db").display()))
            }
            "postgres" => {
                let mut connection = sqlx::PgConnection::connect(&given()?).await?;
                sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}")))
                    .execute(&mut connection)
                    .await?;
                let url = format!("{}?options=-csearch_path%3D{name}", given()?);
                let options = url.parse::<PgConnectOptions>()?.disable_statement_logging();
                let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
                sqlx::raw_sql(AssertSqlSafe(create("UUID", "TEXT"))).execute(&pool).await?;
                (Pool::Postgres(pool), url)
            }
            "mysql" => {
                let server = given()?;
                let mut connection = sqlx::MySqlConnection::connect(&server).await?;
                sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
                    .execute(&mut connection)
                    .await?;
                let url = format!("{}/{name}", server.rsplit_once('/').context("the URL has no database")?.0);
                let options = url.parse::<MySqlConnectOptions>()?.disable_statement_logging();
                let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
                sqlx::raw_sql(AssertSqlSafe(create("BINARY(16)", "VARCHAR(200)"))).execute(&pool).await?;
                (Pool::Mysql(pool), url)
            }
            other => bail!("there is no {other}"),
        };
        Ok(Bare { pool, url, server, _folder: folder })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// BEGIN, so many INSERTs of one row, COMMIT.
    pub(crate) async fn insert(&self, rows: usize) -> anyhow::Result<()> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                for _ in 0..rows {
                    let id = Uuid::new_v4();
                    let insert = sqlx::query(INSERT).bind(id).bind(id.to_string()).bind(1_i64).bind(2_i64);
                    insert.execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
            Pool::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                for _ in 0..rows {
                    let id = Uuid::new_v4();
                    let insert = sqlx::query("INSERT INTO bare (id, name, a, b) VALUES ($1, $2, $3, $4)");
                    let insert = insert.bind(id).bind(id.to_string()).bind(1_i64).bind(2_i64);
                    insert.execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
            Pool::Mysql(pool) => {
                let mut tx = pool.begin().await?;
                for _ in 0..rows {
                    let id = Uuid::new_v4();
                    let insert = sqlx::query(INSERT).bind(id).bind(id.to_string()).bind(1_i64).bind(2_i64);
                    insert.execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        let name = format!("bench_{}", std::process::id());
        match (&self.pool, &self.server) {
            (Pool::Sqlite(pool), _) => pool.close().await,
            (Pool::Postgres(pool), Some(server)) => {
                pool.close().await;
                let mut connection = sqlx::PgConnection::connect(server).await?;
                let drop = AssertSqlSafe(format!("DROP SCHEMA {name} CASCADE"));
                sqlx::raw_sql(drop).execute(&mut connection).await?;
            }
            (Pool::Mysql(pool), Some(server)) => {
                pool.close().await;
                let mut connection = sqlx::MySqlConnection::connect(server).await?;
                let drop = AssertSqlSafe(format!("DROP DATABASE {name}"));
                sqlx::raw_sql(drop).execute(&mut connection).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn create(id: &str, text: &str) -> String {
    CREATE.replace("ID NOT", &format!("{id} NOT")).replace("TEXT_200", text)
}
