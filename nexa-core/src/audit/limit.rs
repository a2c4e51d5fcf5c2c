use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::Timestamp;

const WINDOW: Duration = Duration::from_secs(60);
const PER_WINDOW: u32 = 120;

/// How many refusals are written: 120 a minute for the whole process. What is left out is counted and told with the
/// next one written.
#[derive(Debug, Default)]
pub(crate) struct RefusalLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    window_began: Timestamp,
    written: u32,
    left_out: u64,
}

impl RefusalLimit {
    /// Whether a refusal may be written now; if so, how many were left out since the last one.
    pub(crate) fn admit(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now < state.window_began || now.since(state.window_began) >= WINDOW {
            state.window_began = now;
            state.written = 0;
        }
        if state.written >= PER_WINDOW {
            state.left_out += 1;
            return None;
        }
        state.written += 1;
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_bounded_and_counted() {
        let limit = RefusalLimit::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let written = (0..1_000).filter(|_| limit.admit(at(100)).is_some()).count();
        assert_eq!(written, 120);
        assert_eq!(limit.admit(at(161)), Some(880));
        assert_eq!(limit.admit(at(162)), Some(0));
        assert_eq!(limit.admit(at(50)), Some(0), "a clock that goes back does not silence the audit");
    }
}
