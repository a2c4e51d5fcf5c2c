//! Who did what, and what was refused.

use nexa_core::audit;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::Result;
use crate::ids::{AuditId, DeviceId, UserId};
use crate::nexa::{Caller, page};
use crate::outward::Outward as _;

/// How an audited attempt ended.
#[enumeration(from = audit::AuditStatus, otherwise = Refused)]
pub enum AuditStatus {
    /// It was done.
    Done,
    /// The caller was turned away.
    Refused,
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
    /// What was done and refused, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list(&self, after: Option<String>, limit: Option<u32>) -> Result<AuditPage> {
        Ok(self.handle.core().audit().list(page(after, limit)?).await?.outward())
    }
}
