//! A control plane that can be had again and again in the same state, to the byte.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nexa_core::audit::SignedHead;
use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;
use nexa_core::id::{DeviceId, GatewayId, GroupId, PolicyId, PolicyTestId, PoolId, ReservationId, UserId};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::ipam::{Allocation, NewPool, PoolKind, ValueRange};
use nexa_core::net::Cidr;
use nexa_core::policy::{Destination, NewPolicy, NewPolicyTest};
use nexa_core::runtime::{Clock, ManualClock, Random, Timestamp};
use nexa_core::wireguard::PublicKey;
use nexa_core::{Error, ErrorKind, Handle, Nexa, RequestContext};
use tempfile::TempDir;

use crate::stored::{Stored, Tables};

pub(crate) const PASSWORD: &str = "correct horse battery";
/// When worlds begin.
pub(crate) const MORNING: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

pub(crate) fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// Bytes that look random and are the same in every run.
#[derive(Default)]
pub(crate) struct Sequence(AtomicU64);

impl Sequence {
    /// How often it was asked.
    pub(crate) fn drawn(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Random for Sequence {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let drawn = self.0.fetch_add(1, Ordering::SeqCst);
        let mut state = drawn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// How far a clock leaps.
pub(crate) const LEAP: Duration = Duration::from_secs(60);

/// A clock on which [`LEAP`] goes by between two readings of it, once.
pub(crate) struct Leaping {
    readings_before: AtomicUsize,
}

impl Leaping {
    /// Leaps after this many readings.
    pub(crate) fn after(readings: usize) -> Self {
        Leaping { readings_before: AtomicUsize::new(readings) }
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        let left =
            self.readings_before.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match left {
            Ok(_) => MORNING,
            Err(_) => MORNING.saturating_add(LEAP),
        }
    }
}

/// A clock that stands still and remembers how much randomness had been drawn whenever it was read: work draws some.
#[derive(Default)]
pub(crate) struct Watching {
    random: Arc<Sequence>,
    drawn: Mutex<Vec<u64>>,
}

impl Watching {
    /// What had been drawn at each reading since it was last asked.
    pub(crate) fn take_readings(&self) -> Vec<u64> {
        std::mem::take(&mut self.drawn.lock().unwrap())
    }
}

impl Clock for Watching {
    fn now(&self) -> Timestamp {
        self.drawn.lock().unwrap().push(self.random.drawn());
        MORNING
    }
}

/// What a world begins as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// A new database: nobody is there yet.
    New,
    /// People, a gateway, a device, policies, a pool.
    LivedIn,
}

/// Files to begin from, made once.
pub(crate) struct Templates {
    folder: TempDir,
    setup_token: String,
    known: Known,
}

/// What a lived-in world knows of itself.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) ada: UserId,
    pub(crate) bob: UserId,
    pub(crate) bobs_token: String,
    pub(crate) suspended: UserId,
    pub(crate) staff: GroupId,
    pub(crate) gateway: GatewayId,
    pub(crate) device: DeviceId,
    pub(crate) policy: PolicyId,
    pub(crate) test: PolicyTestId,
    pub(crate) pool: PoolId,
    pub(crate) held: Allocation,
    pub(crate) reservation: ReservationId,
    pub(crate) unused: PoolId,
    pub(crate) head: SignedHead,
}

impl Templates {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = || Arc::new(ManualClock::new(MORNING));
        let nexa = open(&folder.path().join("New.db"), clock(), Arc::default()).await;
        let setup_token = nexa.take_setup_token().unwrap().expose().clone();
        nexa.close().await;
        let nexa = open(&folder.path().join("LivedIn.db"), clock(), Arc::default()).await;
        let known = live_in(&nexa).await.unwrap();
        nexa.close().await;
        Templates { folder, setup_token, known }
    }

    /// A copy of a world as it began, at [`MORNING`].
    pub(crate) async fn begin(&self, start: Start) -> World {
        self.begin_at(start, Arc::new(ManualClock::new(MORNING))).await
    }

    pub(crate) async fn begin_at(&self, start: Start, clock: Arc<dyn Clock>) -> World {
        self.begin_with(start, clock, Arc::default()).await
    }

    /// The same with a clock that watches what is done.
    pub(crate) async fn begin_watched(&self, start: Start) -> (World, Arc<Watching>) {
        let clock = Arc::new(Watching::default());
        let random = Arc::clone(&clock.random);
        (self.begin_with(start, Arc::clone(&clock) as _, random).await, clock)
    }

    async fn begin_with(&self, start: Start, clock: Arc<dyn Clock>, random: Arc<Sequence>) -> World {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nexa.db");
        for kind in ["db", "db.key"] {
            let copy = folder.path().join(format!("nexa.{kind}"));
            std::fs::copy(self.folder.path().join(format!("{start:?}.{kind}")), copy).unwrap();
        }
        let nexa = open(&file, clock, Arc::clone(&random)).await;
        let (setup_token, known) = (self.setup_token.clone(), self.known.clone());
        World { folder, file, nexa, random, setup_token, known, context: RequestContext::default() }
    }
}

async fn open(file: &Path, clock: Arc<dyn Clock>, random: Arc<Sequence>) -> Nexa {
    let builder = Nexa::builder(url(file)).clock(clock).random(random);
    builder.without_background_work().open().await.unwrap()
}

pub(crate) async fn live_in(nexa: &Nexa) -> Result<Known, Error> {
    let system = nexa.system("template");
    let ada = system.identity().create_first_user(NewUser::without_password("ada")).await?.id;
    let bob = system.identity().create_user(NewUser::new("bob", PASSWORD)).await?.id;
    let bobs_token = nexa.anonymous().identity().sign_in("bob", PASSWORD).await?.token.expose().clone();
    let suspended = system.identity().create_user(NewUser::without_password("sue")).await?.id;
    system.identity().suspend_user(suspended).await?;
    let staff = system.identity().create_group(NewGroup::new("staff")).await?.id;
    system.identity().add_member(staff, bob).await?;
    let gateway = system.gateways().create(new_gateway("hq", 1)).await?.id;
    let policy = NewPolicy::allow("office").target(staff).destination("10.20.0.0/16".parse::<Cidr>()?);
    let policy = policy.destination("service:git tcp/22".parse::<Destination>()?);
    let policy = system.policy().create(policy).await?.id;
    let test = NewPolicyTest::deny("the lab is closed", staff, std::net::Ipv4Addr::new(192, 0, 2, 1).into());
    let test = system.policy().create_test(test).await?.id;
    let laptop = new_device("laptop", 2).user(bob).with_preshared_key();
    let device = system.enrolment().enrol(laptop).await?.device.id;
    let pool = system.ipam().create_pool(NewPool::new("printers", "10.9.0.0/29".parse()?)).await?.id;
    let held = system.ipam().claim(pool).await?;
    let kept = ValueRange::parse(PoolKind::Ipv4, "10.9.0.6")?;
    let reservation = system.ipam().reserve(pool, kept, "the router").await?.id;
    let unused = system.ipam().create_pool(NewPool::new("unused", "10.5.0.0/24".parse()?)).await?.id;
    let head = system.audit().signed_head().await?;
    Ok(Known {
        head,
        ada,
        bob,
        bobs_token,
        suspended,
        staff,
        gateway,
        device,
        policy,
        test,
        pool,
        held,
        reservation,
        unused,
    })
}

pub(crate) fn new_gateway(name: &str, key: u8) -> NewGateway {
    NewGateway::new(name, "vpn.example.org:51820".parse().unwrap(), public_key(key))
        .vpn_cidr(format!("10.{key}.0.0/24").parse().unwrap())
        .vpn_cidr(format!("fd{key:02}::/64").parse().unwrap())
}

pub(crate) fn new_device(name: &str, key: u8) -> NewEnrolment {
    NewEnrolment::new(name, public_key(key), name)
}

/// A different key for each number.
fn public_key(number: u8) -> PublicKey {
    let scalar = nexa_core::wireguard::PrivateKey::generate(&{
        let random = Sequence::default();
        random.0.store(u64::from(number) << 32, Ordering::SeqCst);
        random
    });
    scalar.unwrap().public_key()
}

/// One control plane on its own file.
pub(crate) struct World {
    /// Goes with the world.
    #[expect(dead_code, reason = "held so that the file lives as long as the world")]
    folder: TempDir,
    pub(crate) file: PathBuf,
    pub(crate) nexa: Nexa,
    pub(crate) random: Arc<Sequence>,
    pub(crate) setup_token: String,
    pub(crate) known: Known,
    /// What every call comes with.
    pub(crate) context: RequestContext,
}

impl World {
    /// One on a server, which has no file.
    pub(crate) fn of(nexa: Nexa, random: Arc<Sequence>, setup_token: String, known: Known) -> Self {
        let (folder, file, context) =
            (tempfile::tempdir().unwrap(), PathBuf::new(), RequestContext::default());
        World { folder, file, nexa, random, setup_token, known, context }
    }

    pub(crate) fn system(&self) -> Handle {
        self.nexa.system("test").with(self.context.clone())
    }

    pub(crate) fn anonymous(&self) -> Handle {
        self.nexa.anonymous().with(self.context.clone())
    }

    pub(crate) async fn bob(&self) -> Result<Handle, Error> {
        Ok(self.nexa.authenticate(&self.known.bobs_token).await?.with(self.context.clone()))
    }

    pub(crate) async fn stored(&self) -> Stored {
        Stored::open(&self.file).await
    }

    pub(crate) async fn tables(&self) -> Tables {
        let mut stored = self.stored().await;
        let tables = stored.tables().await;
        // Not left to a thread: the last to leave a file locks it for a moment.
        stored.close().await;
        tables
    }

    /// Waits until the calls that were given up are over: there is one writer, and it serves in order, so a write
    /// that comes after them ends after them. This one is refused, and so changes nothing.
    pub(crate) async fn settle(&self) {
        let ipam = self.nexa.system("settle").ipam();
        let refused = ipam.release(self.known.held.id, -1).await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Conflict | ErrorKind::NotFound), "{refused}");
    }

    /// Asserts that no transaction was left open and that the control plane still works.
    pub(crate) async fn assert_usable(&self) {
        let mut stored = self.stored().await;
        stored.assert_unlocked().await;
        stored.assert_sound().await;
        let new = NewPool::new("afterwards", "192.0.2.0/24".parse().unwrap());
        let pool = self.nexa.system("afterwards").ipam().create_pool(new).await.unwrap();
        self.nexa.system("afterwards").ipam().claim(pool.id).await.unwrap();
        stored.assert_sound().await;
    }
}
