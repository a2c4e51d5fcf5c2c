use std::borrow::Cow;

use super::Target;
use crate::error::{Classify, ErrorKind};
use crate::id::PolicyId;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("no policy {0}")]
    NoPolicy(PolicyId),
    #[error("no {0} to target")]
    NoTarget(Target),
    #[error("the policy name {0:?} is taken")]
    NameTaken(String),
}

impl Classify for PolicyError {
    fn kind(&self) -> ErrorKind {
        match self {
            PolicyError::NoPolicy(_) | PolicyError::NoTarget(_) => ErrorKind::NotFound,
            PolicyError::NameTaken(_) => ErrorKind::AlreadyExists,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            PolicyError::NoPolicy(_) => "policy_id".into(),
            PolicyError::NoTarget(_) => "targets".into(),
            PolicyError::NameTaken(_) => "name".into(),
        })
    }
}
