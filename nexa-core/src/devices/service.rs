use super::model::Device;
use super::store;
use crate::actor::right;
use crate::enrolment;
use crate::error::Result;
use crate::events::Change;
use crate::id::DeviceId;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::policy::{self, Target};
use crate::unit::Unit;
use crate::{gateway, ipam};

/// Devices that are enrolled.
pub struct Devices {
    handle: Handle,
}

impl Devices {
    pub(crate) fn new(handle: Handle) -> Self {
        Devices { handle }
    }

    /// One device, living or revoked.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`), also for one that the caller may not see.
    pub async fn get(&self, id: DeviceId) -> Result<Device> {
        self.handle.read(id, |unit, id| Box::pin(get(unit, *id))).await
    }

    /// A page of the devices that the caller may see, in order of enrolment.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list(&self, page: PageRequest) -> Result<Page<Device>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list(unit, page))).await
    }

    /// Shuts a device out: its peer, its addresses and its token are gone with the transaction. Revoking it again is
    /// not an error.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`device_id`); what every call can fail with.
    pub async fn revoke(&self, id: DeviceId) -> Result<()> {
        let call = self.handle.call("devices.revoke", &id);
        call.write(id, |unit, id| Box::pin(revoke(unit, *id))).await
    }
}

async fn get(unit: &mut Unit, id: DeviceId) -> Result<Device> {
    let authorized = unit.authorize::<right::DevicesRead>()?;
    store::get(&mut unit.tx, &authorized, id).await
}

async fn list(unit: &mut Unit, page: &PageRequest) -> Result<Page<Device>> {
    let authorized = unit.authorize::<right::DevicesRead>()?;
    let limit = page.checked_limit()?;
    let devices = store::list(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(devices, limit, |device| device.id.as_uuid()))
}

async fn revoke(unit: &mut Unit, id: DeviceId) -> Result<()> {
    let authorized = unit.authorize::<right::DevicesRevoke>()?;
    let device = store::get(&mut unit.tx, &authorized, id).await?;
    let tests = policy::watch(unit, |who| who == Target::Device(id)).await?;
    if !store::revoke(&mut unit.tx, &authorized, id, unit.now).await? {
        return Ok(());
    }
    // First the gateway and then its pools, as an enrolment does.
    if let Some(gateway) = device.gateway_id {
        gateway::bump_revision(&mut unit.tx, gateway, unit.now).await?;
    }
    store::give_key_back(&mut unit.tx, &authorized, id).await?;
    enrolment::end_peers(&mut unit.tx, &authorized, id, unit.now).await?;
    ipam::release_of_device(unit, &authorized, id).await?;
    unit.record(Change::DeviceRevoked(id), format!("device {} was revoked", device.name)).await?;
    policy::note_failing(unit, tests).await
}
