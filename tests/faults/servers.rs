//! The servers, which a test may end and must start again.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, MySqlConnection, PgConnection};

use crate::support::Backend;

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
    let pids = std::fs::read_to_string(disk(backend).join(file)).unwrap();
    let pid = pids.lines().next().unwrap();
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
    let ended = async {
        while is_running(pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CEILING, ended).await.expect("the server does not end");
}

/// Not so once all that is left of it is what its parent may ask.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z')))
}

/// Starts the server again and waits until it answers. It ends with this process.
pub(crate) async fn start(backend: Backend) {
    let script = disk(backend).join("start");
    // The kernel ends it with the thread that started it.
    std::thread::spawn(move || {
        let nothing = || Stdio::null();
        let mut server = Command::new("sh");
        server.arg(script).stdin(nothing()).stdout(nothing()).stderr(nothing());
        let _ = server.spawn().unwrap().wait();
        loop {
            std::thread::park();
        }
    });
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
