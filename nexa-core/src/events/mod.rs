//! The outbox: what has changed, in order, for a reader that keeps its own place.
//!
//! A change appends its event in its own transaction, so an event is there exactly when the change is. Reading is at
//! least once: keep [`Event::position`] of the last one handled and ask for what comes after it.
//!
//! Positions are given by whoever reads, to all that was committed by then: a counter in each change's transaction would make
//! every change wait for the commit of the one before it. What two programs changed at about the same time may therefore
//! have its positions in the order of their clocks.

mod model;
mod service;
mod store;

pub(crate) use model::Change;
pub use model::Event;
pub use service::Events;
pub(crate) use store::append;
