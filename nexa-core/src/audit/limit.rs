use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::AuditStatus;
use crate::actor::Actor;
use crate::runtime::Timestamp;

const WINDOW: Duration = Duration::from_secs(60);
const PER_WINDOW: u32 = 120;

/// How many attempts that came to nothing are written: 120 refusals a minute of strangers, as many of callers who are known,
/// and as many failures, for the whole process. A stranger's flood does not hide what a known caller was refused. What is left
/// out is counted and told with the next one written of the same kind.
#[derive(Debug, Default)]
pub(crate) struct RefusalLimit {
    strangers: Mutex<Budget>,
    known: Mutex<Budget>,
    failures: Mutex<Budget>,
}

impl RefusalLimit {
    /// Whether an attempt may be written now; if so, how many were left out since the last one.
    pub(crate) fn admit(&self, actor: &Actor, status: AuditStatus, now: Timestamp) -> Option<u64> {
        let budget = match (status, actor) {
            (AuditStatus::Failed, _) => &self.failures,
            (_, Actor::Anonymous) => &self.strangers,
            (_, Actor::User { .. } | Actor::Device { .. } | Actor::System(_)) => &self.known,
        };
        budget.lock().unwrap_or_else(PoisonError::into_inner).admit(now)
    }
}

#[derive(Debug, Default)]
struct Budget {
    window_began: Timestamp,
    written: u32,
    left_out: u64,
}

impl Budget {
    fn admit(&mut self, now: Timestamp) -> Option<u64> {
        if now < self.window_began || now.since(self.window_began) >= WINDOW {
            self.window_began = now;
            self.written = 0;
        }
        if self.written >= PER_WINDOW {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_flood_of_refusals_is_bounded_and_counted() {
        let mut budget = Budget::default();
        let written = (0..1_000).filter(|_| budget.admit(at(100)).is_some()).count();
        assert_eq!(written, 120);
        assert_eq!(budget.admit(at(161)), Some(880));
        assert_eq!(budget.admit(at(162)), Some(0));
        assert_eq!(budget.admit(at(50)), Some(0), "a clock that goes back does not silence the audit");
    }

    #[test]
    fn strangers_do_not_use_up_what_may_be_written_of_known_callers() {
        let limit = RefusalLimit::default();
        let program = Actor::System("test".into());
        let written = |actor| {
            (0..1_000).filter(|_| limit.admit(actor, AuditStatus::Refused, at(100)).is_some()).count()
        };
        assert_eq!((written(&Actor::Anonymous), written(&program)), (120, 120));
        let left_out =
            [&Actor::Anonymous, &program].map(|actor| limit.admit(actor, AuditStatus::Refused, at(160)));
        assert_eq!(left_out, [Some(880), Some(880)]);
        assert_eq!(limit.admit(&program, AuditStatus::Failed, at(160)), Some(0), "failures have their own");
    }
}
