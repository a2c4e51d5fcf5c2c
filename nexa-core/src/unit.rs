//! One unit of work: a transaction, who asked for it, and when.
//!
//! It runs in a task of its own. A caller that stops waiting, by a timeout or a dropped future, cannot cut a
//! transaction in half: what was acknowledged is stored, and what was not is either whole or absent.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::actor::{AccessError, Actor, Authorized, Permission, Principal, Reach, RequestContext, Right};
use crate::audit;
use crate::db::{self, DbError, Mode, Tx};
use crate::error::{Classify, Code, ErrorKind, Result};
use crate::events::{self, Change};
use crate::id;
use crate::idempotency::Once;
use crate::identity::Caller;
use crate::nexa::Core;
use crate::policy::{Locator, Resolutions};
use crate::runtime::{Random, Timestamp};
use crate::sealed::{Column, DataKeyRecord, Keyring, OpenKey, Purpose};
use crate::settings;

/// The future of one unit's work.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// An open transaction with the caller's identity as it is now.
pub(crate) struct Unit {
    pub(crate) tx: Tx,
    /// The one moment that everything in this unit happens at.
    pub(crate) now: Timestamp,
    principal: Principal,
    context: RequestContext,
    random: Arc<dyn Random>,
    keyring: Arc<Keyring>,
    locator: Arc<dyn Locator>,
    resolutions: Arc<Resolutions>,
    /// What vouches for the rows that this unit puts into the audit, if it may write.
    audit_key: Option<Arc<OpenKey>>,
    attempted: Option<&'static str>,
    checked: Vec<(Permission, Reach)>,
    subject: Option<String>,
    /// The first row that this unit put into the audit.
    recorded: Option<Uuid>,
    ids_made: u8,
}

impl Unit {
    /// Checks the one permission that a service method names.
    pub(crate) fn authorize<P: Right>(&mut self) -> Result<Authorized<P>> {
        self.attempted = Some(P::PERMISSION.as_str());
        let authorized = self.principal.authorize::<P>()?;
        self.checked.push((P::PERMISSION, authorized.scope().reach()));
        Ok(authorized)
    }

    /// Remembers whom the attempt is about, for the audit of a refusal: what a stranger asks for has no other name.
    pub(crate) fn concerns(&mut self, subject: String) {
        self.subject = Some(subject);
    }

    /// Refuses to give away what the caller does not have.
    pub(crate) fn may_grant(&self, given: &BTreeMap<Permission, Reach>) -> Result<()> {
        self.principal.may_grant(given)
    }

    pub(crate) fn actor(&self) -> &Actor {
        self.principal.actor()
    }

    pub(crate) fn context(&self) -> &RequestContext {
        &self.context
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.random.as_ref()
    }

    /// What policies came to before.
    pub(crate) fn resolutions(&self) -> Arc<Resolutions> {
        Arc::clone(&self.resolutions)
    }

    /// Says where things are that policies name.
    pub(crate) fn locator(&self) -> &dyn Locator {
        self.locator.as_ref()
    }

    pub(crate) fn new_uuid(&mut self) -> Result<Uuid> {
        self.ids_made = self.ids_made.saturating_add(1);
        id::new_uuid(self.now, self.ids_made, self.random())
    }

    /// What holds for the whole control plane, as this transaction sees it.
    pub(crate) async fn settings(&mut self) -> Result<settings::Values> {
        settings::load(&mut self.tx).await
    }

    /// The data keys of the database. What it hands out does not borrow the unit.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring)
    }

    /// A secret as it is stored in this column of this row.
    pub(crate) async fn seal(&mut self, column: &'static Column, row: Uuid, plain: &[u8]) -> Result<Vec<u8>> {
        self.keyring.seal(&mut self.tx, column, row, plain, self.random.as_ref()).await
    }

    /// The secret that is stored in this column of this row.
    pub(crate) async fn open(
        &mut self,
        column: &'static Column,
        row: Uuid,
        stored: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        self.keyring.open(&mut self.tx, column, row, stored).await
    }

    /// Makes the active data key of a purpose that has none any more.
    pub(crate) async fn make_data_key(&mut self, id: i64, purpose: Purpose) -> Result<DataKeyRecord> {
        self.keyring.make(&mut self.tx, (id, purpose), self.random.as_ref(), self.now).await
    }

    /// Writes down what was done: one row in the audit and one event in the outbox, in this transaction.
    pub(crate) async fn record(&mut self, change: Change, message: impl Into<String> + Send) -> Result<()> {
        let (event_type, entity_type, entity_id) = change.parts();
        let entry = audit::NewRecord {
            event_type,
            entity_type,
            entity_id: Some(entity_id),
            status: audit::AuditStatus::Done,
            message: message.into(),
        };
        let id = self.audit(entry).await?;
        Ok(events::append(&mut self.tx, id, change.parts(), self.now).await?)
    }

    /// What the audit needs of an attempt that failed here.
    fn refused(&self, error: crate::Error) -> Refused {
        let actor = self.principal.actor().clone();
        Refused { error, actor, attempted: self.attempted, subject: self.subject.clone() }
    }

    async fn audit(&mut self, entry: audit::NewRecord) -> Result<Uuid> {
        let id = self.new_uuid()?;
        self.recorded.get_or_insert(id);
        let key =
            self.audit_key.as_ref().ok_or_else(|| DbError::NotWritable("this call only reads".to_owned()))?;
        let by = audit::By { actor: self.principal.actor(), context: &self.context, key };
        audit::insert(&mut self.tx, id, &by, &entry, self.now).await?;
        Ok(id)
    }
}

/// Why a task gave no answer.
pub(crate) fn task_ended(ended: &tokio::task::JoinError) -> crate::Error {
    if ended.is_panic() { TaskError::Panicked.into() } else { TaskError::RuntimeGone.into() }
}

pub(crate) fn check_deadline(context: &RequestContext, now: Timestamp) -> Result<()> {
    match context.deadline {
        Some(deadline) if now >= deadline => Err(AccessError::DeadlinePassed.into()),
        _ => Ok(()),
    }
}

/// What is to be done, for whom, and how.
pub(crate) struct Order<I, T> {
    pub(crate) core: Arc<Core>,
    pub(crate) caller: Caller,
    pub(crate) context: RequestContext,
    pub(crate) mode: Mode,
    /// What makes it be done once, however often it is asked for.
    pub(crate) once: Option<Once<T>>,
    pub(crate) input: I,
    pub(crate) work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
}

/// A failed attempt, with what the audit needs of it.
struct Refused {
    error: crate::Error,
    actor: Actor,
    attempted: Option<&'static str>,
    subject: Option<String>,
}

/// How an attempt failed.
enum Failed<T> {
    /// Nothing of it was stored.
    Wholly(Refused),
    /// The connection was lost while it was being committed: this value, and this row in the audit, if it made one.
    Perhaps(Refused, T, Option<Uuid>),
}

impl<T> From<Refused> for Failed<T> {
    fn from(refused: Refused) -> Self {
        Failed::Wholly(refused)
    }
}

impl<I, T> Order<I, T>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    /// Runs the work in a transaction of its own, in a task of its own.
    pub(crate) async fn run(self) -> Result<T> {
        let runtime = self.core.runtime.clone();
        let task = runtime.spawn(async move {
            let outcome = self.attempts().await;
            if let Err(refused) = &outcome {
                self.note_attempt(refused).await;
            }
            outcome.map_err(|refused| refused.error)
        });
        task.await.unwrap_or_else(|ended| Err(task_ended(&ended)))
    }

    /// Begins a transaction again that another was in the way of, or that its server could not take: nothing of it was
    /// stored. On a cluster even a COMMIT is refused so, after every statement has passed.
    async fn attempts(&self) -> Result<T, Refused> {
        let mut repeats = 0;
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a caller waits is no time that anything is stored as"
        )]
        let began = std::time::Instant::now();
        let mut is_doubted = true;
        loop {
            let in_use = self.core.db.in_use();
            let refused = match self.attempt().await {
                Ok(value) => return Ok(value),
                Err(Failed::Wholly(refused)) if db::is_worth_repeating(&refused.error) => refused,
                Err(Failed::Wholly(refused))
                    if is_doubted && self.core.db.may_be_mistaken(&refused.error) =>
                {
                    is_doubted = false;
                    refused
                }
                Err(Failed::Wholly(refused)) => return Err(refused),
                Err(Failed::Perhaps(refused, value, row)) => match self.was_stored(row, began).await {
                    Ok(true) => return Ok(value),
                    Ok(false) => refused,
                    Err(_) => return Err(refused),
                },
            };
            // Each attempt may itself wait for a server that does not answer.
            if repeats == db::REPEATS || began.elapsed() > db::PATIENCE {
                return Err(refused);
            }
            repeats += 1;
            self.core.repeats.fetch_add(1, Ordering::Relaxed);
            self.core.db.before_repeating(&refused.error, repeats, in_use).await;
        }
    }

    async fn attempt(&self) -> Result<T, Failed<T>> {
        let mut unit = self.begin(self.mode).await.map_err(nobody)?;
        if let Some(once) = &self.once {
            match once.claim(&mut unit.tx, unit.principal.actor(), unit.now).await {
                Ok(true) => {}
                Ok(false) => return Ok(self.answer_again(once, unit).await?),
                Err(cause) => return Err(unit.refused(cause.into()).into()),
            }
        }
        let value = match self.work_and_keep(&mut unit).await {
            Ok(value) => value,
            Err(error) => return Err(unit.refused(error).into()),
        };
        let (tx, recorded) = (unit.tx, unit.recorded);
        let (actor, attempted, subject) = (unit.principal.actor().clone(), unit.attempted, unit.subject);
        match tx.commit().await {
            Ok(()) => Ok(value),
            Err(cause) => {
                let is_open = matches!(cause, DbError::OutcomeUnknown(_));
                let refused = Refused { error: cause.into(), actor, attempted, subject };
                Err(if is_open { Failed::Perhaps(refused, value, recorded) } else { Failed::Wholly(refused) })
            }
        }
    }

    async fn work_and_keep(&self, unit: &mut Unit) -> Result<T> {
        let value = (self.work)(unit, &self.input).await?;
        if let Some(once) = &self.once {
            let actor = unit.principal.actor();
            let answer = once.seal(actor, &value, unit.random.as_ref())?;
            once.keep(&mut unit.tx, actor, &unit.checked, answer).await?;
        }
        check_deadline(&self.context, self.core.clock.now())?;
        Ok(value)
    }

    /// The answer of the call that had the key first, in a transaction that sees it: the one in which the key was refused
    /// can be used no more on PostgreSQL.
    async fn answer_again(&self, once: &Once<T>, refused: Unit) -> Result<T, Refused> {
        drop(refused);
        let mut unit = self.begin(Mode::Write).await.map_err(nobody)?;
        match once.answer(&mut unit.tx, &unit.principal, unit.now).await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                let free_again = DbError::Contended("the call that had the key left nothing".to_owned());
                let refused = unit.refused(free_again.into());
                unit.tx.commit().await.map_err(|cause| nobody(cause.into()))?;
                Err(refused)
            }
            Err(error) => Err(unit.refused(error)),
        }
    }

    /// Whether a transaction whose COMMIT was not answered was stored. Its row in the audit is put there once more: that
    /// waits for a server which is still at it, and is refused if it was stored. If it was not, it cannot be any more: on
    /// a cluster too, where it may arrive late, because what is committed here is in its way.
    async fn was_stored(&self, row: Option<Uuid>, began: std::time::Instant) -> Result<bool> {
        // What made no row changed nothing.
        let Some(row) = row else { return Ok(false) };
        let mut repeats = 0;
        loop {
            let in_use = self.core.db.in_use();
            let cause = match self.put_in_the_way(row).await {
                Ok(()) => return Ok(false),
                // Read back before it is believed.
                Err(DbError::Unique(_)) => match self.is_there(row).await {
                    Ok(true) => return Ok(true),
                    Ok(false) => DbError::Contended("a row that is not there was in the way".to_owned()),
                    Err(cause) => cause,
                },
                Err(cause) => cause,
            };
            // A server that is down makes each of these wait.
            if repeats == db::REPEATS || began.elapsed() > db::PATIENCE {
                return Err(cause.into());
            }
            repeats += 1;
            self.core.db.before_repeating(&cause.into(), repeats, in_use).await;
        }
    }

    async fn is_there(&self, row: Uuid) -> Result<bool, DbError> {
        let mut tx = self.core.db.begin(Mode::Read).await?;
        audit::is_there(&mut tx, row).await
    }

    async fn put_in_the_way(&self, row: Uuid) -> Result<(), DbError> {
        let entry = audit::NewRecord {
            event_type: "call",
            entity_type: "call",
            entity_id: None,
            status: audit::AuditStatus::Done,
            message: String::new(),
        };
        let key = self.core.keyring.known_audit_key().ok_or(DbError::Closed)?;
        let mut tx = self.core.db.begin(Mode::Write).await?;
        let by = audit::By { actor: &Actor::Anonymous, context: &self.context, key: &key };
        audit::insert(&mut tx, row, &by, &entry, self.core.clock.now()).await?;
        audit::take_back(&mut tx, row).await?;
        tx.commit().await
    }

    /// Audits what came to nothing in a transaction of its own, unless there has been too much of it of late: a stranger who
    /// fails in a loop must not fill the disk.
    async fn note_attempt(&self, refused: &Refused) {
        let Some(status) = audited_as(self.mode, refused) else { return };
        let core = &self.core;
        let now = core.clock.now();
        let Some(unwritten) = core.refusals.admit(&refused.actor, status, now) else { return };
        let written = write_attempt(core, &self.context, refused, (status, unwritten), now).await;
        if let Err(cause) = written {
            tracing::warn!(%cause, caller = self.caller.kind(), "an attempt that failed could not be audited");
        }
    }

    async fn begin(&self, mode: Mode) -> Result<Unit> {
        let core = &self.core;
        check_deadline(&self.context, core.clock.now())?;
        let mut tx = core.db.begin(mode).await?;
        // Read once the transaction is open, so that moments and ids are in the order of the changes they belong to.
        let now = core.clock.now();
        check_deadline(&self.context, now)?;
        let principal = self.caller.identify(&mut tx, now).await?;
        // Before anything is done: a transaction that has made a key must not be the one that is asked which to use.
        let audit_key = match mode {
            Mode::Write => Some(core.keyring.audit_key(&mut tx).await?),
            Mode::Read => None,
        };
        Ok(Unit {
            tx,
            now,
            principal,
            context: self.context.clone(),
            random: Arc::clone(&core.random),
            keyring: Arc::clone(&core.keyring),
            locator: Arc::clone(&core.locator),
            resolutions: Arc::clone(&core.resolutions),
            audit_key,
            attempted: None,
            checked: Vec::new(),
            subject: None,
            recorded: None,
            ids_made: 0,
        })
    }
}

/// A failure before it was known who calls.
fn nobody(error: crate::Error) -> Refused {
    Refused { error, actor: Actor::Anonymous, attempted: None, subject: None }
}

/// How an attempt that came to nothing is audited; `None` for what says nothing about its caller: bad input is refused
/// before anything begins, and what only reads changes nothing.
fn audited_as(mode: Mode, refused: &Refused) -> Option<audit::AuditStatus> {
    match refused.error.kind() {
        ErrorKind::Forbidden | ErrorKind::Unauthenticated | ErrorKind::Throttled => {
            Some(audit::AuditStatus::Refused)
        }
        ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::Conflict
        | ErrorKind::Exhausted
        | ErrorKind::NeedsOperator
            if mode == Mode::Write && refused.attempted.is_some() =>
        {
            Some(audit::AuditStatus::Failed)
        }
        _ => None,
    }
}

async fn write_attempt(
    core: &Core,
    context: &RequestContext,
    refused: &Refused,
    (status, unwritten): (audit::AuditStatus, u64),
    now: Timestamp,
) -> Result<()> {
    let id = id::new_uuid(now, 0, core.random.as_ref())?;
    let mut message = refused.error.to_string();
    if let Some(subject) = &refused.subject {
        message.push_str(&format!(" ({subject})"));
    }
    if unwritten > 0 {
        message.push_str(&format!(" ({unwritten} such attempts before this one were not written)"));
    }
    let entry = audit::NewRecord {
        event_type: refused.attempted.unwrap_or("authenticate"),
        entity_type: "call",
        entity_id: None,
        status,
        message,
    };
    let mut tx = core.db.begin(Mode::Write).await?;
    let key = core.keyring.audit_key(&mut tx).await?;
    let by = audit::By { actor: &refused.actor, context, key: &key };
    audit::insert(&mut tx, id, &by, &entry, now).await?;
    Ok(tx.commit().await?)
}

#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error("a defect ended this call; nothing of it was stored")]
    Panicked,
    #[error("the async runtime that the database was opened on has ended")]
    RuntimeGone,
}

impl Classify for TaskError {
    fn code(&self) -> Code {
        match self {
            TaskError::Panicked => Code::CallPanicked,
            TaskError::RuntimeGone => Code::RuntimeEnded,
        }
    }
}
