//! The allocator, through the public API: who gets which address, and what comes back.

#[path = "../support/mod.rs"]
mod support;

mod borders;
mod claiming;
mod exchange;
mod filling;
mod machine;
mod model;
mod networks;
mod overlap;
mod pools;
mod property;
mod resting;
#[path = "../storage/sound.rs"]
mod sound;
#[path = "../storage/worker.rs"]
#[allow(dead_code, reason = "other programs also kill theirs")]
mod worker;
