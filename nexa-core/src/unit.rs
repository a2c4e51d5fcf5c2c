//! One unit of work: a transaction, who asked for it, and when.
//!
//! It runs in a task of its own. A caller that stops waiting, by a timeout or a dropped future, cannot cut a
//! transaction in half: what was acknowledged is stored, and what was not is either whole or absent.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use uuid::Uuid;

use crate::actor::{AccessError, Actor, Authorized, Permission, Principal, Reach, RequestContext, Right};
use crate::audit;
use crate::db::{self, Mode, Tx};
use crate::error::{Classify, Code, ErrorKind, Result};
use crate::events::{self, Change};
use crate::id;
use crate::identity::Caller;
use crate::nexa::Core;
use crate::runtime::{Random, Timestamp};

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
    attempted: Option<&'static str>,
    subject: Option<String>,
    ids_made: u8,
}

impl Unit {
    /// Checks the one permission that a service method names.
    pub(crate) fn authorize<P: Right>(&mut self) -> Result<Authorized<P>> {
        self.attempted = Some(P::PERMISSION.as_str());
        self.principal.authorize::<P>()
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

    pub(crate) fn new_uuid(&mut self) -> Result<Uuid> {
        self.ids_made = self.ids_made.saturating_add(1);
        id::new_uuid(self.now, self.ids_made, self.random())
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
        self.audit(entry).await?;
        Ok(events::append(&mut self.tx, event_type, entity_type, entity_id, self.now).await?)
    }

    async fn audit(&mut self, entry: audit::NewRecord) -> Result<()> {
        let id = self.new_uuid()?;
        Ok(audit::insert(&mut self.tx, id, self.principal.actor(), &self.context, &entry, self.now).await?)
    }
}

pub(crate) fn check_deadline(context: &RequestContext, now: Timestamp) -> Result<()> {
    match context.deadline {
        Some(deadline) if now >= deadline => Err(AccessError::DeadlinePassed.into()),
        _ => Ok(()),
    }
}

/// Runs `work` in a transaction of its own, in a task of its own.
pub(crate) async fn run<I, T>(
    core: Arc<Core>,
    caller: Caller,
    context: RequestContext,
    mode: Mode,
    input: I,
    work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
) -> Result<T>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let runtime = core.runtime.clone();
    let task = runtime.spawn(async move {
        let outcome = attempts(&core, &caller, &context, mode, &input, work).await;
        if let Err(refused) = &outcome {
            note_refusal(&core, &caller, &context, refused).await;
        }
        outcome.map_err(|refused| refused.error)
    });
    match task.await {
        Ok(outcome) => outcome,
        Err(ended) if ended.is_panic() => Err(TaskError::Panicked.into()),
        Err(_) => Err(TaskError::RuntimeGone.into()),
    }
}

/// A failed attempt, with what the audit needs of it.
struct Refused {
    error: crate::Error,
    actor: Actor,
    attempted: Option<&'static str>,
    subject: Option<String>,
}

/// Begins a transaction again that another was in the way of, or that its server could not take: nothing of it was stored.
/// On a cluster even a COMMIT is refused so, after every statement has passed.
async fn attempts<I: Sync, T>(
    core: &Core,
    caller: &Caller,
    context: &RequestContext,
    mode: Mode,
    input: &I,
    work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
) -> Result<T, Refused> {
    let mut repeats = 0;
    loop {
        match attempt(core, caller, context, mode, input, work).await {
            Err(refused) if repeats < db::REPEATS && db::is_worth_repeating(&refused.error) => {
                repeats += 1;
                core.db.before_repeating(&refused.error, repeats).await;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt<I: Sync, T>(
    core: &Core,
    caller: &Caller,
    context: &RequestContext,
    mode: Mode,
    input: &I,
    work: for<'a> fn(&'a mut Unit, &'a I) -> Work<'a, T>,
) -> Result<T, Refused> {
    let nobody = |error| Refused { error, actor: Actor::Anonymous, attempted: None, subject: None };
    let mut unit = begin(core, caller, context, mode).await.map_err(nobody)?;
    let outcome = match work(&mut unit, input).await {
        Ok(value) => check_deadline(context, core.clock.now()).map(|()| value),
        refused => refused,
    };
    let Unit { tx, principal, attempted, subject, .. } = unit;
    let refused = |error| Refused { error, actor: principal.actor().clone(), attempted, subject };
    match outcome {
        Ok(value) => tx.commit().await.map_err(|cause| refused(cause.into())).map(|()| value),
        Err(error) => Err(refused(error)),
    }
}

async fn begin(core: &Core, caller: &Caller, context: &RequestContext, mode: Mode) -> Result<Unit> {
    check_deadline(context, core.clock.now())?;
    let mut tx = core.db.begin(mode).await?;
    // Read once the transaction is open, so that moments and ids are in the order of the changes they belong to.
    let now = core.clock.now();
    check_deadline(context, now)?;
    let principal = caller.identify(&mut tx, now).await?;
    let (context, random) = (context.clone(), Arc::clone(&core.random));
    Ok(Unit { tx, now, principal, context, random, attempted: None, subject: None, ids_made: 0 })
}

/// Audits a refusal in a transaction of its own, unless there have been too many of late: a stranger who fails in a
/// loop must not fill the disk.
async fn note_refusal(core: &Core, caller: &Caller, context: &RequestContext, refused: &Refused) {
    let kind = refused.error.kind();
    if !matches!(kind, ErrorKind::Forbidden | ErrorKind::Unauthenticated | ErrorKind::Throttled) {
        return;
    }
    let now = core.clock.now();
    let Some(unwritten) = core.refusals.admit(&refused.actor, now) else { return };
    let written = write_refusal(core, context, refused, unwritten, now).await;
    if let Err(cause) = written {
        tracing::warn!(%cause, caller = caller.kind(), "a refused attempt could not be audited");
    }
}

async fn write_refusal(
    core: &Core,
    context: &RequestContext,
    refused: &Refused,
    unwritten: u64,
    now: Timestamp,
) -> Result<()> {
    let id = id::new_uuid(now, 0, core.random.as_ref())?;
    let mut message = refused.error.to_string();
    if let Some(subject) = &refused.subject {
        message.push_str(&format!(" ({subject})"));
    }
    if unwritten > 0 {
        message.push_str(&format!(" ({unwritten} refusals before this one were not written)"));
    }
    let entry = audit::NewRecord {
        event_type: refused.attempted.unwrap_or("authenticate"),
        entity_type: "call",
        entity_id: None,
        status: audit::AuditStatus::Refused,
        message,
    };
    let mut tx = core.db.begin(Mode::Write).await?;
    audit::insert(&mut tx, id, &refused.actor, context, &entry, now).await?;
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
