use crate::error::{Error, Result};
use crate::id::{DeviceId, GatewayId, UserId};
use crate::idempotency::wire;
use crate::runtime::Timestamp;
use crate::wireguard::PublicKey;

/// Whether a device may connect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum DeviceStatus {
    /// Waits for approval.
    Pending,
    /// May connect, if its person may.
    Active,
    /// Shut out for good.
    Revoked,
    /// Its time is over.
    Expired,
}

impl DeviceStatus {
    /// The stored and printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DeviceStatus::Pending => "pending",
            DeviceStatus::Active => "active",
            DeviceStatus::Revoked => "revoked",
            DeviceStatus::Expired => "expired",
        }
    }
}

impl std::str::FromStr for DeviceStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [DeviceStatus::Pending, DeviceStatus::Active, DeviceStatus::Revoked, DeviceStatus::Expired];
        let known = all.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| Error::invalid("status", format!("{text:?} is no device status")))
    }
}

/// A device of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Device {
    /// The id.
    pub id: DeviceId,
    /// Whose it is.
    pub user_id: UserId,
    /// The gateway it was enrolled at.
    pub gateway_id: Option<GatewayId>,
    /// The name.
    pub name: String,
    /// What it runs, such as `linux` or `ios`.
    pub platform: String,
    /// What makes it recognisable to its person's client.
    pub fingerprint: String,
    /// Its WireGuard public key.
    pub public_key: PublicKey,
    /// Whether it may connect.
    pub status: DeviceStatus,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

wire! { Device { id, user_id, gateway_id, name, platform, fingerprint, public_key, status, expires_at, revoked_at, created_at } }
