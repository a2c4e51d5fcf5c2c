use zeroize::Zeroizing;

use super::key::IdempotencyKey;
use super::record::Verdict;
use super::store;
use super::wire::{Put, Reader, Take, Writer};
use crate::actor::{Actor, Permission, Principal, Reach};
use crate::db::{DbError, Mode, Tx};
use crate::error::Result;
use crate::nexa::Handle;
use crate::runtime::{Random, Timestamp};
use crate::sealed::{self, mac};
use crate::unit::{Unit, Work};

/// Which build wrote an answer.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a record is found by is derived from the key for.
const RECORD: &[u8] = b"nexa idempotency record";

/// One call of a method that writes. Made first, from the input as the caller gave it; what the input was prepared to,
/// such as the hash of a password, may be another each time.
pub(crate) struct Call<'a> {
    handle: &'a Handle,
    method: &'static str,
    /// The key and the MAC of the input, when the caller gave a key.
    asked: Option<(IdempotencyKey, Zeroizing<[u8; 32]>)>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(handle: &'a Handle, method: &'static str, input: &impl Put) -> Self {
        let asked = handle.context().idempotency_key.clone().map(|key| {
            let input = mac(key.derive(b"nexa idempotency input").as_ref(), &Writer::of(input));
            (key, input)
        });
        Call { handle, method, asked }
    }

    /// Whether the caller's key stands for a call of this method already, for checks that come before the call's own
    /// transaction.
    pub(crate) async fn was_made(&self) -> Result<bool> {
        let Some((key, _)) = &self.asked else { return Ok(false) };
        let input = (self.method, key.derive(RECORD));
        self.handle.read(input, |unit, (method, hash)| Box::pin(is_recorded(unit, method, hash))).await
    }

    /// Runs `work` in a transaction that may write; once, if the caller gave a key.
    pub(crate) async fn write<I, T>(
        self,
        input: I,
        work: for<'u> fn(&'u mut Unit, &'u I) -> Work<'u, T>,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Put + Take + Send + 'static,
    {
        let once = self.asked.map(|(key, input_mac)| Once {
            method: self.method,
            key_hash: key.derive(RECORD),
            sealing_key: key.derive(b"nexa idempotency answer"),
            input_mac,
            put: Writer::of,
            take: |bytes| Reader::whole(bytes),
        });
        self.handle.run(Mode::Write, once, input, work).await
    }
}

async fn is_recorded(unit: &mut Unit, method: &'static str, key_hash: &[u8; 32]) -> Result<bool> {
    let actor = whose(unit.actor());
    let mark = Mark { actor: &actor, method, key_hash, input_mac: &[0; 32] };
    Ok(store::find(&mut unit.tx, &mark).await?.is_some())
}

/// What makes a call be done once.
pub(crate) struct Once<T> {
    method: &'static str,
    key_hash: Zeroizing<[u8; 32]>,
    sealing_key: Zeroizing<[u8; 32]>,
    input_mac: Zeroizing<[u8; 32]>,
    put: fn(&T) -> Zeroizing<Vec<u8>>,
    take: fn(&[u8]) -> Result<T, super::wire::Unreadable>,
}

/// What a record is found by, and what it says of the input.
pub(crate) struct Mark<'a> {
    pub(super) actor: &'a str,
    pub(super) method: &'static str,
    pub(super) key_hash: &'a [u8; 32],
    pub(super) input_mac: &'a [u8; 32],
}

impl<T> Once<T> {
    /// Takes the key; false when a call has it already.
    pub(crate) async fn claim(&self, tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<bool, DbError> {
        store::claim(tx, &self.mark(&whose(actor)), now).await
    }

    /// What the call answers, sealed.
    pub(crate) fn seal(&self, actor: &Actor, answer: &T, random: &dyn Random) -> Result<Vec<u8>> {
        sealed::seal(&self.sealing_key, &self.bound_to(&whose(actor)), &(self.put)(answer), random)
    }

    /// Keeps what the call answers.
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        checked: &[(Permission, Reach)],
        sealed: Vec<u8>,
    ) -> Result<(), DbError> {
        store::keep(tx, &self.mark(&whose(actor)), checked, sealed).await
    }

    /// What the call with this key answered; `None` when there is none any more, and the key is free again.
    pub(crate) async fn answer(
        &self,
        tx: &mut Tx,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Option<T>> {
        let actor = whose(principal.actor());
        let mark = self.mark(&actor);
        let Some(record) = store::find(tx, &mark).await? else { return Ok(None) };
        match record.judge(self.input_mac.as_ref(), principal, now)? {
            Verdict::Over => store::forget(tx, &mark).await.map(|()| None).map_err(Into::into),
            Verdict::Answer => {
                let bytes = sealed::open(&self.sealing_key, &self.bound_to(&actor), &record.answer);
                let answer = bytes.and_then(|bytes| (self.take)(&bytes).ok());
                let damaged = || DbError::corrupt("idempotency_records.answer", "is not what was sealed");
                Ok(Some(answer.ok_or_else(damaged)?))
            }
        }
    }

    fn mark<'a>(&'a self, actor: &'a str) -> Mark<'a> {
        Mark { actor, method: self.method, key_hash: &self.key_hash, input_mac: &self.input_mac }
    }

    /// Keeps an answer from being put into another record.
    fn bound_to(&self, actor: &str) -> Vec<u8> {
        Writer::of(&(actor, (self.method, VERSION))).to_vec()
    }
}

/// Whose a record is. A person's is theirs through every session, for they may have to sign in again before they can ask
/// again.
fn whose(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous => "anonymous".to_owned(),
        Actor::User { user, .. } => format!("user:{user}"),
        Actor::Device { device, .. } => format!("device:{device}"),
        Actor::System(_) => "system".to_owned(),
    }
}
