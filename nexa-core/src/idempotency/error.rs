use std::borrow::Cow;

use crate::error::{Classify, Code};

/// Why a call that was made before is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdempotencyError {
    #[error("was used for a call with other input")]
    OtherInput,
    #[error("its call was answered by version {0} of Nexa, which this one cannot read")]
    OtherVersion(String),
}

impl Classify for IdempotencyError {
    fn code(&self) -> Code {
        match self {
            IdempotencyError::OtherInput => Code::IdempotencyOtherInput,
            IdempotencyError::OtherVersion(_) => Code::IdempotencyOtherVersion,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some("idempotency_key".into())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            IdempotencyError::OtherInput => Vec::new(),
            IdempotencyError::OtherVersion(version) => vec![("version", version.clone())],
        }
    }
}
