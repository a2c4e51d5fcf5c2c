use std::borrow::Cow;

use super::error::IdentityError;
use super::store;
use super::token::{Token, TokenKind};
use crate::actor::Principal;
use crate::db::Tx;
use crate::error::Result;
use crate::runtime::Timestamp;

/// Who a handle says it is. What that is worth is read again in every call.
#[derive(Clone)]
pub(crate) enum Caller {
    Anonymous,
    System(Cow<'static, str>),
    Bearer(Token),
}

impl Caller {
    pub(crate) fn bearer(token: &str) -> Result<Self> {
        let token = Token::parse(token)?;
        match token.kind {
            TokenKind::Session | TokenKind::Device => Ok(Caller::Bearer(token)),
            TokenKind::Setup => Err(IdentityError::BadToken.into()),
        }
    }

    /// Reads, in the call's transaction, who this is and what they may do.
    pub(crate) async fn identify(&self, tx: &mut Tx, now: Timestamp) -> Result<Principal> {
        match self {
            Caller::Anonymous => Ok(Principal::anonymous()),
            Caller::System(reason) => Ok(Principal::system(reason.clone())),
            Caller::Bearer(token) => {
                let found = match token.kind {
                    TokenKind::Session => store::session_principal(tx, token, now).await?,
                    TokenKind::Device => store::device_principal(tx, token, now).await?,
                    TokenKind::Setup => None,
                };
                found.ok_or_else(|| IdentityError::BadToken.into())
            }
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Caller::Anonymous => "anonymous",
            Caller::System(_) => "system",
            Caller::Bearer(_) => "bearer",
        }
    }
}
