use std::sync::Arc;

use super::{Event, store};
use crate::actor::right;
use crate::db::{self, Mode};
use crate::error::Result;
use crate::nexa::{Core, Handle};
use crate::page::PageRequest;
use crate::unit::{Unit, task_ended};

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
        let found = self.read(position, limit).await?;
        if !found.is_short {
            return Ok(found.events);
        }
        place(&self.handle.core).await?;
        Ok(self.read(position, limit).await?.events)
    }

    async fn read(&self, position: i64, limit: u64) -> Result<Found> {
        self.handle.read((position, limit), |unit, page| Box::pin(read_after(unit, page))).await
    }
}

/// What was found, and whether there is more that has no position yet.
struct Found {
    events: Vec<Event>,
    is_short: bool,
}

async fn read_after(unit: &mut Unit, (position, limit): &(i64, u64)) -> Result<Found> {
    let authorized = unit.authorize::<right::EventsRead>()?;
    let events = store::after(&mut unit.tx, &authorized, *position, *limit).await?;
    let has_room = u64::try_from(events.len()).is_ok_and(|count| count < *limit);
    let is_short = has_room && store::has_unplaced(&mut unit.tx).await?;
    Ok(Found { events, is_short })
}

/// Gives positions to what has none, in a task of its own: who reads may go away. Another reader may be at it too.
async fn place(core: &Arc<Core>) -> Result<()> {
    let task = core.runtime.spawn({
        let core = Arc::clone(core);
        async move {
            let mut repeats = 0;
            loop {
                let in_use = core.db.in_use();
                let refused = match place_once(&core).await {
                    Ok(()) => return Ok(()),
                    Err(refused) if repeats < db::REPEATS && db::is_worth_repeating(&refused) => refused,
                    Err(refused) => return Err(refused),
                };
                repeats += 1;
                core.db.before_repeating(&refused, repeats, in_use).await;
            }
        }
    });
    task.await.unwrap_or_else(|ended| Err(task_ended(&ended)))
}

async fn place_once(core: &Core) -> Result<()> {
    let mut tx = core.db.begin(Mode::Write).await?;
    if store::place(&mut tx).await? > 0 {
        tx.commit().await?;
    }
    Ok(())
}
