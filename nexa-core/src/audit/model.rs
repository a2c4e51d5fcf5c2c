use std::net::IpAddr;

use uuid::Uuid;

use crate::error::Error;
use crate::id::{AuditId, DeviceId, UserId};
use crate::idempotency::wire;
use crate::runtime::Timestamp;

/// How an audited attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AuditStatus {
    /// It was done.
    Done,
    /// The caller was turned away.
    Refused,
    /// The caller was let in, and what was asked for could not be done: a thing is not there, a name is taken, a pool is
    /// empty.
    Failed,
}

impl AuditStatus {
    const ALL: [AuditStatus; 3] = [AuditStatus::Done, AuditStatus::Refused, AuditStatus::Failed];

    /// The stored and printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AuditStatus::Done => "done",
            AuditStatus::Refused => "refused",
            AuditStatus::Failed => "failed",
        }
    }
}

impl std::str::FromStr for AuditStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = AuditStatus::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| Error::invalid("status", format!("{text:?} is no audit status")))
    }
}

/// One row of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AuditRecord {
    /// Its id; the order of ids is about the order of time.
    pub id: AuditId,
    /// What kind of caller it was: `user`, `device`, `anonymous`, or `system: <reason>`.
    pub actor: String,
    /// The person who acted.
    pub actor_user_id: Option<UserId>,
    /// The device that acted.
    pub actor_device_id: Option<DeviceId>,
    /// What was done, such as `device.enrolled`; for an attempt, the permission that was asked for.
    pub event_type: String,
    /// What kind of thing it was done to.
    pub entity_type: String,
    /// The thing's id.
    pub entity_id: Option<Uuid>,
    /// How it ended.
    pub status: AuditStatus,
    /// Where the request came from.
    pub ip_address: Option<IpAddr>,
    /// The host's own id of the request.
    pub request_id: Option<String>,
    /// The same in words.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// The seal that vouches for it; `None` until it is sealed.
    pub seal: Option<i64>,
}

/// A row as it is stored, with what vouches for it.
#[derive(Clone, Debug)]
pub(super) struct StoredRecord {
    pub(super) record: AuditRecord,
    pub(super) metadata: String,
    pub(super) data_key: i64,
    pub(super) mac: Vec<u8>,
}

/// A row to write.
#[derive(Debug)]
pub(crate) struct NewRecord {
    pub(crate) event_type: &'static str,
    pub(crate) entity_type: &'static str,
    pub(crate) entity_id: Option<Uuid>,
    pub(crate) status: AuditStatus,
    pub(crate) message: String,
}

/// Which rows of the audit are asked for: those that everything said here is true of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
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
    pub entity_id: Option<Uuid>,
    /// How it ended.
    pub status: Option<AuditStatus>,
    /// The host's own id of the request.
    pub request_id: Option<String>,
    /// No earlier than this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

/// What was found wrong with the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AuditProblem {
    /// What it is.
    pub kind: AuditProblemKind,
    /// The seal it was found in; `None` for a row that is not sealed yet.
    pub seal: Option<i64>,
    /// The row.
    pub record: Option<AuditId>,
}

/// What can be wrong with the audit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
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

impl AuditProblemKind {
    /// The printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AuditProblemKind::RecordChanged => "record_changed",
            AuditProblemKind::RecordsMissing => "records_missing",
            AuditProblemKind::SealChanged => "seal_changed",
            AuditProblemKind::SealMissing => "seal_missing",
            AuditProblemKind::CutOff => "cut_off",
        }
    }
}

/// What a verification of the audit found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct AuditReport {
    /// How many seals there are.
    pub seals: i64,
    /// How many sealed rows there are.
    pub sealed: i64,
    /// How many rows wait for their seal.
    pub unsealed: i64,
    /// When the oldest of those was written.
    pub oldest_unsealed: Option<Timestamp>,
    /// How many rows were pruned before the oldest seal.
    pub pruned: i64,
    /// What is wrong, in the order it was found; the first hundred.
    pub problems: Vec<AuditProblem>,
}

impl AuditReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A part of the audit as JSON Lines.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AuditExport {
    /// One object for each row, each on a line of its own, in the order of ids.
    pub lines: String,
    /// What to ask the next part with; `None` when this was the last one.
    pub next: Option<crate::page::Cursor>,
}

/// What was sealed, or pruned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct AuditSealed {
    /// The last seal there is; 0 for none.
    pub seal: i64,
    /// How many rows it was this time.
    pub rows: i64,
}

wire! { AuditSealed { seal, rows } }
