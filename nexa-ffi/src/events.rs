//! What has changed, in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use nexa_core::events;
use nexa_ffi_macros::{object, record};
use tokio::sync::{Mutex, watch};

use crate::error::{Error, Result};
use crate::nexa::Caller;
use crate::outward::Outward as _;

/// Events that a stream reads at once.
const BATCH: u32 = 100;
/// How often a stream looks for new events, in milliseconds. They may be written by another process, so there is
/// nothing to wait for but time.
const LOOK_EVERY_MS: u32 = 250;

/// One thing that has changed.
#[record(from = events::Event)]
pub struct Event {
    /// Its place in the order, from 1, without gaps.
    pub position: i64,
    /// What happened, such as `device.enrolled`.
    pub event_type: String,
    /// What kind of thing it happened to, such as `device`.
    pub entity_type: String,
    /// The thing's id.
    pub entity_id: String,
    /// When, in microseconds since 1970.
    pub created_at: i64,
}

/// The outbox, as one caller may read it.
#[object(calls)]
pub struct Events {
    pub(crate) handle: Caller,
}

#[object]
impl Events {
    /// Up to `limit` events after `position`, in order; from the beginning with 0. Empty when there is nothing newer.
    ///
    /// # Errors
    /// `invalid_input` (`limit`) outside 1 to 1000.
    pub async fn after(&self, position: i64, limit: u32) -> Result<Vec<Event>> {
        Ok(self.handle.core().events().after(position, limit).await?.outward())
    }

    /// Every event after `position`, those that come later too; from the beginning without it. It looks for new ones
    /// every `look_every_ms`, 250 without it.
    ///
    /// # Errors
    /// `invalid_input` (`look_every_ms`) for zero.
    pub fn stream(&self, position: Option<i64>, look_every_ms: Option<u32>) -> Result<Arc<EventStream>> {
        let every = look_every_ms.unwrap_or(LOOK_EVERY_MS);
        if every == 0 {
            return Err(Error::invalid("look_every_ms", "is zero"));
        }
        Ok(Arc::new(EventStream {
            handle: self.handle.clone(),
            every: Duration::from_millis(every.into()),
            read: Arc::new(Mutex::new(Read { position: position.unwrap_or(0), ahead: VecDeque::new() })),
            closed: Arc::new(watch::Sender::new(false)),
        }))
    }
}

/// A reader of the outbox that keeps its place. Each event is given once; a reader that must miss none also after a crash
/// stores the position of the last one it is done with, and begins there.
#[object]
pub struct EventStream {
    handle: Caller,
    every: Duration,
    read: Arc<Mutex<Read>>,
    closed: Arc<watch::Sender<bool>>,
}

/// How far a stream has read.
#[derive(Debug)]
struct Read {
    position: i64,
    ahead: VecDeque<Event>,
}

#[object]
impl EventStream {
    /// The next event, waiting until there is one; nothing when the stream was closed. Of several calls at once, each
    /// gets another event.
    ///
    /// # Errors
    /// What every call can fail with; the stream can go on afterwards.
    pub async fn next(&self) -> Result<Option<Event>> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            // The sender is held by `self`, so waiting cannot fail.
            _ = closed.wait_for(|closed| *closed) => Ok(None),
            event = self.read() => event.map(Some),
        }
    }

    /// Ends the stream, also for a call that waits.
    ///
    /// # Errors
    /// None of its own.
    pub async fn close(&self) -> Result<()> {
        self.closed.send_replace(true);
        Ok(())
    }
}

impl EventStream {
    async fn read(&self) -> Result<Event> {
        let mut read = self.read.lock().await;
        loop {
            if let Some(event) = read.ahead.pop_front() {
                read.position = event.position;
                return Ok(event);
            }
            let newer = self.handle.core().events().after(read.position, BATCH).await?;
            if newer.is_empty() {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the writer may be another process, which wakes nobody"
                )]
                tokio::time::sleep(self.every).await;
            }
            read.ahead.extend(newer.outward());
        }
    }
}
