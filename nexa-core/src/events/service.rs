use super::{Event, store};
use crate::actor::right;
use crate::error::Result;
use crate::nexa::Handle;
use crate::page::PageRequest;
use crate::unit::Unit;

/// Reading the outbox.
pub struct Events {
    handle: Handle,
}

impl Events {
    pub(crate) fn new(handle: Handle) -> Self {
        Events { handle }
    }

    /// Up to `limit` events after `position`, in order; from the beginning with 0. Empty when there is nothing newer.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a `limit` outside 1..=1000; what every call can fail with.
    pub async fn after(&self, position: i64, limit: u32) -> Result<Vec<Event>> {
        let limit = PageRequest::first(limit).checked_limit()?;
        self.handle.read((position, limit), |unit, page| Box::pin(read_after(unit, page))).await
    }
}

async fn read_after(unit: &mut Unit, (position, limit): &(i64, u64)) -> Result<Vec<Event>> {
    let authorized = unit.authorize::<right::EventsRead>()?;
    Ok(store::after(&mut unit.tx, &authorized, *position, *limit).await?)
}
