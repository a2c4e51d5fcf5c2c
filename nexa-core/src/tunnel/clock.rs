use std::time::Instant;

/// The moment, for the threads that drive the engine and the network stack, and for who sets a filter's end. Nothing
/// else in this module asks.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the drivers are where time comes from")]
    Instant::now()
}
