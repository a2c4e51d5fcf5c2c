//! The servers, which a test may end and must start again.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::{Connection as _, MySqlConnection, PgConnection};

use crate::support::{Backend, server};

/// No server takes this long to start.
const CEILING: Duration = Duration::from_secs(120);

fn said(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not said; `cargo xtask test --only faults` says it"))
}

/// The disk that the server of this database has for itself.
pub(crate) fn disk(backend: Backend) -> PathBuf {
    said(match backend {
        Backend::Sqlite => unreachable!("SQLite has no server"),
        Backend::Postgres => "NEXA_TEST_POSTGRES_DISK",
        Backend::Mysql => "NEXA_TEST_MYSQL_DISK",
    })
    .into()
}

pub(crate) fn certificate_of(authority: &str) -> String {
    PathBuf::from(said("NEXA_TEST_CERTIFICATES")).join(format!("{authority}.pem")).display().to_string()
}

/// Ends the server as a loss of power would: nothing is written any more. PostgreSQL is many processes, which SIGQUIT ends
/// at once; MariaDB is one.
pub(crate) async fn end(backend: Backend) {
    let (file, signal) = match backend {
        Backend::Sqlite => unreachable!("SQLite has no server"),
        Backend::Postgres => ("data/postmaster.pid", "-QUIT"),
        Backend::Mysql => ("pid", "-KILL"),
    };
    server::end(signal, &disk(backend).join(file)).await;
}

/// Starts the server again and waits until it answers. It ends with this process.
pub(crate) async fn start(backend: Backend) {
    server::start(&disk(backend).join("start"));
    let answers = async { while !does_answer(backend).await {} };
    tokio::time::timeout(CEILING, answers).await.expect("the server does not come back");
}

async fn does_answer(backend: Backend) -> bool {
    tokio::task::yield_now().await;
    match backend {
        Backend::Sqlite => unreachable!("SQLite has no server"),
        Backend::Postgres => PgConnection::connect(&backend.server()).await.is_ok(),
        Backend::Mysql => MySqlConnection::connect(&backend.server()).await.is_ok(),
    }
}
