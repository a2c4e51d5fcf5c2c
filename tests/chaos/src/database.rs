//! A database of our own, for as long as the kills last.

use anyhow::{Context as _, bail};
use sqlx::{AssertSqlSafe, Connection as _};

pub(crate) struct Database {
    kind: Kind,
    url: String,
}

enum Kind {
    Sqlite { folder: tempfile::TempDir },
    Postgres { server: String, schema: String },
    Mysql { server: String, database: String },
}

impl Database {
    pub(crate) async fn create(kind: &str, server: Option<&str>) -> anyhow::Result<Self> {
        let name = format!("chaos_{}", std::process::id());
        let server = || server.map(str::to_owned).context("which server?");
        let (kind, url) = match kind {
            "sqlite" => {
                let folder = tempfile::tempdir()?;
                let url = format!("sqlite:{}", folder.path().join("nexa.db").display());
                (Kind::Sqlite { folder }, url)
            }
            "postgres" => {
                let url = format!("{}?options=-csearch_path%3D{name}", server()?);
                (Kind::Postgres { server: server()?, schema: name }, url)
            }
            "mysql" => {
                let base = server()?;
                let (host, _) = base.rsplit_once('/').context("the URL has no database")?;
                let url = format!("{host}/{name}");
                (Kind::Mysql { server: base, database: name }, url)
            }
            other => bail!("there is no {other}"),
        };
        let database = Database { kind, url };
        database.administer("CREATE").await?;
        Ok(database)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite { .. } => "sqlite",
            Kind::Postgres { .. } => "postgres",
            Kind::Mysql { .. } => "mysql",
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        self.administer("DROP").await
    }

    /// What the database itself finds wrong with its file; servers look after theirs when they start.
    pub(crate) async fn damage(&self) -> anyhow::Result<Option<String>> {
        let Kind::Sqlite { folder } = &self.kind else { return Ok(None) };
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("nexa.db"));
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await?;
        let said: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Some(said).filter(|said| said != "ok"))
    }

    async fn administer(&self, verb: &str) -> anyhow::Result<()> {
        match &self.kind {
            Kind::Sqlite { .. } => {}
            Kind::Postgres { server, schema } => {
                let cascade = if verb == "DROP" { " CASCADE" } else { "" };
                let statement = AssertSqlSafe(format!("{verb} SCHEMA {schema}{cascade}"));
                let mut connection = sqlx::PgConnection::connect(server).await?;
                sqlx::raw_sql(statement).execute(&mut connection).await?;
            }
            Kind::Mysql { server, database } => {
                let statement = AssertSqlSafe(format!("{verb} DATABASE {database}"));
                let mut connection = sqlx::MySqlConnection::connect(server).await?;
                sqlx::raw_sql(statement).execute(&mut connection).await?;
            }
        }
        Ok(())
    }
}
