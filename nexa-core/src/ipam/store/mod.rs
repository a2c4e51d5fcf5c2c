//! The rows of pools, of what is free in them, and of what is in somebody's hands.

mod allocations;
mod free_ranges;
mod pools;

pub(crate) use allocations::*;
pub(super) use free_ranges::*;
pub(super) use pools::*;
