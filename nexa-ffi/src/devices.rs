//! Devices that are enrolled.

use nexa_core::devices;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::Result;
use crate::ids::{DeviceId, GatewayId, UserId};
use crate::nexa::{Caller, page};
use crate::outward::Outward as _;

/// Whether a device may connect.
#[enumeration(from = devices::DeviceStatus, otherwise = Revoked)]
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

/// A device of a person.
#[record(from = devices::Device)]
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
    /// Its WireGuard public key, in base64.
    pub public_key: String,
    /// Whether it may connect.
    pub status: DeviceStatus,
    /// When its time is over, in microseconds since 1970.
    pub expires_at: Option<i64>,
    /// When it was revoked, in microseconds since 1970.
    pub revoked_at: Option<i64>,
    /// When it was enrolled, in microseconds since 1970.
    pub created_at: i64,
}

/// One page of devices.
#[record(from = nexa_core::page::Page<devices::Device>)]
pub struct DevicePage {
    /// The devices, in a stable order.
    pub items: Vec<Device>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// Devices, as one caller may see and change them.
#[object(calls)]
pub struct Devices {
    pub(crate) handle: Caller,
}

#[object]
impl Devices {
    /// One device.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: DeviceId) -> Result<Device> {
        Ok(self.core().get(id.parse()?).await?.outward())
    }

    /// The devices that the caller may see, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list(&self, after: Option<String>, limit: Option<u32>) -> Result<DevicePage> {
        Ok(self.core().list(page(after, limit)?).await?.outward())
    }

    /// Shuts a device out for good and gives its addresses back. Revoking it again is fine.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn revoke(&self, id: DeviceId) -> Result<()> {
        Ok(self.core().revoke(id.parse()?).await?)
    }
}

impl Devices {
    fn core(&self) -> devices::Devices {
        self.handle.core().devices()
    }
}
