//! The allocator, through the public API: who gets which address, and what comes back.

#[path = "../support/mod.rs"]
mod support;

mod claiming;
mod machine;
mod model;
mod overlap;
mod property;
#[path = "../storage/sound.rs"]
mod sound;
