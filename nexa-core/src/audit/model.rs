use std::net::IpAddr;

use uuid::Uuid;

use crate::error::Error;
use crate::id::{AuditId, DeviceId, UserId};
use crate::runtime::Timestamp;

/// How an audited attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AuditStatus {
    /// It was done.
    Done,
    /// The caller was turned away.
    Refused,
}

impl AuditStatus {
    /// The stored and printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AuditStatus::Done => "done",
            AuditStatus::Refused => "refused",
        }
    }
}

impl std::str::FromStr for AuditStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [AuditStatus::Done, AuditStatus::Refused];
        let known = all.into_iter().find(|status| status.as_str() == text);
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
    /// What was done, such as `device.enrolled`; for a refusal, the permission that was missing.
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
