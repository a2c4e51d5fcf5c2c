//! Which database a test is on, and a database of its own for each world.

use std::cell::RefCell;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    Mysql,
}

tokio::task_local! {
    static ON: Backend;
    /// What the test has created on a server.
    static CREATED: RefCell<Vec<String>>;
}

impl Backend {
    /// That of the test which is running; SQLite for one that is about no database in particular.
    pub(crate) fn current() -> Self {
        ON.try_with(|backend| *backend).unwrap_or(Backend::Sqlite)
    }

    /// That of a URL.
    pub(crate) fn from_url(url: &str) -> Self {
        match url.split_once(':') {
            Some(("postgres", _)) => Backend::Postgres,
            Some(("mysql", _)) => Backend::Mysql,
            _ => Backend::Sqlite,
        }
    }

    /// Where its server is, which `cargo xtask test` has started: one of them, where it has started a cluster.
    pub(crate) fn server(self) -> String {
        one_node(&self.servers())
    }

    fn servers(self) -> String {
        let variable = match self {
            Backend::Sqlite => unreachable!("SQLite has no server"),
            Backend::Postgres => "NEXA_TEST_POSTGRES",
            Backend::Mysql => "NEXA_TEST_MYSQL",
        };
        std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} does not say where the server is; `cargo xtask test` starts one and says it")
        })
    }
}

/// Runs a test on a database. What it created on a server goes when it has passed.
pub(crate) async fn on<T>(backend: Backend, test: impl Future<Output = T>) -> T {
    let all = async {
        let outcome = test.await;
        for name in CREATED.with(RefCell::take) {
            let statement = match backend {
                Backend::Postgres => format!("DROP SCHEMA {name} CASCADE"),
                _ => format!("DROP DATABASE {name}"),
            };
            administer(backend, statement).await;
        }
        outcome
    };
    ON.scope(backend, CREATED.scope(RefCell::default(), all)).await
}

/// A database that nobody else uses.
pub(crate) struct Place {
    backend: Backend,
    folder: tempfile::TempDir,
    url: String,
}

impl Place {
    /// On the database that the test is on.
    pub(crate) async fn new() -> Self {
        let backend = Backend::current();
        let folder = tempfile::tempdir().unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite:{}", folder.path().join("nexa.db").display()),
            Backend::Postgres => {
                let name = name();
                administer(backend, format!("CREATE SCHEMA {name}")).await;
                CREATED.with(|created| created.borrow_mut().push(name.clone()));
                format!("{}?options=-csearch_path%3D{name}", backend.server())
            }
            Backend::Mysql => {
                let name = name();
                administer(backend, format!("CREATE DATABASE {name}")).await;
                CREATED.with(|created| created.borrow_mut().push(name.clone()));
                let servers = backend.servers();
                format!("{}/{name}", servers.rsplit_once('/').unwrap().0)
            }
        };
        Place { backend, folder, url }
    }

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Of the schema or the database, on a server.
    pub(crate) fn name(&self) -> &str {
        let separator = if self.backend == Backend::Postgres { "%3D" } else { "/" };
        self.url.rsplit_once(separator).unwrap().1
    }

    /// A folder that goes with it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The file, on SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        assert_eq!(self.backend, Backend::Sqlite);
        self.folder.path().join("nexa.db")
    }
}

/// The URL of the first node of a cluster, for what does not know several.
pub(crate) fn one_node(url: &str) -> String {
    match (url.split_once(','), url.rsplit_once('/')) {
        (Some((first, _)), Some((_, database))) => format!("{first}/{database}"),
        _ => url.to_owned(),
    }
}

/// One of this process alone; a process is one test program.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

async fn administer(backend: Backend, statement: String) {
    let statement = sqlx::AssertSqlSafe(statement);
    match backend {
        Backend::Sqlite => unreachable!("SQLite has no server"),
        #[cfg(feature = "postgres")]
        Backend::Postgres => {
            let mut connection =
                <sqlx::PgConnection as sqlx::Connection>::connect(&backend.server()).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
        #[cfg(feature = "mysql")]
        Backend::Mysql => {
            let mut connection =
                <sqlx::MySqlConnection as sqlx::Connection>::connect(&backend.server()).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
        #[allow(unreachable_patterns, reason = "which of them are left depends on the build")]
        other => panic!("this build has no {other:?}"),
    }
}
