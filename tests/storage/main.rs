//! What must hold when processes race, die, or give up: nothing acknowledged is lost, nothing is half done.

#[path = "../support/mod.rs"]
mod support;

mod cancellation;
mod cases;
mod clock;
mod deadlines;
mod dialects;
mod given_up;
mod killing;
mod opening;
mod racing;
mod repeating;
mod schema;
mod seeds;
mod sound;
mod starting;
mod stored;
mod worker;
mod world;

/// How many times as much as usual is tried.
fn thoroughness() -> usize {
    if std::env::var_os("NEXA_TEST_FULL").is_some() { 10 } else { 1 }
}
