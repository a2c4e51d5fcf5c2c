//! Calls that are given up: at each point where they wait, and by the end of the runtime they run on.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use nexa_core::{ErrorKind, Nexa};

use crate::cases::{CASES, Case, Effect};
use crate::stored::{Stored, Tables};
use crate::world::{self, Start, Templates, World};

#[tokio::test]
async fn a_call_given_up_at_any_point_happens_wholly_or_not_at_all() {
    let templates = Templates::new().await;
    for case in CASES {
        let whole = Whole::of(case, &templates).await;
        for polls in 0.. {
            let world = templates.begin(case.start).await;
            let ended = polled(polls, (case.call)(&world)).await;
            world.settle().await;
            let left = world.tables().await;
            match &ended {
                Some(outcome) => {
                    outcome.as_ref().unwrap_or_else(|refused| panic!("{}: {refused:?}", case.method));
                    assert!(left == whole.after, "{} was acknowledged and is not there", case.method);
                }
                None => whole.assert_all_or_nothing(&left, &format!("{} cut at {polls}", case.method)),
            }
            world.assert_usable().await;
            if ended.is_some() {
                assert!(polls > 1, "{} never waits", case.method);
                break;
            }
        }
    }
}

/// What stands in the database before a call and after it.
struct Whole {
    before: Tables,
    after: Tables,
}

impl Whole {
    async fn of(case: &Case, templates: &Templates) -> Self {
        let world = templates.begin(case.start).await;
        let before = world.tables().await;
        (case.call)(&world).await.unwrap_or_else(|refused| panic!("{}: {refused:?}", case.method));
        let whole = Whole { before, after: world.tables().await };
        whole.assert_recorded(case);
        whole
    }

    /// A change has its row in the audit and its event; what only reads changes nothing.
    fn assert_recorded(&self, case: &Case) {
        let more = |table: &str| self.after[table].len() - self.before[table].len();
        assert_eq!(self.before != self.after, case.effect == Effect::Writes, "{}", case.method);
        assert_eq!(more("audit_logs") > 0, case.effect == Effect::Writes, "{} in the audit", case.method);
        assert_eq!(more("audit_logs"), more("events"), "{}", case.method);
    }

    fn assert_all_or_nothing(&self, left: &Tables, what: &str) {
        if *left != self.before && *left != self.after {
            let differ = |table: &&String| left.get(*table) != self.before.get(*table);
            panic!("{what} left half of it, in {:?}", left.keys().filter(differ).collect::<Vec<_>>());
        }
    }
}

/// Polls a call this many times, each time when it asks for it, and drops it if it has not ended by then.
pub(crate) async fn polled<T>(times: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match call.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[test]
fn the_end_of_the_runtime_cuts_no_transaction_in_half() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outer = runtime();
    let templates = outer.block_on(Templates::new());
    for case in CASES.iter().filter(|case| case.effect == Effect::Writes) {
        let whole = outer.block_on(Whole::of(case, &templates));
        for power in 0.. {
            let inner = runtime();
            let (world, ended) = inner.block_on(async {
                let world = templates.begin(case.start).await;
                let ended = polled_busily(1 << power, (case.call)(&world)).await;
                (world, ended)
            });
            drop(inner);
            let what = format!("{} on a runtime that ended after 2^{power} turns", case.method);
            outer.block_on(assert_whole_or_absent(&world, &whole, &what));
            if ended {
                break;
            }
        }
    }
}

/// Gives everything on this runtime so many turns; true when the call has ended by then.
async fn polled_busily<T>(turns: usize, call: impl Future<Output = T>) -> bool {
    let mut call = pin!(call);
    for _ in 0..turns {
        if polled(1, call.as_mut()).await.is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

async fn assert_whole_or_absent(world: &World, whole: &Whole, what: &str) {
    // Opened again: the connections of the runtime that ended are closed by their threads, in their own time.
    let nexa = Nexa::open(&world::url(&world.file)).await.unwrap();
    let mut stored = Stored::open(&world.file).await;
    whole.assert_all_or_nothing(&stored.tables().await, what);
    stored.assert_sound().await;
    stored.close().await;
    nexa.close().await;
}

#[tokio::test]
async fn opening_given_up_at_any_point_leaves_a_database_that_opens() {
    for polls in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nexa.db");
        let ended = polled(polls, Nexa::open(&world::url(&file))).await;
        let built = polled(polls, Nexa::builder(world::url(&file)).open()).await;
        let nexa = Nexa::open(&world::url(&file)).await.unwrap();
        nexa.system("test").identity().issue_setup_token().await.unwrap();
        let mut stored = Stored::open(&file).await;
        assert_eq!(stored.number("SELECT count(*) FROM groups").await, 2, "after {polls} polls");
        assert_eq!(stored.number("SELECT count(*) FROM roles").await, 3, "after {polls} polls");
        assert_eq!(stored.number("SELECT count(*) FROM one_time_tokens").await, 2, "after {polls} polls");
        stored.assert_sound().await;
        if let (Some(opened), Some(built)) = (ended, built) {
            assert!(opened.unwrap().take_setup_token().is_some());
            assert!(built.unwrap().take_setup_token().is_none());
            break;
        }
    }
}

#[tokio::test]
async fn closing_given_up_at_any_point_loses_nothing_and_can_be_done_again() {
    let templates = Templates::new().await;
    for polls in 0.. {
        let world = templates.begin(Start::LivedIn).await;
        let claimed = world.system().ipam().claim(world.known.pool).await.unwrap();
        let acknowledged = world.tables().await;
        let claiming = tokio::spawn({
            let (system, pool) = (world.system(), world.known.pool);
            async move { system.ipam().claim(pool).await }
        });
        let ended = polled(polls, world.nexa.close()).await;
        world.nexa.close().await;
        let mut stored = Stored::open_alone(&world.file).await;
        stored.assert_unlocked().await;
        stored.assert_sound().await;
        let refused = world.system().ipam().claim(world.known.pool).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Closed);
        match claiming.await.unwrap() {
            Ok(second) => assert_ne!(second.value, claimed.value),
            Err(refused) => {
                assert_eq!(refused.kind(), ErrorKind::Closed);
                assert!(stored.tables().await == acknowledged, "a refused call left something");
            }
        }
        if ended.is_some() {
            break;
        }
    }
}
