//! One error for every language.

use std::collections::HashMap;

use nexa_ffi_macros::{enumeration, record};

use crate::outward::Outward as _;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms a program can act on. Few and stable.
#[enumeration(from = nexa_core::ErrorKind, otherwise = Internal)]
pub enum ErrorKind {
    /// No such thing, or none that this caller may see.
    NotFound,
    /// The name, key or address is taken.
    AlreadyExists,
    /// The thing is not in a state that allows this, or somebody else changed it meanwhile.
    Conflict,
    /// An argument was refused before anything was done; the details name it as `field`.
    InvalidInput,
    /// The caller proved no identity, or a proof that is no longer good.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// A pool or a limit has nothing left.
    Exhausted,
    /// Somebody else holds it at this moment.
    Locked,
    /// Too many attempts; wait before the next one.
    Throttled,
    /// A database, a peer or the operating system did not answer as it should; trying again may help.
    Unavailable,
    /// This build, database or platform cannot do that.
    Unsupported,
    /// Only a person at the machine can go on from here.
    NeedsOperator,
    /// Stored data is not what Nexa wrote.
    Corrupt,
    /// The caller, or a deadline, ended it.
    Cancelled,
    /// The handle, tunnel or database was closed before.
    Closed,
    /// A defect in Nexa.
    Internal,
}

/// Everything there is to say about a failure.
#[record]
pub struct ErrorInfo {
    /// A stable spelling such as `identity.username_taken`, finer than the kind.
    pub code: String,
    /// What a program decides on.
    pub kind: ErrorKind,
    /// A sentence for a person.
    pub message: String,
    /// What the sentence speaks of, by name; `field` is the argument that was refused. Never a secret.
    pub details: HashMap<String, String>,
    /// Whether the same call, unchanged, may succeed later.
    pub retryable: bool,
}

/// A failure on its way out.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(pub Box<ErrorInfo>);

impl Error {
    /// A failure of the bindings themselves.
    pub(crate) fn new(code: &str, kind: nexa_core::ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(ErrorInfo {
            code: code.to_owned(),
            kind: kind.outward(),
            message: message.into(),
            details: HashMap::new(),
            retryable: kind.is_retryable(),
        }))
    }

    /// Refuses one argument.
    pub(crate) fn invalid(field: &str, reason: &str) -> Self {
        let mut error =
            Self::new("input.invalid", nexa_core::ErrorKind::InvalidInput, format!("{field}: {reason}"));
        error.0.details.insert("field".to_owned(), field.to_owned());
        error
    }

    /// The call took longer than it was given.
    pub(crate) fn timed_out(timeout_ms: u32) -> Self {
        let message = format!("no answer within {timeout_ms} ms; the call may still be carried out");
        Self::new("call.timed_out", nexa_core::ErrorKind::Cancelled, message)
    }

    /// The same in the terms of a call that was given so long: to its caller it is one thing, whoever noticed first.
    pub(crate) fn of_call(self, timeout_ms: Option<u32>) -> Self {
        match timeout_ms {
            Some(millis) if self.0.code == "access.deadline_passed" => {
                let message = format!("not done within {millis} ms; nothing of the call was stored");
                Self::new("call.timed_out", nexa_core::ErrorKind::Cancelled, message)
            }
            _ => self,
        }
    }

    /// The same, with the refused argument called as the caller calls it.
    #[cfg(feature = "control")]
    pub(crate) fn spelled(mut self, names: &[(&str, &str)]) -> Self {
        if let Some(field) = self.0.details.get_mut("field")
            && let Some((_, spelled)) = names.iter().find(|(core, _)| core == field)
        {
            (*spelled).clone_into(field);
        }
        self
    }

    /// The caller gave the call up.
    pub(crate) fn cancelled() -> Self {
        Self::new("call.cancelled", nexa_core::ErrorKind::Cancelled, "the caller gave the call up")
    }

    /// `shutdown` was called while the call was under way.
    pub(crate) fn ended() -> Self {
        Self::new("runtime.ended", nexa_core::ErrorKind::Closed, "the runtime was shut down")
    }

    /// A thread of ours panicked.
    pub(crate) fn panicked() -> Self {
        Self::new("call.panicked", nexa_core::ErrorKind::Internal, "a defect in Nexa ended this call")
    }
}

impl<E: Into<nexa_core::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        let error = error.into();
        let details = error.details().into_iter().map(|(name, value)| (name.to_owned(), value));
        Error(Box::new(ErrorInfo {
            code: error.code().to_owned(),
            kind: error.kind().outward(),
            message: error.to_string(),
            details: details.collect(),
            retryable: error.is_retryable(),
        }))
    }
}

/// The error that Kotlin and Swift throw.
#[cfg(feature = "uniffi")]
#[derive(Clone, PartialEq, Debug, thiserror::Error, ::uniffi::Error)]
pub enum NexaError {
    /// The call failed.
    #[error("{}", .error.message)]
    Failed {
        /// Why.
        error: ErrorInfo,
    },
}

#[cfg(feature = "uniffi")]
impl From<Error> for NexaError {
    fn from(error: Error) -> Self {
        NexaError::Failed { error: *error.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_core_crosses_under_its_own_name() {
        let core = nexa_core::ErrorKind::ALL;
        assert_eq!(ErrorKind::ALL.len(), core.len());
        for kind in core {
            assert_eq!(kind.outward().as_str(), kind.as_str());
        }
    }
}
