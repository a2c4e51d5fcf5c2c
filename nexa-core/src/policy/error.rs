use std::borrow::Cow;

use super::Target;
use super::document::Fault;
use crate::error::{Classify, Code};
use crate::id::{PolicyId, PolicyTestId};
use crate::net::AddressRange;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("no policy {0}")]
    NoPolicy(PolicyId),
    #[error("no {0} to target")]
    NoTarget(Target),
    #[error("the policy name {0:?} is taken")]
    NameTaken(String),
    #[error("the policy is of revision {now} and not {asked}")]
    Stale { id: PolicyId, asked: i64, now: i64 },
    #[error("no policy test {0}")]
    NoTest(PolicyTestId),
    #[error("the name {0:?} of a policy test is taken")]
    TestNameTaken(String),
    #[error("the policy tests {0} would fail")]
    TestsFail(String),
    #[error("{count} devices would {change} access, and {most} is the most at once")]
    TooMany { change: &'static str, count: usize, most: usize },
    #[error("{who} would gain access to {range}, which is protected")]
    Protected { who: String, range: AddressRange },
    #[error("{0}")]
    Document(Fault),
}

impl Classify for PolicyError {
    fn code(&self) -> Code {
        match self {
            PolicyError::NoPolicy(_) => Code::PolicyNotFound,
            PolicyError::NoTarget(_) => Code::PolicyTargetNotFound,
            PolicyError::NameTaken(_) => Code::PolicyNameTaken,
            PolicyError::Stale { .. } => Code::PolicyStale,
            PolicyError::NoTest(_) => Code::PolicyTestNotFound,
            PolicyError::TestNameTaken(_) => Code::PolicyTestNameTaken,
            PolicyError::TestsFail(_) => Code::PolicyTestsFail,
            PolicyError::TooMany { .. } => Code::PolicyTooManyDevices,
            PolicyError::Protected { .. } => Code::PolicyProtected,
            PolicyError::Document(_) => Code::PolicyDocumentInvalid,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            PolicyError::NoPolicy(_) => "policy_id".into(),
            PolicyError::NoTarget(_) => "targets".into(),
            PolicyError::NameTaken(_) | PolicyError::TestNameTaken(_) => "name".into(),
            PolicyError::Stale { .. } => "revision".into(),
            PolicyError::NoTest(_) => "test_id".into(),
            PolicyError::TestsFail(_) | PolicyError::TooMany { .. } | PolicyError::Protected { .. } => {
                return None;
            }
            PolicyError::Document(_) => "text".into(),
        })
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            PolicyError::NoPolicy(id) => vec![("id", id.to_string())],
            PolicyError::NoTest(id) => vec![("id", id.to_string())],
            PolicyError::NoTarget(target) => vec![("target", target.to_string())],
            PolicyError::NameTaken(name) | PolicyError::TestNameTaken(name) => vec![("name", name.clone())],
            PolicyError::Stale { id, asked, now } => {
                vec![("id", id.to_string()), ("asked", asked.to_string()), ("revision", now.to_string())]
            }
            PolicyError::TestsFail(names) => vec![("tests", names.clone())],
            PolicyError::TooMany { count, most, .. } => {
                vec![("count", count.to_string()), ("max", most.to_string())]
            }
            PolicyError::Protected { who, range } => {
                vec![("who", who.clone()), ("range", range.to_string())]
            }
            PolicyError::Document(fault) => {
                vec![("line", fault.line.to_string()), ("key", fault.field.clone())]
            }
        }
    }
}
