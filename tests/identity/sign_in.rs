//! Passwords and sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nexa_core::identity::NewUser;
use nexa_core::runtime::{Clock, Timestamp};
use nexa_core::{ErrorKind, Nexa, RequestContext};
use tokio::runtime::Handle as Runtime;

use crate::support::{BEGINNING, PASSWORD, Repeatable, World, kind, parts};

#[nexa_test_macros::every_database]
async fn a_wrong_password_an_unknown_name_and_a_suspended_person_fail_alike() {
    let world = World::new().await;
    let (_, eve) = (world.person("ben").await, world.person("eve").await);
    world.member("service").await;
    world.system().identity().suspend_user(eve.id).await.unwrap();
    let strangers = world.nexa.anonymous().identity();
    let mut said = Vec::new();
    for (name, password) in [
        ("ben", "a wrong password"),
        ("nobody", PASSWORD),
        ("eve", PASSWORD),
        ("service", PASSWORD),
        ("no name at all", PASSWORD),
        ("", ""),
        ("ben", &"x".repeat(1_025)),
        ("nobody", &"x".repeat(1_000_000)),
    ] {
        let error = strangers.sign_in(name, password).await.unwrap_err();
        said.push((parts(&error), error.to_string(), format!("{error:?}")));
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:#?}");
    assert_eq!(said[0].0.0, ErrorKind::Unauthenticated);
}

#[nexa_test_macros::every_database]
async fn a_name_is_recognised_in_any_letters_and_spaces_around_it() {
    let world = World::new().await;
    let ben = world.person("Ben").await;
    for name in ["ben", "BEN", " ben "] {
        let signed_in = world.nexa.anonymous().identity().sign_in(name, PASSWORD).await.unwrap();
        assert_eq!(signed_in.user_id, ben.id);
    }
}

#[nexa_test_macros::every_database]
async fn a_session_ends_by_the_clock() {
    let world = World::new().await;
    let signed_in = world.person("ben").await;
    let lifetime = Duration::from_secs(12 * 3600);
    world.clock.advance(lifetime - Duration::from_micros(1));
    signed_in.handle.identity().get_user(signed_in.id).await.unwrap();
    world.clock.advance(Duration::from_micros(1));
    let over = signed_in.handle.identity().get_user(signed_in.id).await;
    assert_eq!(kind(&over), Some(ErrorKind::Unauthenticated));
    let over = world.nexa.authenticate(signed_in.token.expose()).await;
    assert_eq!(kind(&over), Some(ErrorKind::Unauthenticated));
}

#[nexa_test_macros::every_database]
async fn signing_out_ends_this_session_and_no_other() {
    let world = World::new().await;
    let (here, there) = (world.person("ben").await, world.sign_in("ben").await);
    here.handle.identity().sign_out().await.unwrap();
    assert_eq!(kind(&here.handle.identity().sign_out().await), Some(ErrorKind::Unauthenticated));
    there.handle.identity().get_user(there.id).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn no_call_is_begun_after_its_deadline() {
    let world = World::new().await;
    let database = world.database().await;
    let before = database.snapshot().await;
    let late = world.system().with(RequestContext::default().deadline(BEGINNING));
    let new = NewUser::without_password("ben");
    assert_eq!(kind(&late.identity().create_user(new.clone()).await), Some(ErrorKind::Cancelled));
    before.assert_unchanged(&database.snapshot().await, "a call after its deadline changed something");
    let in_time = RequestContext::default().deadline(BEGINNING.saturating_add(Duration::from_micros(1)));
    world.system().with(in_time).identity().create_user(new).await.unwrap();
}

/// The clock is read three times around the look-up of the password, twice to begin the transaction that opens the
/// session, and once for the audit of its refusal. The fourth reading is past the password and outside a transaction.
const READINGS_OF_A_REFUSED_SIGN_IN: usize = 6;
const AFTER_THE_PASSWORD: usize = 4;

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_while_the_password_is_checked_is_not_signed_in() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    let database = world.database().await;
    let system = world.system();
    meanwhile(&world, "ben", async move { system.identity().suspend_user(ben.id).await.unwrap() }).await;
    assert_eq!(database.count("sessions").await, 1, "there is one from before");
    world.system().identity().activate_user(ben.id).await.unwrap();
    let old = world.nexa.authenticate(ben.token.expose()).await;
    assert_eq!(kind(&old), Some(ErrorKind::Unauthenticated));
    world.sign_in("ben").await;
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_another_password_while_the_old_one_is_checked_is_not_signed_in() {
    let world = World::new().await;
    world.person("ben").await;
    let (database, change) = (world.database().await, world.database().await);
    let another = "UPDATE users SET password_hash = 'another' WHERE username_key = 'ben'";
    meanwhile(&world, "ben", async move { assert_eq!(change.tamper(another).await, 1) }).await;
    assert_eq!(database.count("sessions").await, 1, "there is one from before");
}

/// Signs in with the right password, and does something once it was found to be right. The sign-in must be refused.
async fn meanwhile(world: &World, name: &str, change: impl Future<Output = ()> + Send + 'static) {
    let runtime = Runtime::current();
    // On a thread of its own: a clock is read within the runtime, which cannot be waited on from inside.
    let change = move || std::thread::spawn(move || runtime.block_on(change)).join().unwrap();
    let clock = Arc::new(Interrupting::new(change));
    let builder = Nexa::builder(world.url()).clock(Arc::clone(&clock) as _);
    let nexa = builder.random(Arc::new(Repeatable::seeded(u64::MAX / 5))).open().await.unwrap();
    clock.begin();
    let refused = nexa.anonymous().identity().sign_in(name, PASSWORD).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
    assert_eq!(clock.readings.load(Ordering::SeqCst), READINGS_OF_A_REFUSED_SIGN_IN);
}

/// A clock that stands still, and does something at one reading of it.
struct Interrupting {
    readings: AtomicUsize,
    change: std::sync::Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Interrupting {
    fn new(change: impl FnOnce() + Send + 'static) -> Self {
        let change: Box<dyn FnOnce() + Send> = Box::new(change);
        Interrupting { readings: AtomicUsize::new(usize::MAX / 2), change: Some(change).into() }
    }

    /// Counts from here.
    fn begin(&self) {
        self.readings.store(0, Ordering::SeqCst);
    }
}

impl Clock for Interrupting {
    fn now(&self) -> Timestamp {
        if self.readings.fetch_add(1, Ordering::SeqCst) + 1 == AFTER_THE_PASSWORD {
            let change = self.change.lock().unwrap().take().unwrap();
            change();
        }
        BEGINNING
    }
}
