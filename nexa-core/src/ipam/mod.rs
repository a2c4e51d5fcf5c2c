//! One allocator for everything that must be unique: addresses, blocks of them, ports, MAC addresses, CTIDs, uid and gid numbers.
//!
//! ```text
//! free ──claim──▶ allocated(generation) ──release(generation)──▶ quarantined ──▶ free
//!                     ▲                                              │
//!                     └────────────── its former holder ─────────────┘
//! ```
//! A pool is ranges without what is reserved. What is free is a table of ranges, changed in the transaction that hands something out
//! or takes it back, so the cost does not depend on how full the pool is. The pool's row is the lock; two live holders of one value
//! are impossible because of `UNIQUE (scope, address, live)`, so nothing here reads first and hopes. Pools do not overlap in a scope,
//! unless one is a part of the other.
//!
//! A quarantine ends when its time is over and every living gateway that reports has applied a revision past the release, or its state
//! has expired: until then a gateway may still let the former holder in.

mod claiming;
mod error;
mod exchange;
mod forecast;
mod free;
mod heatmap;
mod model;
mod network;
mod pools;
mod renumbering;
mod resting;
mod seeing;
mod service;
pub mod space;
mod store;
mod value;
mod verify;

pub(crate) use claiming::{DeviceHolder, claim};
pub use exchange::{ImportConflict, ImportFormat, ImportReport};
pub use forecast::Forecast;
pub(crate) use free::first_assignable;
pub use heatmap::{AddressState, HeatCell, HeatMap};
pub use model::{
    Allocation, AllocationStatus, Claim, Move, NewPool, Pool, PoolChange, PoolUsage, Renumbering,
    Reservation, ReservedRange, Resize, Strategy,
};
pub(crate) use pools::create_gateway_pool;
pub(crate) use resting::release_of_device;
pub use service::Ipam;
pub(crate) use store::applied;
pub use value::{PoolKind, Value, ValueRange};
pub use verify::{Finding, FindingKind, Rebuilt};

/// What an allocation is of: a value, or a block of them.
fn shown(allocation: &Allocation) -> String {
    match (allocation.value, allocation.last_value) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    }
}

fn shown_ranges(ranges: &[ValueRange]) -> String {
    ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
