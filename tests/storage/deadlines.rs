//! Calls that run out of time.

use std::sync::Arc;

use nexa_core::{ErrorKind, RequestContext};

use crate::cases::{CASES, Case, Effect};
use crate::world::{LEAP, Leaping, MORNING, Start, Templates, World};

/// Every case that can be given a deadline: authenticating has no request to take one from.
fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(|case| case.method != "Nexa::authenticate")
}

#[tokio::test]
async fn a_call_whose_deadline_has_passed_is_refused_before_anything_is_done() {
    let templates = Templates::new().await;
    for start in [Start::New, Start::LivedIn] {
        let mut world = templates.begin(start).await;
        let before = world.tables().await;
        world.context = RequestContext::default().deadline(MORNING);
        for case in cases().filter(|case| case.start == start) {
            let drawn = world.random.drawn();
            let refused = (case.call)(&world).await.expect_err(case.method);
            assert_eq!(refused.kind(), ErrorKind::Cancelled, "{}: {refused}", case.method);
            assert!(world.tables().await == before, "{} left something", case.method);
            assert_eq!(world.random.drawn(), drawn, "{} made something", case.method);
        }
    }
}

#[tokio::test]
async fn a_call_whose_deadline_has_passed_does_not_wait_for_a_lock() {
    let templates = Templates::new().await;
    let mut world = templates.begin(Start::LivedIn).await;
    world.context = RequestContext::default().deadline(MORNING);
    let mut other = world.stored().await;
    other.execute("BEGIN IMMEDIATE").await;
    let refused = world.system().ipam().claim(world.known.pool).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_call_that_runs_out_of_time_is_rolled_back() {
    let templates = Templates::new().await;
    for case in cases() {
        let mut in_time = false;
        for readings in 0.. {
            // The clock was read once to open the database, and will be read as often as the call asks.
            let world = begin_leaping(&templates, case, 1 + readings).await;
            let before = world.tables().await;
            match (case.call)(&world).await {
                Err(refused) => {
                    assert_eq!(refused.kind(), ErrorKind::Cancelled, "{}: {refused}", case.method);
                    assert!(world.tables().await == before, "{} is still there", case.method);
                    world.assert_usable().await;
                }
                Ok(()) => {
                    assert_eq!(world.tables().await != before, case.effect == Effect::Writes);
                    assert!(readings > 1, "{} never looks at the clock again", case.method);
                    in_time = true;
                    break;
                }
            }
        }
        assert!(in_time, "{} never succeeds", case.method);
    }
}

#[tokio::test]
async fn the_clock_is_read_once_more_between_the_work_and_its_commit() {
    let templates = Templates::new().await;
    for case in cases().filter(|case| case.effect == Effect::Writes) {
        let readings = watch(&templates, case).await;
        // Opening the database is a reading of its own, before these.
        let world = begin_leaping(&templates, case, 1 + readings - 1).await;
        let before = world.tables().await;
        let refused = (case.call)(&world).await.expect_err(case.method);
        assert_eq!(refused.kind(), ErrorKind::Cancelled, "{}: {refused}", case.method);
        assert!(world.tables().await == before, "{} is still there", case.method);
        world.assert_usable().await;
        let world = begin_leaping(&templates, case, 1 + readings).await;
        (case.call)(&world).await.expect(case.method);
    }
}

/// How often a call that succeeds reads the clock. Everything it draws is drawn before the last reading, and something
/// since the one before that, so the last one comes after the work.
async fn watch(templates: &Templates, case: &Case) -> usize {
    let (world, clock) = templates.begin_watched(case.start).await;
    clock.take_readings();
    (case.call)(&world).await.expect(case.method);
    let drawn = clock.take_readings();
    let [.., before_the_work, last] = drawn[..] else { panic!("{} reads no clock", case.method) };
    assert!(before_the_work < last, "{} last reads the clock before its work", case.method);
    assert_eq!(last, world.random.drawn(), "{} works on after it last read the clock", case.method);
    drawn.len()
}

/// A world in which each call's deadline is the very moment that comes after so many readings of the clock.
async fn begin_leaping(templates: &Templates, case: &Case, readings: usize) -> World {
    let mut world = templates.begin_at(case.start, Arc::new(Leaping::after(readings))).await;
    world.context = RequestContext::default().deadline(MORNING.saturating_add(LEAP));
    world
}
