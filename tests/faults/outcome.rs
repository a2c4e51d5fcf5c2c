//! What a caller is told when the connection is lost at COMMIT: whether it was stored, without an idempotency key.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use nexa_core::identity::NewGroup;
use nexa_core::{ErrorKind, Nexa};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Backend, Database, Place};

/// Whatever is sent is passed on.
const OPEN: u8 = 0;
/// The next COMMIT is not passed on, and its connection is cut.
const BEFORE: u8 = 1;
/// The next COMMIT is passed on, and its connection is cut when the server has answered.
const AFTER: u8 = 2;
/// As after, and the server is not to be reached any more.
const FOR_GOOD: u8 = 3;
const GONE: u8 = 4;

/// Stands between a control plane and its server.
struct Between {
    server: SocketAddr,
    mode: AtomicU8,
    cut: AtomicUsize,
}

impl Between {
    async fn start(server: SocketAddr) -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let between = Arc::new(Between { server, mode: AtomicU8::new(OPEN), cut: AtomicUsize::new(0) });
        let this = Arc::clone(&between);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if this.mode.load(Ordering::SeqCst) != GONE {
                    tokio::spawn(Arc::clone(&this).pass_on(client));
                }
            }
        });
        (between, address)
    }

    async fn pass_on(self: Arc<Self>, mut client: TcpStream) {
        let mut server = TcpStream::connect(self.server).await.unwrap();
        let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    if self.mode.load(Ordering::SeqCst) == GONE {
                        return;
                    }
                    let is_commit = commits(&asked[..length]);
                    let mode = if is_commit { self.mode.swap(OPEN, Ordering::SeqCst) } else { OPEN };
                    if mode == BEFORE {
                        self.cut.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    if mode == FOR_GOOD {
                        self.mode.store(GONE, Ordering::SeqCst);
                    }
                    server.write_all(&asked[..length]).await.unwrap();
                    if mode != OPEN {
                        assert!(server.read(&mut answered).await.unwrap() > 0);
                        self.cut.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(length @ 1..) = read else { return };
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether a statement says COMMIT, and not READ COMMITTED.
fn commits(sent: &[u8]) -> bool {
    let ends = |at: usize| sent.get(at).is_none_or(|byte| !byte.is_ascii_alphabetic());
    sent.windows(6).enumerate().any(|(at, word)| word == b"COMMIT" && ends(at + 6))
}

async fn told_the_truth() {
    let place = Place::new().await;
    let (before, rest) = place.url().split_once('@').unwrap();
    let at = rest.find(['/', '?']).unwrap();
    let (between, address) = Between::start(rest[..at].parse().unwrap()).await;
    let plain = if Backend::current() == Backend::Mysql { "ssl-mode=DISABLED" } else { "sslmode=disable" };
    let separator = if rest.contains('?') { '&' } else { '?' };
    let url = format!("{before}@{address}{}{separator}{plain}&acquire_timeout_ms=200", &rest[at..]);
    let nexa = Nexa::builder(&url).without_background_work().open().await.unwrap();
    let identity = nexa.system("test").identity();
    let database = Database::open(&place).await;
    let named = async |name: &str| database.count(&format!("{} WHERE name = '{name}'", groups())).await;
    let audited =
        async |name: &str| database.count(&format!("audit_logs WHERE message LIKE '%{name}%'")).await;

    for (mode, name) in [(BEFORE, "cut before"), (AFTER, "cut after")] {
        between.mode.store(mode, Ordering::SeqCst);
        let group = identity.create_group(NewGroup::new(name)).await.unwrap();
        assert_eq!(between.cut.swap(0, Ordering::SeqCst), 1, "{name}");
        assert_eq!((named(name).await, audited(name).await), (1, 1), "{name}");
        assert_eq!(identity.get_group(group.id).await.unwrap().name, name);
    }
    assert!(nexa.system("test").audit().verify().await.unwrap().is_sound());

    between.mode.store(FOR_GOOD, Ordering::SeqCst);
    let unknown = identity.create_group(NewGroup::new("who-knows")).await.unwrap_err();
    assert_eq!((unknown.code(), unknown.kind()), ("db.outcome_unknown", ErrorKind::Unavailable));
    assert_eq!(named("who-knows").await, 1, "it was stored, and the caller was not told that it was not");
    let unreachable = identity.create_group(NewGroup::new("another")).await.unwrap_err();
    assert_eq!((unreachable.code(), unreachable.kind()), ("db.unreachable", ErrorKind::Unavailable));
    assert_eq!(named("another").await, 0);
    between.mode.store(OPEN, Ordering::SeqCst);
    identity.create_group(NewGroup::new("another")).await.unwrap();
    nexa.close().await;
}

fn groups() -> &'static str {
    if Backend::current() == Backend::Mysql { "`groups`" } else { "groups" }
}

#[tokio::test]
async fn a_connection_lost_at_commit_leaves_no_doubt_where_there_need_be_none_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(told_the_truth())).await;
}

#[tokio::test]
async fn a_connection_lost_at_commit_leaves_no_doubt_where_there_need_be_none_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(told_the_truth())).await;
}

async fn all_move_on() {
    let place = Place::new().await;
    let (before, rest) = place.url().split_once('@').unwrap();
    let (server, path) = rest.split_once('/').unwrap();
    let (between, address) = Between::start(server.parse().unwrap()).await;
    let url = format!("{before}@{address},{server}/{path}?ssl-mode=DISABLED&acquire_timeout_ms=200");
    let nexa = Nexa::builder(&url).without_background_work().open().await.unwrap();
    between.mode.store(GONE, Ordering::SeqCst);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..8 {
        let system = nexa.system("test");
        calls.spawn(async move { system.identity().create_group(NewGroup::new(format!("g{number}"))).await });
    }
    for called in calls.join_all().await {
        called.expect("there is a node that serves");
    }
    nexa.close().await;
}

#[tokio::test]
async fn callers_whom_a_node_fails_together_all_find_the_one_that_serves_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(all_move_on())).await;
}

/// A server that accepts and then says nothing.
async fn silent(scheme: &str) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("{scheme}://nexa@{address}/nexa?acquire_timeout_ms=200");
    let refused = Nexa::open(&url).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.unreachable", ErrorKind::Unavailable), "{refused}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_postgres() {
    silent("postgres").await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_mysql() {
    silent("mysql").await;
}
