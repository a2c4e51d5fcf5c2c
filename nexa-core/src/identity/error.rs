use std::borrow::Cow;

use crate::error::{Classify, Code};
use crate::id::{GroupId, UserId};

#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("no user {0}")]
    NoUser(UserId),
    #[error("no group {0}")]
    NoGroup(GroupId),
    #[error("the username {0:?} is taken")]
    UsernameTaken(String),
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("the group name {0:?} is taken")]
    GroupNameTaken(String),
    #[error("user name or password is wrong, or the account is not active")]
    SignInRefused,
    #[error("the token is not valid")]
    BadToken,
    #[error("there are users already")]
    AlreadySetUp,
    #[error("this is the last active administrator")]
    LastAdministrator,
    #[error("too many passwords are being checked; try again")]
    PasswordQueueFull,
    #[error("the stored password hash cannot be used: {0}")]
    PasswordHash(String),
    #[error("user {0} is not active")]
    NotActive(UserId),
    #[error("the user is a member already")]
    AlreadyMember,
    #[error("the user is not a member")]
    NotAMember,
}

impl Classify for IdentityError {
    fn code(&self) -> Code {
        match self {
            IdentityError::NoUser(_) => Code::IdentityUserNotFound,
            IdentityError::NoGroup(_) => Code::IdentityGroupNotFound,
            IdentityError::UsernameTaken(_) => Code::IdentityUsernameTaken,
            IdentityError::EmailTaken => Code::IdentityEmailTaken,
            IdentityError::GroupNameTaken(_) => Code::IdentityGroupNameTaken,
            IdentityError::SignInRefused => Code::IdentitySignInRefused,
            IdentityError::BadToken => Code::IdentityBadToken,
            IdentityError::AlreadySetUp => Code::IdentityAlreadySetUp,
            IdentityError::LastAdministrator => Code::IdentityLastAdministrator,
            IdentityError::PasswordQueueFull => Code::IdentityPasswordQueueFull,
            IdentityError::PasswordHash(_) => Code::IdentityPasswordHash,
            IdentityError::NotActive(_) => Code::IdentityUserNotActive,
            IdentityError::AlreadyMember => Code::IdentityAlreadyMember,
            IdentityError::NotAMember => Code::IdentityNotAMember,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        match self {
            IdentityError::NoUser(_) | IdentityError::NotActive(_) => Some("user_id".into()),
            IdentityError::NoGroup(_) => Some("group_id".into()),
            IdentityError::UsernameTaken(_) => Some("username".into()),
            IdentityError::EmailTaken => Some("email".into()),
            IdentityError::GroupNameTaken(_) => Some("name".into()),
            IdentityError::SignInRefused => Some("password".into()),
            IdentityError::BadToken => Some("token".into()),
            _ => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            IdentityError::NoUser(id) | IdentityError::NotActive(id) => vec![("id", id.to_string())],
            IdentityError::NoGroup(id) => vec![("id", id.to_string())],
            IdentityError::UsernameTaken(name) | IdentityError::GroupNameTaken(name) => {
                vec![("name", name.clone())]
            }
            _ => Vec::new(),
        }
    }
}
