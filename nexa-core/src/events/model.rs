use uuid::Uuid;

use crate::id::{
    AllocationId, DeviceId, GatewayId, GroupId, PolicyId, PolicyTestId, PoolId, ReservationId, SessionId,
    UserId,
};
use crate::runtime::Timestamp;

/// One thing that has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the order, from 1, without gaps.
    pub position: i64,
    /// What happened, such as `device.enrolled`.
    pub event_type: String,
    /// What kind of thing it happened to, such as `device`.
    pub entity_type: String,
    /// The thing's id.
    pub entity_id: Uuid,
    /// When.
    pub created_at: Timestamp,
}

/// What a use-case did, with the thing it did it to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    SetupTokenIssued(Uuid),
    SessionCreated(SessionId),
    SessionRevoked(SessionId),
    UserCreated(UserId),
    UserSuspended(UserId),
    UserActivated(UserId),
    GroupCreated(GroupId),
    GroupMemberAdded(GroupId),
    GroupMemberRemoved(GroupId),
    DeviceEnrolled(DeviceId),
    DeviceRevoked(DeviceId),
    ProfileIssued(DeviceId),
    GatewayCreated(GatewayId),
    GatewayApplied(GatewayId),
    PoolCreated(PoolId),
    PoolChanged(PoolId),
    PoolDeleted(PoolId),
    PoolResized(PoolId),
    PoolRenumbered(PoolId),
    PoolRebuilt(PoolId),
    PoolClaimed(PoolId),
    PoolsImported(Uuid),
    PoolReserved(ReservationId),
    PoolUnreserved(ReservationId),
    AddressClaimed(AllocationId),
    AddressReleased(AllocationId),
    PolicyCreated(PolicyId),
    PolicyChanged(PolicyId),
    PolicyRemoved(PolicyId),
    PolicyTestCreated(PolicyTestId),
    PolicyTestRemoved(PolicyTestId),
    PolicyTestFailed(PolicyTestId),
    KeysRotated(Uuid),
    KeysSwept(Uuid),
    AuditPruned(Uuid),
    SettingChanged(Uuid),
}

impl Change {
    /// Event type, entity type, entity id.
    pub(crate) fn parts(self) -> (&'static str, &'static str, Uuid) {
        match self {
            Change::SetupTokenIssued(id) => ("setup.token_issued", "setup", id),
            Change::SessionCreated(id) => ("session.created", "session", id.as_uuid()),
            Change::SessionRevoked(id) => ("session.revoked", "session", id.as_uuid()),
            Change::UserCreated(id) => ("user.created", "user", id.as_uuid()),
            Change::UserSuspended(id) => ("user.suspended", "user", id.as_uuid()),
            Change::UserActivated(id) => ("user.activated", "user", id.as_uuid()),
            Change::GroupCreated(id) => ("group.created", "group", id.as_uuid()),
            Change::GroupMemberAdded(id) => ("group.member_added", "group", id.as_uuid()),
            Change::GroupMemberRemoved(id) => ("group.member_removed", "group", id.as_uuid()),
            Change::DeviceEnrolled(id) => ("device.enrolled", "device", id.as_uuid()),
            Change::DeviceRevoked(id) => ("device.revoked", "device", id.as_uuid()),
            Change::ProfileIssued(id) => ("profile.issued", "device", id.as_uuid()),
            Change::GatewayCreated(id) => ("gateway.created", "gateway", id.as_uuid()),
            Change::GatewayApplied(id) => ("gateway.applied", "gateway", id.as_uuid()),
            Change::PoolCreated(id) => ("pool.created", "pool", id.as_uuid()),
            Change::PoolChanged(id) => ("pool.changed", "pool", id.as_uuid()),
            Change::PoolDeleted(id) => ("pool.deleted", "pool", id.as_uuid()),
            Change::PoolResized(id) => ("pool.resized", "pool", id.as_uuid()),
            Change::PoolRenumbered(id) => ("pool.renumbered", "pool", id.as_uuid()),
            Change::PoolRebuilt(id) => ("pool.rebuilt", "pool", id.as_uuid()),
            Change::PoolClaimed(id) => ("pool.claimed", "pool", id.as_uuid()),
            Change::PoolsImported(id) => ("pools.imported", "import", id),
            Change::PoolReserved(id) => ("pool.reserved", "reservation", id.as_uuid()),
            Change::PoolUnreserved(id) => ("pool.unreserved", "reservation", id.as_uuid()),
            Change::AddressClaimed(id) => ("address.claimed", "allocation", id.as_uuid()),
            Change::AddressReleased(id) => ("address.released", "allocation", id.as_uuid()),
            Change::PolicyCreated(id) => ("policy.created", "policy", id.as_uuid()),
            Change::PolicyChanged(id) => ("policy.changed", "policy", id.as_uuid()),
            Change::PolicyTestCreated(id) => ("policy_test.created", "policy_test", id.as_uuid()),
            Change::PolicyTestRemoved(id) => ("policy_test.removed", "policy_test", id.as_uuid()),
            Change::PolicyTestFailed(id) => ("policy_test.failed", "policy_test", id.as_uuid()),
            Change::PolicyRemoved(id) => ("policy.removed", "policy", id.as_uuid()),
            Change::KeysRotated(id) => ("keys.rotated", "rotation", id),
            Change::KeysSwept(id) => ("keys.swept", "rotation", id),
            Change::SettingChanged(id) => ("setting.changed", "setting", id),
            Change::AuditPruned(id) => ("audit.pruned", "audit", id),
        }
    }
}
