//! One error type for every domain.
//!
//! A caller decides on [`Error::kind`] and [`Error::is_retryable`], and shows [`Error`]'s message to a person. Where one
//! kind has several causes that it must tell apart, it looks at [`Error::code`] and [`Error::details`]; every code is in
//! [`CODES`].
//! What a database, a socket or a parser said stays reachable through [`std::error::Error::source`], as text:
//! no type of another crate is part of this one's contract.

mod code;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;

pub use code::CODES;
pub(crate) use code::Code;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms a program can act on. Few and stable; a binding maps each of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No such thing, or none that this caller may see.
    NotFound,
    /// The name, key or address is taken.
    AlreadyExists,
    /// The thing is not in a state that allows this, or somebody else changed it meanwhile.
    Conflict,
    /// An argument was refused before anything was done; [`Error::field`] names it.
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
    /// Stored data is not what this crate wrote.
    Corrupt,
    /// The caller, or a deadline, ended it.
    Cancelled,
    /// The handle, tunnel or database was closed before.
    Closed,
    /// A defect in this crate.
    Internal,
}

impl ErrorKind {
    /// Every kind, for the mapping tables of the bindings and the tests over them.
    pub const ALL: [ErrorKind; 16] = [
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Conflict,
        ErrorKind::InvalidInput,
        ErrorKind::Unauthenticated,
        ErrorKind::Forbidden,
        ErrorKind::Exhausted,
        ErrorKind::Locked,
        ErrorKind::Throttled,
        ErrorKind::Unavailable,
        ErrorKind::Unsupported,
        ErrorKind::NeedsOperator,
        ErrorKind::Corrupt,
        ErrorKind::Cancelled,
        ErrorKind::Closed,
        ErrorKind::Internal,
    ];

    /// The kind's stable spelling in snake case, the same in every language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "not_found",
            ErrorKind::AlreadyExists => "already_exists",
            ErrorKind::Conflict => "conflict",
            ErrorKind::InvalidInput => "invalid_input",
            ErrorKind::Unauthenticated => "unauthenticated",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Exhausted => "exhausted",
            ErrorKind::Locked => "locked",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::NeedsOperator => "needs_operator",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Closed => "closed",
            ErrorKind::Internal => "internal",
        }
    }

    /// Whether the same call, unchanged, may succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, ErrorKind::Locked | ErrorKind::Throttled | ErrorKind::Unavailable)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Any failure of this crate.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    field: Option<Cow<'static, str>>,
    cause: Box<dyn Classify>,
}

/// What a domain's own error enum says of itself, so that it can become an [`Error`].
pub(crate) trait Classify: StdError + Send + Sync + 'static {
    /// What went wrong, which also says the kind a caller decides on.
    fn code(&self) -> Code;

    /// The argument that was refused, for [`ErrorKind::InvalidInput`] and conflicts over one field.
    fn field(&self) -> Option<Cow<'static, str>> {
        None
    }

    /// The values that a program may want, as text, without the field. Never a secret, and nothing that a driver or the
    /// system said.
    fn details(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl<E: Classify> From<E> for Error {
    fn from(cause: E) -> Self {
        Error(Box::new(Inner { code: cause.code(), field: cause.field(), cause: Box::new(cause) }))
    }
}

impl Error {
    /// Refuses one argument.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Invalid { field: field.into(), reason: reason.into() }.into()
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// What went wrong, finer than its kind, as `domain.what`: `identity.username_taken`, `ipam.exhausted`.
    ///
    /// A program decides on the kind, and looks at the code where one kind has several causes that it must tell apart.
    /// A code has one kind and the same spelling in every language. New codes may appear, and old ones keep their
    /// meaning. An argument that was refused for its form alone is `input.invalid`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    /// The argument that was refused, in the spelling of the Rust API, such as `vpn_cidr_v4`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The values that go with the code, as text, by names in snake case: for `ipam.exhausted` `pool`, `allocated` and
    /// `assignable`, for what was not found its `id`. `field` is there whenever [`Error::field`] is. None is a secret.
    #[must_use]
    pub fn details(&self) -> BTreeMap<&'static str, String> {
        let field = self.field().map(|field| ("field", field.to_owned()));
        self.0.cause.details().into_iter().chain(field).collect()
    }

    /// Whether the same call, unchanged, may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind().is_retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field() {
            Some(field) => write!(f, "{field}: {}", self.0.cause),
            None => fmt::Display::fmt(&self.0.cause, f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("code", &self.code())
            .field("field", &self.0.field)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.source()
    }
}

/// A value that was refused before anything was done with it.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Invalid {
    field: Cow<'static, str>,
    reason: Cow<'static, str>,
}

impl Classify for Invalid {
    fn code(&self) -> Code {
        Code::InputInvalid
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(self.field.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once_and_spelled_once() {
        let spelled: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(spelled.len(), ErrorKind::ALL.len());
        assert_eq!(ErrorKind::ALL.last(), Some(&ErrorKind::Internal), "Internal closes the list");
        assert_eq!(ErrorKind::Internal as usize + 1, ErrorKind::ALL.len(), "a kind is missing from ALL");
    }

    #[test]
    fn a_refused_argument_is_named_in_the_message() {
        let error = Error::invalid("name", "is empty");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.code(), "input.invalid");
        assert_eq!(error.field(), Some("name"));
        assert_eq!(error.details(), BTreeMap::from([("field", "name".to_owned())]));
        assert_eq!(error.to_string(), "name: is empty");
        assert!(!error.is_retryable());
    }
}
