use std::time::Duration;

use super::error::IdempotencyError;
use crate::actor::{Permission, Principal, Reach};
use crate::error::Result;
use crate::runtime::Timestamp;

/// How long a call can be repeated.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What is known of a call that was done.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) input_mac: Vec<u8>,
    /// The rights that the call was checked for, and how far they reached.
    pub(crate) checked: Vec<(Permission, Reach)>,
    /// Which build wrote the answer.
    pub(crate) version: String,
    /// Sealed.
    pub(crate) answer: Vec<u8>,
    pub(crate) expires_at: Timestamp,
}

/// What is to be done about a call that was done before.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its time is over: the key is free again.
    Over,
    /// It gets the answer that it had.
    Answer,
}

impl Record {
    /// Decides about a call with the same key, by whoever it is now.
    pub(super) fn judge(&self, input_mac: &[u8], principal: &Principal, now: Timestamp) -> Result<Verdict> {
        if now >= self.expires_at {
            return Ok(Verdict::Over);
        }
        for (permission, reach) in &self.checked {
            principal.still_has(*permission, *reach)?;
        }
        use subtle::ConstantTimeEq as _;
        if !bool::from(self.input_mac.ct_eq(input_mac)) {
            return Err(IdempotencyError::OtherInput.into());
        }
        if self.version != super::call::VERSION {
            return Err(IdempotencyError::OtherVersion(self.version.clone()).into());
        }
        Ok(Verdict::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Administrator;
    use crate::error::ErrorKind;
    use crate::id::{SessionId, UserId};

    fn record() -> Record {
        Record {
            input_mac: vec![1; 32],
            checked: vec![(Permission::UsersRead, Reach::Own)],
            version: super::super::call::VERSION.to_owned(),
            answer: Vec::new(),
            expires_at: Timestamp::from_micros(1_000),
        }
    }

    fn person(rights: &[(Permission, Reach)]) -> Principal {
        let (user, session) = (UserId::from_uuid(uuid::Uuid::nil()), SessionId::from_uuid(uuid::Uuid::nil()));
        Principal::user(user, session, rights.iter().copied().collect(), Administrator::No)
    }

    fn judged(record: &Record, input: u8, rights: &[(Permission, Reach)], now: i64) -> Result<Verdict> {
        record.judge(&[input; 32], &person(rights), Timestamp::from_micros(now))
    }

    #[test]
    fn the_same_call_is_answered_until_its_time_is_over() {
        let own = [(Permission::UsersRead, Reach::Own)];
        assert!(matches!(judged(&record(), 1, &own, 999), Ok(Verdict::Answer)));
        assert!(matches!(judged(&record(), 1, &own, 1_000), Ok(Verdict::Over)));
    }

    #[test]
    fn another_input_is_refused() {
        let refused = judged(&record(), 2, &[(Permission::UsersRead, Reach::All)], 0).unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("idempotency_key")));
    }

    #[test]
    fn whoever_lost_the_right_since_is_refused() {
        assert_eq!(judged(&record(), 1, &[], 0).unwrap_err().kind(), ErrorKind::Forbidden);
        let far = Record { checked: vec![(Permission::UsersRead, Reach::All)], ..record() };
        let refused = judged(&far, 1, &[(Permission::UsersRead, Reach::Own)], 0).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
    }

    #[test]
    fn an_answer_of_another_version_is_not_guessed_at() {
        let old = Record { version: "0.0.1".to_owned(), ..record() };
        let refused = judged(&old, 1, &[(Permission::UsersRead, Reach::Own)], 0).unwrap_err();
        assert_eq!(refused.code(), "idempotency.other_version");
    }
}
