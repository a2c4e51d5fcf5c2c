use std::time::Instant;

/// The moment, for the threads that drive the engine and the network stack. Nothing else in this module asks.
pub(super) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the drivers are where time comes from")]
    Instant::now()
}
