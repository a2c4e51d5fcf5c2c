//! The end of the chain, signed, to be kept somewhere else.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::mac::Hash;
use crate::db::hex;
use crate::error::{Error, Result};
use crate::runtime::Timestamp;
use crate::sealed::mac;

/// The end of the audit's chain at a moment, with a signature (Ed25519, RFC 8032). Kept outside the database, it tells
/// whether rows were cut off at the end, which nothing inside can.
///
/// As text it is one line: `nexa-audit-head-1 <seal> <rows> <hash> <time> <key> <signature>`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SignedHead {
    /// The number of the last seal; 0 before the first.
    pub seal: i64,
    /// How many rows the chain had vouched for by then.
    pub rows: i64,
    /// The last seal's hash, in hexadecimal digits.
    pub hash: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// The number of the data key that the signing key belongs to.
    pub data_key: i64,
    /// The signature, in Base64.
    pub signature: String,
}

impl SignedHead {
    pub(super) fn sign(
        key: &SigningKey,
        data_key: i64,
        end: (i64, i64, &Hash),
        signed_at: Timestamp,
    ) -> Self {
        let (seal, rows, hash) = end;
        let hash = hex(hash);
        let mut head = SignedHead { seal, rows, hash, signed_at, data_key, signature: String::new() };
        head.signature = STANDARD.encode(key.sign(head.signed().as_bytes()).to_bytes());
        head
    }

    /// Whether the holder of this key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &AuditKey) -> bool {
        let signature =
            STANDARD.decode(&self.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| key.0.verify_strict(self.signed().as_bytes(), &signature).is_ok())
    }

    fn signed(&self) -> String {
        let SignedHead { seal, rows, hash, signed_at, data_key, .. } = self;
        format!("nexa-audit-head-1 {seal} {rows} {hash} {} {data_key}", signed_at.as_micros())
    }
}

impl fmt::Display for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.signed(), self.signature)
    }
}

impl FromStr for SignedHead {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::invalid("head", "is not the text of a signed head");
        let words: Vec<_> = text.trim().split(' ').collect();
        let ["nexa-audit-head-1", seal, rows, hash, time, data_key, signature] = words[..] else {
            return Err(bad());
        };
        let number = |word: &str| word.parse::<i64>().map_err(|_| bad());
        let is_hash =
            hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        if !is_hash || STANDARD.decode(signature).is_err() {
            return Err(bad());
        }
        Ok(SignedHead {
            seal: number(seal)?,
            rows: number(rows)?,
            hash: hash.to_owned(),
            signed_at: Timestamp::from_micros(number(time)?),
            data_key: number(data_key)?,
            signature: signature.to_owned(),
        })
    }
}

/// A public key that heads of the audit are signed with, as 32 bytes in Base64.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditKey(VerifyingKey);

impl fmt::Display for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl FromStr for AuditKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(AuditKey).ok_or_else(|| Error::invalid("key", "is not an Ed25519 key in Base64"))
    }
}

/// The signing key that belongs to a data key.
pub(super) fn signing_key(data_key: &[u8; 32]) -> SigningKey {
    let seed: Zeroizing<[u8; 32]> = mac(data_key, b"nexa audit head signature");
    SigningKey::from_bytes(&seed)
}

pub(super) fn public(key: &SigningKey) -> AuditKey {
    AuditKey(key.verifying_key())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> (SignedHead, AuditKey) {
        let key = signing_key(&[7; 32]);
        (SignedHead::sign(&key, 3, (12, 340, &[9; 32]), Timestamp::from_micros(5)), public(&key))
    }

    #[test]
    fn a_head_is_read_back_from_its_text_and_is_signed_by_its_key_alone() {
        let (head, key) = head();
        assert_eq!(head.to_string().parse::<SignedHead>().unwrap(), head);
        assert_eq!(key.to_string().parse::<AuditKey>().unwrap(), key);
        assert!(head.is_signed_by(&key));
        assert!(!head.is_signed_by(&public(&signing_key(&[8; 32]))));
    }

    #[test]
    fn no_field_of_a_head_can_be_changed() {
        let (head, key) = head();
        let changes: [fn(&mut SignedHead); 6] = [
            |head| head.seal += 1,
            |head| head.rows -= 1,
            |head| head.hash = "0".repeat(64),
            |head| head.signed_at = Timestamp::from_micros(6),
            |head| head.data_key = 4,
            |head| head.signature = STANDARD.encode([0; 64]),
        ];
        for change in changes {
            let mut changed = head.clone();
            change(&mut changed);
            assert!(!changed.is_signed_by(&key), "{changed}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let (head, _) = head();
        let text = head.to_string();
        for bad in ["", "nexa-audit-head-1", &text[1..], &text.replace("340", "x"), &format!("{text} more")] {
            assert_eq!(bad.parse::<SignedHead>().unwrap_err().field(), Some("head"), "{bad}");
        }
        assert_eq!("short".parse::<AuditKey>().unwrap_err().field(), Some("key"));
    }
}
