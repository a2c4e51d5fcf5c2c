//! What databases do to a control plane when they are ended, full, locked, or closed to it. `cargo xtask test --only faults`
//! starts servers that may be broken.

mod doors;
mod full;
mod locked;
mod outcome;
mod restarted;
mod servers;
#[path = "../support/mod.rs"]
mod support;
