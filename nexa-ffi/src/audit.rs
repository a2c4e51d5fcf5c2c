//! Who did what, and what was refused.

use nexa_core::audit;
use nexa_core::runtime::Timestamp;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::ids::{AuditId, DeviceId, UserId};
use crate::nexa::{Caller, page};
use crate::outward::Outward;

/// How an audited attempt ended.
#[enumeration(from = audit::AuditStatus, otherwise = Refused)]
pub enum AuditStatus {
    /// It was done.
    Done,
    /// The caller was turned away.
    Refused,
    /// The caller was let in, and what was asked for could not be done.
    Failed,
}

/// One row of the audit.
#[record(from = audit::AuditRecord)]
pub struct AuditRecord {
    /// Its id; the order of ids is about the order of time.
    pub id: AuditId,
    /// What kind of caller it was: `user`, `device`, `anonymous`, or `system: <reason>`.
    pub actor: String,
    /// The person who acted.
    pub actor_user_id: Option<UserId>,
    /// The device that acted.
    pub actor_device_id: Option<DeviceId>,
    /// What was done, such as `device.enrolled`; for a refusal, the permission that was missing.
    pub event_type: String,
    /// What kind of thing it was done to.
    pub entity_type: String,
    /// The thing's id.
    pub entity_id: Option<String>,
    /// How it ended.
    pub status: AuditStatus,
    /// Where the request came from.
    pub ip_address: Option<String>,
    /// The host's own id of the request.
    pub request_id: Option<String>,
    /// The same in words.
    pub message: String,
    /// When, in microseconds since 1970.
    pub created_at: i64,
    /// The seal that vouches for it; nothing until it is sealed.
    pub seal: Option<i64>,
}

/// Which rows of the audit are asked for: those that everything said here is true of.
#[record(input)]
#[derive(Default)]
pub struct AuditFilter {
    /// The person who acted.
    pub actor_user_id: Option<UserId>,
    /// The device that acted.
    pub actor_device_id: Option<DeviceId>,
    /// What was done, such as `device.enrolled`.
    pub event_type: Option<String>,
    /// What kind of thing it was done to, such as `device`.
    pub entity_type: Option<String>,
    /// The thing's id.
    pub entity_id: Option<String>,
    /// How it ended.
    pub status: Option<AuditStatus>,
    /// The host's own id of the request.
    pub request_id: Option<String>,
    /// No earlier than this, in microseconds since 1970.
    pub since: Option<i64>,
    /// Before this, in microseconds since 1970.
    pub until: Option<i64>,
}

impl AuditFilter {
    fn parse(self) -> Result<audit::AuditFilter> {
        let mut filter = audit::AuditFilter::default();
        filter.actor_user_id = self.actor_user_id.map(|id| id.parse()).transpose()?;
        filter.actor_device_id = self.actor_device_id.map(|id| id.parse()).transpose()?;
        filter.event_type = self.event_type;
        filter.entity_type = self.entity_type;
        filter.entity_id = self.entity_id.map(|id| entity(&id)).transpose()?;
        filter.status = self.status.map(|status| match status {
            AuditStatus::Done => audit::AuditStatus::Done,
            AuditStatus::Refused => audit::AuditStatus::Refused,
            AuditStatus::Failed => audit::AuditStatus::Failed,
        });
        filter.request_id = self.request_id;
        filter.since = self.since.map(Timestamp::from_micros);
        filter.until = self.until.map(Timestamp::from_micros);
        Ok(filter)
    }
}

fn entity(id: &str) -> Result<uuid::Uuid> {
    uuid::Uuid::try_parse(id).map_err(|_| Error::invalid("entity_id", "is not an id"))
}

/// What can be wrong with the audit.
#[enumeration(from = audit::AuditProblemKind, otherwise = RecordChanged)]
pub enum AuditProblemKind {
    /// A row is not what was written, or was not written by Nexa.
    RecordChanged,
    /// The rows of a seal are not those that it was made over: some are gone, or others were put there.
    RecordsMissing,
    /// A seal is not what was written.
    SealChanged,
    /// A seal is gone.
    SealMissing,
    /// The chain ends before the head that was kept elsewhere, or is another one.
    CutOff,
}

/// What was found wrong with the audit.
#[record(from = audit::AuditProblem)]
pub struct AuditProblem {
    /// What it is.
    pub kind: AuditProblemKind,
    /// The seal it was found in; nothing for a row that is not sealed yet.
    pub seal: Option<i64>,
    /// The row.
    pub record: Option<AuditId>,
}

/// What a verification of the audit found.
#[record(from = audit::AuditReport)]
pub struct AuditReport {
    /// How many seals there are.
    pub seals: i64,
    /// How many sealed rows there are.
    pub sealed: i64,
    /// How many rows wait for their seal.
    pub unsealed: i64,
    /// When the oldest of those was written, in microseconds since 1970.
    pub oldest_unsealed: Option<i64>,
    /// How many rows were pruned before the oldest seal.
    pub pruned: i64,
    /// What is wrong, in the order it was found; the first hundred. Empty when the audit is sound.
    pub problems: Vec<AuditProblem>,
}

/// The end of the audit's chain at a moment, signed, to be kept outside the database.
#[record]
pub struct SignedHead {
    /// All of it on one line, which is what `verify_against` takes.
    pub text: String,
    /// The number of the last seal; 0 before the first.
    pub seal: i64,
    /// How many rows the chain had vouched for by then.
    pub rows: i64,
    /// The last seal's hash, in hexadecimal digits.
    pub hash: String,
    /// When it was signed, in microseconds since 1970.
    pub signed_at: i64,
    /// The number of the data key that the signing key belongs to.
    pub data_key: i64,
    /// The Ed25519 signature, in base64.
    pub signature: String,
}

impl Outward<SignedHead> for audit::SignedHead {
    fn outward(self) -> SignedHead {
        SignedHead {
            text: self.to_string(),
            seal: self.seal,
            rows: self.rows,
            hash: self.hash,
            signed_at: self.signed_at.outward(),
            data_key: self.data_key,
            signature: self.signature,
        }
    }
}

/// A public key that heads of the audit are signed with.
#[record]
pub struct AuditPublicKey {
    /// The number of the data key that it belongs to.
    pub data_key: i64,
    /// The Ed25519 key, in base64.
    pub key: String,
}

/// A part of the audit as JSON Lines.
#[record(from = audit::AuditExport)]
pub struct AuditExport {
    /// One object for each row, each on a line of its own, in the order of ids.
    pub lines: String,
    /// What to ask the next part with; nothing when this was the last one.
    pub next: Option<String>,
}

/// What was sealed, or pruned.
#[record(from = audit::AuditSealed)]
pub struct AuditSealed {
    /// The last seal there is; 0 for none.
    pub seal: i64,
    /// How many rows it was this time.
    pub rows: i64,
}

/// One page of the audit.
#[record(from = nexa_core::page::Page<audit::AuditRecord>)]
pub struct AuditPage {
    /// The rows, in a stable order.
    pub items: Vec<AuditRecord>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// The audit, as one caller may read it.
#[object(calls)]
pub struct Audit {
    pub(crate) handle: Caller,
}

#[object]
impl Audit {
    /// The rows that the filter lets through, a page at a time, the newest first.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`, a field of the filter).
    pub async fn list(
        &self,
        after: Option<String>,
        limit: Option<u32>,
        filter: Option<AuditFilter>,
    ) -> Result<AuditPage> {
        let filter = filter.unwrap_or_default().parse()?;
        Ok(self.core().list(filter, page(after, limit)?).await?.outward())
    }

    /// A part of the audit as JSON Lines, the oldest rows first, each with its seal and its MAC.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn export(&self, after: Option<String>, limit: Option<u32>) -> Result<AuditExport> {
        Ok(self.core().export(page(after, limit)?).await?.outward())
    }

    /// Whether every row and every seal is what was written, as far as the database itself can tell.
    ///
    /// # Errors
    /// None of its own; what is found is in the report.
    pub async fn verify(&self) -> Result<AuditReport> {
        Ok(self.core().verify().await?.outward())
    }

    /// The same, and whether the chain still goes on from a head that was kept elsewhere, given as its text.
    ///
    /// # Errors
    /// `invalid_input` (`head`) for one that this control plane did not sign.
    pub async fn verify_against(&self, head: String) -> Result<AuditReport> {
        Ok(self.core().verify_against(head.parse()?).await?.outward())
    }

    /// The end of the chain, signed, to be kept outside the database.
    ///
    /// # Errors
    /// None of its own.
    pub async fn signed_head(&self) -> Result<SignedHead> {
        Ok(self.core().signed_head().await?.outward())
    }

    /// The public keys that heads are signed with.
    ///
    /// # Errors
    /// None of its own.
    pub async fn public_keys(&self) -> Result<Vec<AuditPublicKey>> {
        let keys = self.core().public_keys().await?.into_iter();
        Ok(keys.map(|(data_key, key)| AuditPublicKey { data_key, key: key.to_string() }).collect())
    }

    /// Seals what is not sealed yet, without waiting for the task that does it about once a second.
    ///
    /// # Errors
    /// None of its own.
    pub async fn seal(&self) -> Result<AuditSealed> {
        Ok(self.core().seal().await?.outward())
    }

    /// Deletes the rows that were sealed before this moment, in microseconds since 1970, whole seals at a time. The last of
    /// those seals stays as a checkpoint.
    ///
    /// # Errors
    /// None of its own.
    pub async fn prune(&self, before: i64) -> Result<AuditSealed> {
        Ok(self.core().prune(Timestamp::from_micros(before)).await?.outward())
    }
}

impl Audit {
    fn core(&self) -> audit::Audit {
        self.handle.core().audit()
    }
}
