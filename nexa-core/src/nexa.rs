//! The control plane as a value: opened once, shared everywhere.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::actor::RequestContext;
use crate::audit::{self, Audit, RefusalLimit};
use crate::db::{self, Db, Mode};
use crate::devices::Devices;
use crate::enrolment::Enrolment;
use crate::error::{Classify, Code, Result};
use crate::events::Events;
use crate::gateway::Gateways;
use crate::idempotency::{self, Call, Once, Put};
use crate::identity::{Caller, Identity, Passwords, bootstrap};
use crate::ipam::Ipam;
use crate::policy::{Locator, Places, Policies, ResolutionCounts, Resolutions};
use crate::runtime::{Clock, Random, SystemClock, SystemRandom, random_bytes};
use crate::sealed::{self, KeyProvider, Keyring, Sealing};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::unit::{self, Order, Unit, Work};

/// A private-network control plane over one database. Cheap to clone; every clone is the same control plane.
#[derive(Clone)]
pub struct Nexa {
    core: Arc<Core>,
}

/// What every call needs.
pub(crate) struct Core {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) locator: Arc<dyn Locator>,
    /// What policies come to, as it was resolved before in this process.
    pub(crate) resolutions: Arc<Resolutions>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) refusals: RefusalLimit,
    /// What this process makes seals of the audit as.
    pub(crate) sealer: Uuid,
    pub(crate) passwords: Passwords,
    /// How often a transaction was begun again.
    pub(crate) repeats: AtomicU64,
    setup_token: Mutex<Option<Secret<String>>>,
    closing: tokio::sync::Mutex<()>,
}

impl Nexa {
    /// Opens the database that `url` names, such as `sqlite:nexa.db`, creates it where it does not exist, and brings
    /// its schema up to date. `sqlite::memory:` lives as long as the value.
    ///
    /// | URL | options |
    /// |---|---|
    /// | `sqlite:<path>` | `busy_timeout_ms`: how long a call waits for another program's write, usually 20,000 |
    /// | `postgres://<user>:<password>@<host>:<port>/<database>` | `sslmode`, `sslrootcert`, `sslcert`, `sslkey` as in libpq, and those below |
    /// | `mysql://<user>:<password>@<host>:<port>,<host>:<port>/<database>` | `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key` as in MariaDB's client, and those below; several hosts are the nodes of one Galera cluster |
    /// | servers | `pool_size`: connections at most, usually 10, on MariaDB for writing and as many for reading; `acquire_timeout_ms`: how long a call waits for one, usually 20,000 and for a node of a cluster 3,000; `statement_timeout_ms`: how long a statement may take, usually 30,000, and two thirds of that may be waiting for a lock |
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`url`) for a malformed URL or a place that cannot be written,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a database this build has no feature for, or whose schema is newer
    /// than this build, [`Corrupt`](crate::ErrorKind::Corrupt) for a file that is no Nexa database,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`keys`) where keys are needed and none are named, or others than the
    /// database's, [`NeedsOperator`](crate::ErrorKind::NeedsOperator) when the file of keys beside a database is gone,
    /// [`Closed`](crate::ErrorKind::Closed) outside a Tokio runtime.
    pub async fn open(url: &str) -> Result<Self> {
        Self::builder(url).open().await
    }

    /// The same with another clock or source of randomness.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder {
            url: url.into(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            keys: None,
            locator: Arc::new(Places::none()),
            background: Background::On,
        }
    }

    /// The one-time token that creates the first user, if this call to `open` created the database. It is given once
    /// and only its hash is stored; show it to whoever installs.
    /// [`Identity::issue_setup_token`] makes another.
    #[must_use]
    pub fn take_setup_token(&self) -> Option<Secret<String>> {
        self.core.setup_token.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How often a transaction was begun again since this was opened, because another one was in its way: the wasted part of the work.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.core.repeats.load(Ordering::Relaxed)
    }

    /// How often sets of policies were resolved since this was opened, and how often that was used again.
    #[must_use]
    pub fn resolutions(&self) -> ResolutionCounts {
        self.core.resolutions.counts()
    }

    /// A handle for somebody who has not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Handle {
        self.handle(Caller::Anonymous)
    }

    /// A handle for the bearer of a session or device token.
    ///
    /// The token is checked here and again in every call, so signing out, suspending and revoking take effect at the
    /// next call, also through a handle obtained earlier.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) when the token is malformed, unknown, expired or revoked, or
    /// its person is not active.
    pub async fn authenticate(&self, token: &str) -> Result<Handle> {
        let handle = self.handle(Caller::bearer(token)?);
        handle.read((), |_, ()| Box::pin(async { Ok(()) })).await?;
        Ok(handle)
    }

    /// A handle for the program itself, which may do everything. The audit shows `reason`.
    #[must_use]
    pub fn system(&self, reason: impl Into<Cow<'static, str>>) -> Handle {
        self.handle(Caller::System(reason.into()))
    }

    /// Waits for what is under way and closes the database. Every call after it fails with
    /// [`Closed`](crate::ErrorKind::Closed). Closing again waits for the first closing to end.
    pub async fn close(&self) {
        let core = Arc::clone(&self.core);
        // In a task of its own: a caller that gives up must not leave connections that nobody waits for.
        let task = self.core.runtime.spawn(async move {
            let _one_at_a_time = core.closing.lock().await;
            core.db.close().await;
        });
        if task.await.is_err() {
            tracing::warn!("the runtime ended before the database was closed");
        }
    }

    fn handle(&self, caller: Caller) -> Handle {
        Handle { core: Arc::clone(&self.core), caller, context: RequestContext::default() }
    }
}

impl std::fmt::Debug for Nexa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nexa").finish_non_exhaustive()
    }
}

/// How a [`Nexa`] is opened.
pub struct Builder {
    url: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    keys: Option<Arc<dyn KeyProvider>>,
    locator: Arc<dyn Locator>,
    background: Background,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Background {
    On,
    Off,
}

impl Builder {
    /// Tells the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes keys, tokens and ids from `random`.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Keeps the secrets of the database under `provider`'s keys. Without it a file has its keys in `<file>.key` beside it,
    /// made with it and readable by its owner alone, and a database on a server has them in the environment's `NEXA_KEYS`,
    /// as the text of a [`KeySet`](sealed::KeySet).
    #[must_use]
    pub fn keys(mut self, provider: Arc<dyn KeyProvider>) -> Self {
        self.keys = Some(provider);
        self
    }

    /// Asks `locator` where that is which policies name instead of addresses. Without it there is nothing of that name anywhere.
    #[must_use]
    pub fn locator(mut self, locator: Arc<dyn Locator>) -> Self {
        self.locator = locator;
        self
    }

    /// Leaves to others what is otherwise done about once a second while the database is open: sealing the audit. Another
    /// process does it, or the host by [`Audit::seal`].
    #[must_use]
    pub fn without_background_work(mut self) -> Self {
        self.background = Background::Off;
        self
    }

    /// Opens the database.
    ///
    /// # Errors
    /// As [`Nexa::open`].
    pub async fn open(self) -> Result<Nexa> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| NoRuntime)?;
        // In a task of its own: a caller that gives up must not leave half a set-up behind.
        let task = runtime.clone().spawn(self.open_on(runtime));
        task.await.unwrap_or_else(|ended| Err(unit::task_ended(&ended)))
    }

    async fn open_on(self, runtime: tokio::runtime::Handle) -> Result<Nexa> {
        let db = Db::open(&self.url).await?;
        let keys = match &self.keys {
            Some(named) => Arc::clone(named),
            None => sealed::provider_for(&db, self.random.as_ref()).await?,
        };
        let keyring = Keyring::new(keys);
        let setup_token = self.set_up(&db, &keyring).await?;
        let sealer = uuid::Builder::from_random_bytes(random_bytes(self.random.as_ref())?).into_uuid();
        let core = Core {
            db,
            clock: self.clock,
            random: self.random,
            keyring: Arc::new(keyring),
            locator: self.locator,
            resolutions: Arc::new(Resolutions::new()),
            runtime,
            refusals: RefusalLimit::default(),
            sealer,
            passwords: Passwords::default(),
            repeats: AtomicU64::new(0),
            setup_token: Mutex::new(setup_token),
            closing: tokio::sync::Mutex::new(()),
        };
        let core = Arc::new(core);
        if self.background == Background::On {
            audit::keep_sealing(&core);
        }
        Ok(Nexa { core })
    }
}

impl Builder {
    /// Several processes may find the same database empty; one of them is first, and the others then find it set up.
    async fn set_up(&self, db: &Db, keyring: &Keyring) -> Result<Option<Secret<String>>> {
        let mut repeats = 0;
        loop {
            let in_use = db.in_use();
            match self.set_up_once(db, keyring).await {
                Err(raced)
                    if repeats < db::REPEATS && (db::is_worth_repeating(&raced) || is_unique(&raced)) =>
                {
                    repeats += 1;
                    db.before_repeating(&raced, repeats, in_use).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn set_up_once(&self, db: &Db, keyring: &Keyring) -> Result<Option<Secret<String>>> {
        let mut tx = db.begin(Mode::Write).await?;
        let now = self.clock.now();
        let setup_token = bootstrap(&mut tx, now, self.random.as_ref()).await?;
        idempotency::forget_expired(&mut tx, now).await?;
        audit::create_lease(&mut tx).await?;
        keyring.set_up(&mut tx, self.random.as_ref(), now).await?;
        tx.commit().await?;
        Ok(setup_token)
    }
}

fn is_unique(error: &crate::Error) -> bool {
    error.kind() == crate::ErrorKind::AlreadyExists
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}

/// Who calls and from where; the domains hang on it. Cheap to clone.
///
/// # What every call can fail with
/// Beside what a method lists:
/// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) when the caller's token is no longer good or there is none,
/// [`Forbidden`](crate::ErrorKind::Forbidden) when the caller may not do this,
/// [`Locked`](crate::ErrorKind::Locked) and [`Unavailable`](crate::ErrorKind::Unavailable) when the database is busy, full or does
/// not answer, [`Cancelled`](crate::ErrorKind::Cancelled) past [`RequestContext::deadline`],
/// [`Closed`](crate::ErrorKind::Closed) after [`Nexa::close`] or without the Tokio runtime that the database was opened on,
/// [`Corrupt`](crate::ErrorKind::Corrupt) when something stored cannot be read, [`Internal`](crate::ErrorKind::Internal) for a
/// defect.
///
/// A call that failed has stored nothing but, for a refusal, its line in the audit. Two failures leave it open whether
/// the change was stored, because they can come with the commit itself: `Unavailable`, and `Closed` when the runtime
/// ended during the call.
///
/// A caller that stops waiting for a call does not stop the call: it ends, whole, in its own task.
#[derive(Clone)]
pub struct Handle {
    pub(crate) core: Arc<Core>,
    caller: Caller,
    context: RequestContext,
}

impl Handle {
    /// The program itself, for work that nobody asked for.
    pub(crate) fn of_the_program(core: Arc<Core>, reason: &'static str) -> Self {
        Handle { core, caller: Caller::System(reason.into()), context: RequestContext::default() }
    }

    /// The same caller, from this request.
    #[must_use]
    pub fn with(mut self, context: RequestContext) -> Self {
        self.context = context.kept();
        self
    }

    /// People, groups and sessions.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::new(self.clone())
    }

    /// Devices that are enrolled.
    #[must_use]
    pub fn devices(&self) -> Devices {
        Devices::new(self.clone())
    }

    /// Pools of addresses.
    #[must_use]
    pub fn ipam(&self) -> Ipam {
        Ipam::new(self.clone())
    }

    /// Who may reach what, and why.
    #[must_use]
    pub fn policy(&self) -> Policies {
        Policies::new(self.clone())
    }

    /// WireGuard gateways and what they must enforce.
    #[must_use]
    pub fn gateways(&self) -> Gateways {
        Gateways::new(self.clone())
    }

    /// Enrolling devices and issuing their profiles.
    #[must_use]
    pub fn enrolment(&self) -> Enrolment {
        Enrolment::new(self.clone())
    }

    /// Who did what, and what was refused.
    #[must_use]
    pub fn audit(&self) -> Audit {
        Audit::new(self.clone())
    }

    /// What holds for the whole control plane.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::new(self.clone())
    }

    /// The keys that secrets are kept under in the database.
    #[must_use]
    pub fn sealing(&self) -> Sealing {
        Sealing::new(self.clone())
    }

    /// What has changed, in order.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.clone())
    }

    /// A call of a method that writes, by its name and its input as the caller gave it.
    pub(crate) fn call(&self, method: &'static str, input: &impl Put) -> Call<'_> {
        Call::new(self, method, input)
    }

    pub(crate) const fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Runs `work` in a transaction that sees one state of the database and cannot change it.
    pub(crate) async fn read<I, T>(
        &self,
        input: I,
        work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Read, None, input, work).await
    }

    /// Refuses a call that is out of time already, for work that begins before its transaction.
    pub(crate) fn check_deadline(&self) -> Result<()> {
        unit::check_deadline(&self.context, self.core.clock.now())
    }

    pub(crate) async fn run<I, T>(
        &self,
        mode: Mode,
        once: Option<Once<T>>,
        input: I,
        work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (core, caller, context) = (Arc::clone(&self.core), self.caller.clone(), self.context.clone());
        Order { core, caller, context, mode, once, input, work }.run().await
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("caller", &self.caller.kind()).field("context", &self.context).finish()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a Tokio runtime is needed here")]
struct NoRuntime;

impl Classify for NoRuntime {
    fn code(&self) -> Code {
        Code::RuntimeMissing
    }
}
