//! What must hold when processes race, die, or give up: nothing acknowledged is lost, nothing is half done.

mod cancellation;
mod cases;
mod deadlines;
mod killing;
mod opening;
mod racing;
mod schema;
mod sound;
mod stored;
mod worker;
mod world;

/// How many times as much as usual is tried.
fn thoroughness() -> usize {
    if std::env::var_os("NEXA_TEST_FULL").is_some() { 10 } else { 1 }
}
