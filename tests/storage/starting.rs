//! Processes that open one database at once, and databases that an older build left or that was killed while it changed
//! the schema: on every database.

use std::path::{Path, PathBuf};

use nexa_core::page::PageRequest;
use nexa_core::{ErrorKind, Nexa};
use sha2::{Digest as _, Sha256};

use crate::support::{Backend, Database, Place, World, device};
use crate::thoroughness;
use crate::worker::{self, Worker};

const PROCESSES: usize = 8;

/// What the newest migration brought, taken away again: the database as the build before left it.
const TAKEN_AWAY: [&str; 2] =
    ["DROP TABLE idempotency_records", "DELETE FROM nexa_migrations WHERE version = 9"];

#[nexa_test_macros::every_database]
async fn eight_processes_open_a_new_database_at_once() {
    if let Some(url) = worker::asked() {
        return open_what_is_asked(&url).await;
    }
    let mut workers = start("starting::eight_processes_open_a_new_database_at_once").await;
    for round in 0..4 * thoroughness() {
        let place = Place::new().await;
        assert_eq!(
            opened(&mut workers, &place, round).await,
            1,
            "one gets the setup token, in round {round}"
        );
        let database = Database::open(&place).await;
        let counts = [("one_time_tokens", 1), ("groups", 2), ("roles", 3), ("data_keys", 5)];
        for (table, count) in counts {
            assert_eq!(database.count(table).await, count, "{table} in round {round}");
        }
    }
}

#[nexa_test_macros::every_database]
async fn eight_processes_open_an_older_database_at_once_and_keep_what_is_in_it() {
    if let Some(url) = worker::asked() {
        return open_what_is_asked(&url).await;
    }
    let mut workers =
        start("starting::eight_processes_open_an_older_database_at_once_and_keep_what_is_in_it").await;
    let world = lived_in().await;
    let people = world.system().identity().list_users(PageRequest::default()).await.unwrap().items.len();
    world.nexa.close().await;
    for round in 0..4 * thoroughness() {
        let database = world.database().await;
        for statement in TAKEN_AWAY {
            database.tamper(statement).await;
        }
        assert_eq!(opened(&mut workers, &world.place, round).await, 0, "round {round}");
        assert_eq!(database.count("idempotency_records").await, 0, "round {round}");
        assert_eq!(database.count("nexa_migrations").await, 9, "round {round}");
        let again = Nexa::open(&world.url()).await.unwrap();
        let found = again.system("test").identity().list_users(PageRequest::default()).await.unwrap();
        assert_eq!(found.items.len(), people);
        again.close().await;
    }
}

/// Lets every worker open it at once; gives how many got the setup token.
async fn opened(workers: &mut [Worker], place: &Place, round: usize) -> usize {
    for worker in &mut *workers {
        worker.tell(place.url()).await;
    }
    let mut tokens = 0;
    for worker in workers {
        match worker.next().await.as_deref() {
            Some("opened with a setup token") => tokens += 1,
            said => assert_eq!(said, Some("opened"), "round {round}"),
        }
    }
    tokens
}

async fn open_what_is_asked(_: &Path) {
    worker::say("ready");
    while let Some(url) = worker::hear() {
        let nexa = Nexa::open(&url).await.unwrap();
        let token = nexa.take_setup_token();
        nexa.close().await;
        worker::say(if token.is_some() { "opened with a setup token" } else { "opened" });
    }
}

/// Workers that are all ready to begin. They run the test of this name on the database that it is on.
async fn start(test: &str) -> Vec<Worker> {
    let on = match Backend::current() {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::Mysql => "mysql",
    };
    let test = format!("{test}::{on}");
    let mut workers: Vec<_> =
        (0..PROCESSES).map(|_| Worker::start(&test, Path::new("urls follow"))).collect();
    for worker in &mut workers {
        assert_eq!(worker.next().await.as_deref(), Some("ready"));
    }
    workers
}

async fn lived_in() -> World {
    let world = World::new().await;
    world.gateway().await;
    let bob = world.member("bob").await;
    world.system().enrolment().enrol(device("bob's laptop").user(bob)).await.unwrap();
    world
}

/// PostgreSQL and SQLite take back what was not committed; MariaDB commits each statement that changes the schema.
#[nexa_test_macros::every_database]
async fn a_migration_that_was_killed_at_any_statement_is_finished_when_the_database_is_next_opened() {
    let migrations = migrations();
    for (at, (_, sql)) in migrations.iter().enumerate() {
        let statements = statements(sql);
        for killed_after in 1..statements.len() {
            let place = Place::new().await;
            if Backend::current() == Backend::Sqlite {
                std::fs::write(place.path(), "").unwrap();
            }
            let database = Database::open(&place).await;
            apply(&database, &migrations[..at]).await;
            if Backend::current() != Backend::Mysql {
                database.tamper("BEGIN").await;
            }
            for statement in &statements[..killed_after] {
                database.tamper(*statement).await;
            }
            database.hang_up().await;
            let nexa = Nexa::open(place.url()).await;
            let nexa =
                nexa.unwrap_or_else(|refused| panic!("migration {at} cut at {killed_after}: {refused}"));
            nexa.system("test").identity().issue_setup_token().await.unwrap();
            nexa.close().await;
        }
    }
}

#[nexa_test_macros::every_database]
async fn a_schema_of_a_later_build_serves_this_one_where_it_says_so() {
    let world = lived_in().await;
    world.nexa.close().await;
    let database = world.database().await;
    let later = |oldest: u32| {
        let nothing = match Backend::current() {
            Backend::Postgres => "'\\x00'::bytea",
            Backend::Sqlite | Backend::Mysql => "x'00'",
        };
        format!(
            "INSERT INTO nexa_migrations (version, name, checksum, oldest) VALUES (10, 'later', {nothing}, {oldest})"
        )
    };
    database.tamper(later(10)).await;
    let refused = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unsupported, "db.newer"));
    database.tamper("DELETE FROM nexa_migrations WHERE version = 10").await;
    // A later build added this column, and says that builds from 9 on may go on.
    database.tamper(later(9)).await;
    let number = match Backend::current() {
        Backend::Sqlite => "INTEGER",
        Backend::Postgres | Backend::Mysql => "BIGINT",
    };
    database.tamper(format!("ALTER TABLE gateways ADD COLUMN floor {number}")).await;
    let nexa = Nexa::open(&world.url()).await.unwrap();
    let gateways = nexa.system("test").gateways().list(PageRequest::default()).await.unwrap();
    assert_eq!(gateways.items.len(), 1);
    nexa.system("test").enrolment().enrol(device("a phone").user(world.ada)).await.unwrap();
    nexa.close().await;
}

#[nexa_test_macros::every_database]
async fn tables_of_somebody_else_are_left_alone_and_a_missing_column_is_named() {
    let world = lived_in().await;
    world.nexa.close().await;
    let database = world.database().await;
    database.tamper("CREATE TABLE litestream_seq (id INTEGER)").await;
    database.tamper("INSERT INTO litestream_seq VALUES (7)").await;
    Nexa::open(&world.url()).await.unwrap().close().await;
    assert_eq!(database.count("litestream_seq").await, 1);
    database.tamper("ALTER TABLE policies DROP COLUMN description").await;
    let refused = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Corrupt, Some("url")));
    assert!(refused.to_string().contains("policies has no column description"), "{refused}");
}

/// Version and text of each, in order.
fn migrations() -> Vec<(String, String)> {
    let folder = match Backend::current() {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::Mysql => "mysql",
    };
    let folder = Path::new("migrations").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(file).unwrap())
    };
    files.into_iter().map(named).collect()
}

/// No text of a migration has a semicolon that ends no statement.
fn statements(sql: &str) -> Vec<&str> {
    let whole = |part: &&str| part.lines().any(|line| !line.is_empty() && !line.starts_with("--"));
    sql.split_inclusive(";\n").filter(whole).collect()
}

/// What an older build did when it opened this database.
async fn apply(database: &Database, migrations: &[(String, String)]) {
    let (number, bytes, text) = match Backend::current() {
        Backend::Sqlite => ("INTEGER", "BLOB", "TEXT"),
        Backend::Postgres => ("BIGINT", "BYTEA", "TEXT"),
        Backend::Mysql => ("BIGINT", "VARBINARY(32)", "VARCHAR(255)"),
    };
    database
        .tamper(format!(
            "CREATE TABLE nexa_migrations (version {number} NOT NULL PRIMARY KEY, name {text} NOT NULL, \
             checksum {bytes} NOT NULL, oldest {number} NOT NULL)"
        ))
        .await;
    for (version, (name, sql)) in (1..).zip(migrations) {
        for statement in statements(sql) {
            database.tamper(statement).await;
        }
        let digits: String = Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect();
        let checksum = match Backend::current() {
            Backend::Postgres => format!("'\\x{digits}'::bytea"),
            Backend::Sqlite | Backend::Mysql => format!("x'{digits}'"),
        };
        database
            .tamper(format!(
                "INSERT INTO nexa_migrations VALUES ({version}, '{name}', {checksum}, {version})"
            ))
            .await;
    }
}
