use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::error::IdentityError;
use crate::runtime::{Random, random_bytes};
use crate::secret::Secret;

/// What a token is for; its prefix says so, to people and to scanners for leaked secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    Session,
    Device,
    Setup,
}

impl TokenKind {
    const ALL: [TokenKind; 3] = [TokenKind::Session, TokenKind::Device, TokenKind::Setup];

    const fn prefix(self) -> &'static str {
        match self {
            TokenKind::Session => "nxs",
            TokenKind::Device => "nxd",
            TokenKind::Setup => "nxi",
        }
    }
}

/// `<prefix>_<id>_<secret>`: the id finds the row, 256 random bits prove the bearer, and the database keeps only a
/// hash. A plain SHA-256 is enough for a secret of full entropy.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) id: Uuid,
    secret: Secret<[u8; 32]>,
}

impl Token {
    pub(crate) fn new(kind: TokenKind, id: Uuid, random: &dyn Random) -> crate::Result<Self> {
        Ok(Token { kind, id, secret: Secret::new(random_bytes(random)?) })
    }

    pub(crate) fn parse(text: &str) -> Result<Self, IdentityError> {
        let mut parts = text.splitn(3, '_');
        let mut part = || parts.next().ok_or(IdentityError::BadToken);
        let (prefix, id, secret) = (part()?, part()?, part()?);
        let kind =
            TokenKind::ALL.into_iter().find(|kind| kind.prefix() == prefix).ok_or(IdentityError::BadToken)?;
        let id = Uuid::try_parse(id).map_err(|_| IdentityError::BadToken)?;
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()) {
            Ok(32) => Ok(Token { kind, id, secret: Secret::new(*bytes) }),
            _ => Err(IdentityError::BadToken),
        }
    }

    /// The text that the bearer keeps.
    pub(crate) fn to_text(&self) -> Secret<String> {
        let secret = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.expose()));
        Secret::new(format!("{}_{}_{}", self.kind.prefix(), self.id.simple(), secret.as_str()))
    }

    /// What the database keeps.
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret.expose()).to_vec()
    }

    /// Whether a stored hash is this token's.
    pub(crate) fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    #[test]
    fn a_token_is_read_back_and_does_not_print() {
        let token = Token::new(TokenKind::Session, Uuid::max(), &SystemRandom).unwrap();
        let text = token.to_text();
        let again = Token::parse(text.expose()).unwrap();
        assert!(again.matches(&token.hash()));
        assert_eq!((again.kind, again.id), (token.kind, token.id));
        let secret = text.expose().rsplit('_').next().unwrap();
        assert!(!format!("{token:?}").contains(secret));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = Token::new(TokenKind::Device, Uuid::nil(), &SystemRandom).unwrap().to_text();
        let good = good.expose();
        for text in [
            "",
            "nxs",
            "nxs__",
            "nxx_0_0",
            &good[..good.len() - 1],
            &format!("{good}A"),
            &good.replace("nxd", "nxq"),
        ] {
            assert!(Token::parse(text).is_err(), "{text:?}");
        }
    }
}
