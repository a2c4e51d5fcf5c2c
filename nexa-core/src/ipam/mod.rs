//! Addresses: pools, claims and releases.
//!
//! ```text
//! free ──claim──▶ allocated(generation) ──release(generation)──▶ free
//! ```
//! What is free is a table of ranges, changed in the transaction that hands an address out or takes it back, so the
//! cost does not depend on how full the pool is. Two live holders of one address are impossible because of
//! `UNIQUE (scope, address, live)`; nothing here reads first and hopes. Pools do not overlap.

mod error;
mod free;
mod model;
mod service;
pub mod space;
mod store;

pub(crate) use free::{first_assignable, reserved_in};
pub use model::{Allocation, NewPool, Pool, PoolUsage};
pub use service::Ipam;
pub(crate) use service::{claim, create_gateway_pool, release_of_device};
