//! What somebody else keeps locked, and how many connections there are.

use nexa_core::identity::NewGroup;
use nexa_core::{ErrorKind, Nexa};

use crate::support::{Backend, Database, Place, World};

/// The URL with options of ours.
fn with(url: &str, options: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{options}")
}

async fn given_up() {
    let world = World::new().await;
    let impatient = Nexa::open(&with(&world.url(), "statement_timeout_ms=200")).await.unwrap();
    let other = world.database().await;
    let unlock = if Backend::current() == Backend::Mysql { "UNLOCK TABLES" } else { "COMMIT" };
    for statement in lock_groups() {
        other.tamper(*statement).await;
    }
    let refused = impatient.system("test").identity().create_group(NewGroup::new("staff")).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.busy", ErrorKind::Locked), "{refused}");
    assert!(refused.is_retryable());
    // Who has more patience waits, and is served once the lock is gone.
    let waiting = tokio::spawn({
        let system = world.system();
        async move { system.identity().create_group(NewGroup::new("staff")).await }
    });
    let refused = impatient.system("test").identity().create_group(NewGroup::new("staff")).await.unwrap_err();
    assert_eq!(refused.code(), "db.busy", "{refused}");
    assert!(!waiting.is_finished());
    other.tamper(unlock).await;
    waiting.await.unwrap().unwrap();
    impatient.close().await;
    world.nexa.close().await;
}

async fn connections(database: &Database) -> i64 {
    let count = match Backend::current() {
        Backend::Mysql => {
            "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        }
        _ => {
            "SELECT COUNT(*)::text FROM pg_stat_activity WHERE application_name = 'nexa' AND pid <> pg_backend_pid()"
        }
    };
    database.column(count).await[0].parse().unwrap()
}

async fn pooled() {
    let world = World::new().await;
    let url = with(&world.url(), "pool_size=2");
    let database = world.database().await;
    world.nexa.close().await;
    let nexa = Nexa::open(&url).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..40 {
        let system = nexa.system("test");
        calls.spawn(async move { system.identity().create_group(NewGroup::new(format!("g{number}"))).await });
    }
    for done in calls.join_all().await {
        done.unwrap();
    }
    // MariaDB has one pool for writing and one for reading.
    let most = if Backend::current() == Backend::Mysql { 4 } else { 2 };
    let open = connections(&database).await;
    assert!((1..=most).contains(&open), "{open} connections");
    // With none free, a call says so when its time is over.
    let url = with(&url, "acquire_timeout_ms=200");
    let small = Nexa::open(&url.replace("pool_size=2", "pool_size=1")).await.unwrap();
    let other = world.database().await;
    for statement in lock_groups() {
        other.tamper(*statement).await;
    }
    let holding = tokio::spawn({
        let system = small.system("test");
        async move { system.identity().create_group(NewGroup::new("held")).await }
    });
    while waiting_for_a_lock(&database).await == 0 {
        tokio::task::yield_now().await;
    }
    let refused = small.system("test").identity().create_group(NewGroup::new("late")).await.unwrap_err();
    assert_eq!(refused.code(), "db.busy", "{refused}");
    assert!(!holding.is_finished());
    other.hang_up().await;
    holding.await.unwrap().unwrap();
    small.close().await;
    nexa.close().await;
}

fn lock_groups() -> &'static [&'static str] {
    match Backend::current() {
        Backend::Mysql => &["LOCK TABLES `groups` WRITE"],
        _ => &["BEGIN", "LOCK TABLE groups"],
    }
}

async fn waiting_for_a_lock(database: &Database) -> i64 {
    let count = match Backend::current() {
        Backend::Mysql => {
            "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.processlist \
             WHERE db = DATABASE() AND state LIKE 'Waiting for table%'"
        }
        _ => {
            "SELECT COUNT(*)::text FROM pg_stat_activity WHERE application_name = 'nexa' AND wait_event_type = 'Lock'"
        }
    };
    database.column(count).await[0].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_somebody_locked_is_given_up_when_the_url_says_so_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(given_up())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_somebody_locked_is_given_up_when_the_url_says_so_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(given_up())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_connections_as_the_url_says_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(pooled())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_connections_as_the_url_says_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(pooled())).await;
}

#[tokio::test]
async fn a_file_that_another_program_keeps_for_itself_is_given_up_when_the_url_says_so_sqlite() {
    let world = World::new().await;
    let url = with(&world.url(), "busy_timeout_ms=200");
    let nexa = Nexa::open(&url).await.unwrap();
    let other = world.database().await;
    other.tamper("BEGIN IMMEDIATE").await;
    let writing = nexa.system("test").identity().create_group(NewGroup::new("staff")).await.map(drop);
    let opening = Nexa::open(&url).await.map(drop);
    for refused in [writing.unwrap_err(), opening.unwrap_err()] {
        assert_eq!((refused.code(), refused.kind()), ("db.busy", ErrorKind::Locked), "{refused}");
        assert!(refused.is_retryable());
    }
    other.hang_up().await;
    nexa.system("test").identity().create_group(NewGroup::new("staff")).await.unwrap();
    nexa.close().await;
    world.nexa.close().await;
    // Not even to be read.
    let other = world.database().await;
    for statement in ["PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"] {
        other.tamper(statement).await;
    }
    let refused = Nexa::open(&url).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.busy", ErrorKind::Locked), "{refused}");
    other.hang_up().await;
    let nexa = Nexa::open(&url).await.unwrap();
    assert_eq!(world.database().await.count("users").await, 1);
    nexa.close().await;
}

/// SQLite itself does not wait here.
#[tokio::test]
async fn a_file_that_is_no_database_of_ours_yet_is_waited_for_while_another_program_writes_to_it_sqlite() {
    let place = Place::new().await;
    std::fs::write(place.path(), "").unwrap();
    let other = Database::open(&place).await;
    let begin = ["BEGIN IMMEDIATE", "CREATE TABLE other (a INTEGER)"];
    for statement in begin {
        other.tamper(statement).await;
    }
    let url = with(place.url(), "busy_timeout_ms=200");
    let refused = Nexa::open(&url).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.busy", ErrorKind::Locked), "{refused}");
    assert!(refused.to_string().contains("keeps the file to itself"), "it was waited for: {refused}");
    let lock = place.path().with_extension("db.lock");
    std::fs::remove_file(&lock).unwrap();
    let opening = tokio::spawn({
        let url = place.url().to_owned();
        async move { Nexa::open(&url).await }
    });
    while !lock.exists() {
        tokio::task::yield_now().await;
    }
    other.hang_up().await;
    opening.await.unwrap().unwrap().close().await;
}

/// Whoever has it may have been stopped, and never let go.
#[tokio::test]
async fn a_file_that_another_process_is_opening_is_given_up_when_the_url_says_so_sqlite() {
    let place = Place::new().await;
    let lock = std::fs::File::create(place.path().with_extension("db.lock")).unwrap();
    lock.lock().unwrap();
    let refused = Nexa::open(&with(place.url(), "busy_timeout_ms=200")).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("db.busy", ErrorKind::Locked), "{refused}");
    assert!(!place.path().exists(), "nothing was begun");
    drop(lock);
    Nexa::open(place.url()).await.unwrap().close().await;
}
