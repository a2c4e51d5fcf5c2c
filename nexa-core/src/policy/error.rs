use std::borrow::Cow;

use super::Target;
use crate::error::{Classify, Code};
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
    fn code(&self) -> Code {
        match self {
            PolicyError::NoPolicy(_) => Code::PolicyNotFound,
            PolicyError::NoTarget(_) => Code::PolicyTargetNotFound,
            PolicyError::NameTaken(_) => Code::PolicyNameTaken,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            PolicyError::NoPolicy(_) => "policy_id".into(),
            PolicyError::NoTarget(_) => "targets".into(),
            PolicyError::NameTaken(_) => "name".into(),
        })
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![match self {
            PolicyError::NoPolicy(id) => ("id", id.to_string()),
            PolicyError::NoTarget(target) => ("target", target.to_string()),
            PolicyError::NameTaken(name) => ("name", name.clone()),
        }]
    }
}
