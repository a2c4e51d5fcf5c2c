//! A named world for the tests of the public API: a control plane on one file, a clock that stands still, randomness
//! that repeats, and builders for whoever a test is about.
#![allow(dead_code, reason = "each test program uses its own part of it")]

mod backend;
pub(crate) mod load;
pub(crate) mod server;
mod snapshot;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexa_core::enrolment::{Enrolled, NewEnrolment};
use nexa_core::gateway::{Gateway, NewGateway};
use nexa_core::id::UserId;
use nexa_core::identity::NewUser;
use nexa_core::runtime::{ManualClock, Random, Timestamp};
use nexa_core::wireguard::PrivateKey;
use nexa_core::{Error, ErrorKind, Handle, Nexa, Result, Secret};

pub(crate) use backend::{Backend, Place, on, one_node};
pub(crate) use snapshot::Database;
#[allow(unused_imports, reason = "each test program uses its own part of it")]
pub(crate) use snapshot::Snapshot;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// When every world begins: 2026-01-01T00:00:00Z.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// A control plane on a database of its own, with the first administrator, ada, who has no password.
pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) nexa: Nexa,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ada: UserId,
}

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) handle: Handle,
    pub(crate) token: Secret<String>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (place, nexa, clock) = empty().await;
        let first = NewUser::without_password("ada");
        let ada = nexa.system("test").identity().create_first_user(first).await.unwrap().id;
        World { place, nexa, clock, ada }
    }

    /// Moves the clock on, so that ids sort as things were made.
    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_micros(1));
    }

    /// The program itself.
    pub(crate) fn system(&self) -> Handle {
        self.nexa.system("test")
    }

    /// The file, of a world on SQLite.
    pub(crate) fn path(&self) -> PathBuf {
        self.place.path()
    }

    pub(crate) fn url(&self) -> String {
        self.place.url().to_owned()
    }

    /// The database, seen from outside.
    pub(crate) async fn database(&self) -> Database {
        Database::open(&self.place).await
    }

    /// Another process on the same database, as far as the database can tell.
    pub(crate) async fn open_again(&self) -> Nexa {
        let builder = Nexa::builder(self.url()).clock(Arc::clone(&self.clock) as _);
        let builder = builder.random(Arc::new(Repeatable::seeded(u64::MAX / 3)));
        builder.without_background_work().open().await.unwrap()
    }

    /// A member who signs in with [`PASSWORD`].
    pub(crate) async fn person(&self, name: &str) -> Person {
        self.person_as(name, "member").await
    }

    pub(crate) async fn person_as(&self, name: &str, role: &str) -> Person {
        self.tick();
        let new = NewUser::new(name, PASSWORD).role(role);
        self.system().identity().create_user(new).await.unwrap();
        self.sign_in(name).await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Person {
        let signed_in = self.nexa.anonymous().identity().sign_in(name, PASSWORD).await.unwrap();
        let handle = self.nexa.authenticate(signed_in.token.expose()).await.unwrap();
        Person { id: signed_in.user_id, handle, token: signed_in.token }
    }

    /// A member who never signs in, which costs no password hash.
    pub(crate) async fn member(&self, name: &str) -> UserId {
        self.tick();
        let new = NewUser::without_password(name);
        self.system().identity().create_user(new).await.unwrap().id
    }

    /// Whoever is in `sysadmins` may do everything.
    pub(crate) async fn sysadmins(&self) -> nexa_core::id::GroupId {
        let groups = self.system().identity().list_groups(Default::default()).await.unwrap();
        groups.items.iter().find(|group| group.is_administrator).unwrap().id
    }

    pub(crate) async fn gateway(&self) -> Gateway {
        self.gateway_with("hq", "10.66.0.0/16", "fd66::/64").await
    }

    pub(crate) async fn gateway_with(&self, name: &str, v4: &str, v6: &str) -> Gateway {
        self.tick();
        let new = NewGateway::new(name, "vpn.example.org:51820".parse().unwrap(), key(name).public_key())
            .vpn_cidr(v4.parse().unwrap())
            .vpn_cidr(v6.parse().unwrap());
        self.system().gateways().create(new).await.unwrap()
    }

    /// Enrols a device of a person by its label, which is its name, its fingerprint and the seed of its key.
    pub(crate) async fn enrol(&self, user: UserId, label: &str) -> Enrolled {
        self.tick();
        self.system().enrolment().enrol(device(label).user(user)).await.unwrap()
    }
}

/// A control plane in which nobody is yet, on a database of its own.
pub(crate) async fn empty() -> (Place, Nexa, Arc<ManualClock>) {
    let place = Place::new().await;
    let clock = Arc::new(ManualClock::new(BEGINNING));
    let builder = Nexa::builder(place.url()).clock(Arc::clone(&clock) as _);
    let builder = builder.random(Arc::new(Repeatable::seeded(1)));
    let nexa = builder.without_background_work().open().await.unwrap();
    (place, nexa, clock)
}

/// What a device of this label asks to be enrolled as.
pub(crate) fn device(label: &str) -> NewEnrolment {
    NewEnrolment::new(label, key(label).public_key(), format!("sha256:{label}"))
}

/// A key that is the same for the same label.
pub(crate) fn key(label: &str) -> PrivateKey {
    let mut bytes = [0x5a; 32];
    assert!(label.len() < 30, "{label:?} does not fit into a key");
    for (byte, of_label) in bytes.iter_mut().skip(1).zip(label.bytes()) {
        *byte ^= of_label;
    }
    PrivateKey::from_bytes(&bytes).unwrap()
}

/// The kind of a refusal and the field it names.
pub(crate) fn refusal<T>(outcome: Result<T>) -> (ErrorKind, Option<String>) {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => parts(&error),
    }
}

pub(crate) fn parts(error: &Error) -> (ErrorKind, Option<String>) {
    (error.kind(), error.field().map(str::to_owned))
}

/// The kind of a refusal; `None` for none.
pub(crate) fn kind<T>(outcome: &Result<T>) -> Option<ErrorKind> {
    outcome.as_ref().err().map(Error::kind)
}

/// Bytes that look random and are the same in every run (SplitMix64).
pub(crate) struct Repeatable(AtomicU64);

impl Repeatable {
    pub(crate) fn seeded(seed: u64) -> Self {
        Repeatable(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for Repeatable {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
        Ok(())
    }
}
