//! Calls that are given up at each point where they wait, on the servers. `cancellation.rs` does the same on SQLite, from
//! copies of a file; here a database is put back, row by row, to what it was.

use std::sync::Arc;

use nexa_core::Nexa;
use nexa_core::runtime::ManualClock;

use crate::cancellation::polled;
use crate::cases::{CASES, Case, Effect};
use crate::support::{Backend, Database, Place, Snapshot, on};
use crate::world::{Known, MORNING, Sequence, Start, World, live_in};

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_given_up_at_any_point_happens_wholly_or_not_at_all_on_postgres() {
    on(Backend::Postgres, Box::pin(every_case_given_up())).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_given_up_at_any_point_happens_wholly_or_not_at_all_on_mysql() {
    on(Backend::Mysql, Box::pin(every_case_given_up())).await;
}

async fn every_case_given_up() {
    let stage = Stage::new().await;
    let mut cut = 0;
    for case in CASES {
        stage.reset(case.start).await;
        let before = stage.database.snapshot().await;
        let world = stage.world().await;
        (case.call)(&world).await.unwrap_or_else(|refused| panic!("{}: {refused:?}", case.method));
        let after = stage.database.snapshot().await;
        world.nexa.close().await;
        assert_eq!(before != after, case.effect == Effect::Writes, "{}", case.method);
        for polls in 0.. {
            if stage.give_up(case, polls, (&before, &after)).await {
                cut += polls;
                break;
            }
        }
    }
    // One call may be over before it is asked for the first time: its task runs on another thread.
    assert!(cut > CASES.len(), "{cut} calls were cut, of {} cases", CASES.len());
}

/// Two databases to begin from, and one to work on.
struct Stage {
    new: Place,
    lived_in: Place,
    work: Place,
    database: Database,
    tables: Vec<String>,
    setup_token: String,
    known: Known,
}

impl Stage {
    async fn new() -> Self {
        let (new, lived_in, work) = (Place::new().await, Place::new().await, Place::new().await);
        let nexa = open(&new).await;
        let setup_token = nexa.take_setup_token().unwrap().expose().clone();
        nexa.close().await;
        let nexa = open(&lived_in).await;
        let known = live_in(&nexa).await.unwrap();
        nexa.close().await;
        open(&work).await.close().await;
        let database = Database::open(&work).await;
        // What is put back row by row refers to what is not there yet; and a transaction that was left open holds rows that
        // are about to be deleted.
        let (tables, session) = match Backend::current() {
            Backend::Postgres => (
                "SELECT table_name::TEXT FROM information_schema.tables WHERE table_schema = current_schema()",
                ["SET session_replication_role = replica", "SET lock_timeout = '10s'"],
            ),
            _ => (
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
                ["SET foreign_key_checks = 0", "SET innodb_lock_wait_timeout = 10"],
            ),
        };
        let tables = database.column(tables).await;
        for setting in session {
            database.tamper(setting).await;
        }
        Stage { new, lived_in, work, database, tables, setup_token, known }
    }

    /// Puts the database that is worked on back to what it begins as.
    async fn reset(&self, start: Start) {
        let from = match start {
            Start::New => self.new.name(),
            Start::LivedIn => self.lived_in.name(),
        };
        for table in &self.tables {
            let quoted = match Backend::current() {
                Backend::Postgres => format!("\"{table}\""),
                _ => format!("`{table}`"),
            };
            self.database.tamper(format!("DELETE FROM {quoted}")).await;
            self.database.tamper(format!("INSERT INTO {quoted} SELECT * FROM {from}.{quoted}")).await;
        }
    }

    /// The same world each time, to the last random byte.
    async fn world(&self) -> World {
        let random = Arc::new(Sequence::default());
        let builder = Nexa::builder(self.work.url()).clock(Arc::new(ManualClock::new(MORNING)));
        let builder = builder.random(Arc::clone(&random) as _).without_background_work();
        let nexa = builder.open().await.unwrap();
        World::of(nexa, random, self.setup_token.clone(), self.known.clone())
    }

    /// Gives a call up after so many polls and looks at what is left; true when it had ended by then.
    async fn give_up(&self, case: &Case, polls: usize, (before, after): (&Snapshot, &Snapshot)) -> bool {
        self.reset(case.start).await;
        let world = self.world().await;
        let ended = polled(polls, (case.call)(&world)).await;
        let what = format!("{} cut at {polls}", case.method);
        if let Some(outcome) = &ended {
            outcome.as_ref().unwrap_or_else(|refused| panic!("{what}: {refused:?}"));
            let left = self.database.snapshot().await;
            assert!(left == *after, "{what} was acknowledged and is not there:\n{}", after.difference(&left));
        }
        // The connections serve on: this writes nothing, and draws no randomness.
        let done = world.nexa.system("settle").audit().prune(MORNING).await;
        done.unwrap_or_else(|refused| panic!("{what}: {refused}"));
        // Waits for what is under way.
        world.nexa.close().await;
        let left = self.database.snapshot().await;
        let is_whole = left == *before || left == *after;
        assert!(is_whole, "{what} left half of it:\n{}", before.difference(&left));
        ended.is_some()
    }
}

async fn open(place: &Place) -> Nexa {
    let clock = Arc::new(ManualClock::new(MORNING));
    let builder = Nexa::builder(place.url()).clock(clock).random(Arc::new(Sequence::default()));
    builder.without_background_work().open().await.unwrap()
}
