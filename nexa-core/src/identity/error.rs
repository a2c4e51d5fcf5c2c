use std::borrow::Cow;

use crate::error::{Classify, ErrorKind};
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
    fn kind(&self) -> ErrorKind {
        match self {
            IdentityError::NoUser(_) | IdentityError::NoGroup(_) | IdentityError::NotAMember => {
                ErrorKind::NotFound
            }
            IdentityError::UsernameTaken(_)
            | IdentityError::EmailTaken
            | IdentityError::GroupNameTaken(_) => ErrorKind::AlreadyExists,
            IdentityError::AlreadyMember => ErrorKind::AlreadyExists,
            IdentityError::SignInRefused | IdentityError::BadToken => ErrorKind::Unauthenticated,
            IdentityError::AlreadySetUp | IdentityError::LastAdministrator | IdentityError::NotActive(_) => {
                ErrorKind::Conflict
            }
            IdentityError::PasswordQueueFull => ErrorKind::Throttled,
            IdentityError::PasswordHash(_) => ErrorKind::Corrupt,
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
}
