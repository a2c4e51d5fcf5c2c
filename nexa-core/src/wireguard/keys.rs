use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::runtime::{Random, random_bytes};
use crate::secret::Secret;

/// A Curve25519 public key, written as 44 characters of base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for another length, and for a point of small order, with which
    /// every private key agrees on the same known secret (RFC 7748 §6.1).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bytes = <[u8; 32]>::try_from(bytes)
            .map_err(|_| Error::invalid("public_key", format!("is {} bytes; a key is 32", bytes.len())))?;
        // Multiplying by any clamped scalar sends a point of small order to zero.
        let shared = x25519_dalek::x25519([1; 32], bytes);
        if bool::from(shared.ct_eq(&[0; 32])) {
            return Err(Error::invalid("public_key", "is a point of small order"));
        }
        Ok(PublicKey(bytes))
    }

    /// From 32 bytes that were a public key when they were stored.
    #[cfg(feature = "control")]
    pub(crate) const fn from_stored(bytes: [u8; 32]) -> Self {
        PublicKey(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        PublicKey::from_bytes(decode(text, "public_key")?.as_slice())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A Curve25519 private key. Made on the device it belongs to; this crate stores none.
#[derive(Clone)]
pub struct PrivateKey(Secret<[u8; 32]>);

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when `random` gives no bytes.
    pub fn generate(random: &dyn Random) -> Result<Self> {
        Ok(Self::clamped(random_bytes(random)?))
    }

    /// From 32 bytes, clamped as WireGuard does.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let array = <[u8; 32]>::try_from(bytes)
            .map_err(|_| Error::invalid("private_key", format!("is {} bytes; a key is 32", bytes.len())))?;
        Ok(Self::clamped(array))
    }

    fn clamped(mut bytes: [u8; 32]) -> Self {
        bytes[0] &= 248;
        bytes[31] = (bytes[31] & 127) | 64;
        PrivateKey(Secret::new(bytes))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(x25519_dalek::PublicKey::from(&self.to_dalek()).to_bytes())
    }

    /// The key as base64, for a file that `wg` reads.
    #[must_use]
    pub fn to_base64(&self) -> Secret<String> {
        Secret::new(STANDARD.encode(self.0.expose()))
    }

    /// The 32 bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(crate) fn to_dalek(&self) -> x25519_dalek::StaticSecret {
        x25519_dalek::StaticSecret::from(*self.0.expose())
    }
}

impl FromStr for PrivateKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        PrivateKey::from_bytes(decode(text, "private_key")?.as_slice())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([redacted])")
    }
}

/// A secret that two peers share beside their keys, against a future break of Curve25519.
#[derive(Clone)]
pub struct PresharedKey(Secret<[u8; 32]>);

impl PresharedKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when `random` gives no bytes.
    pub fn generate(random: &dyn Random) -> Result<Self> {
        Ok(PresharedKey(Secret::new(random_bytes(random)?)))
    }

    /// From 32 bytes.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let array = <[u8; 32]>::try_from(bytes)
            .map_err(|_| Error::invalid("preshared_key", format!("is {} bytes; a key is 32", bytes.len())))?;
        Ok(PresharedKey(Secret::new(array)))
    }

    /// The key as base64, for a file that `wg` reads.
    #[must_use]
    pub fn to_base64(&self) -> Secret<String> {
        Secret::new(STANDARD.encode(self.0.expose()))
    }

    /// The 32 bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl FromStr for PresharedKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        PresharedKey::from_bytes(decode(text, "preshared_key")?.as_slice())
    }
}

impl PartialEq for PresharedKey {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for PresharedKey {}

impl fmt::Debug for PresharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresharedKey([redacted])")
    }
}

/// Base64 of exactly one spelling, as `wg` demands: 44 characters, padded, unused bits zero.
fn decode(text: &str, field: &'static str) -> Result<Zeroizing<Vec<u8>>> {
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| Error::invalid(field, "is not base64 of 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    #[test]
    fn the_public_key_is_the_one_of_rfc_7748() {
        // RFC 7748 §6.1, Alice.
        let private = [
            0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
            0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
        ];
        let public = PrivateKey::from_bytes(&private).unwrap().public_key();
        assert_eq!(public.to_string(), "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=");
        assert_eq!(public.to_string().parse::<PublicKey>().unwrap(), public);
    }

    #[test]
    fn a_key_of_another_length_or_of_small_order_is_refused() {
        for (bytes, reason) in
            [(vec![9; 31], "31 bytes"), (vec![9; 33], "33 bytes"), (vec![0; 32], "small order")]
        {
            let error = PublicKey::from_bytes(&bytes).unwrap_err();
            assert_eq!(error.field(), Some("public_key"));
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert_eq!("AAAA".parse::<PrivateKey>().unwrap_err().field(), Some("private_key"));
        assert_eq!("not base64".parse::<PresharedKey>().unwrap_err().field(), Some("preshared_key"));
    }

    #[test]
    fn a_private_key_survives_its_text_and_does_not_print() {
        let key = PrivateKey::generate(&SystemRandom).unwrap();
        let again: PrivateKey = key.to_base64().expose().parse().unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(format!("{key:?}"), "PrivateKey([redacted])");
    }
}
