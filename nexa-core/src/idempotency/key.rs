use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::runtime::Random;
use crate::sealed::mac;
use crate::secret::Secret;

/// 128 bits in Base64 without padding.
const SHORTEST: usize = 22;
const LONGEST: usize = 255;
const RANDOM_BYTES: usize = 24;

/// A caller's own name for one call, so that the call can be made again after a failure and is done once.
///
/// It is also what the call's answer is sealed with until 24 hours have gone by, so it has to be as hard to guess as a
/// key: at least 128 random bits, such as [`IdempotencyKey::generate`] makes or 32 random hexadecimal digits. Write it down
/// before the call, use it for that call alone, and forget it when the call has answered.
#[derive(Clone)]
pub struct IdempotencyKey(Secret<String>);

impl IdempotencyKey {
    /// A new one, of 192 bits.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self> {
        use base64::Engine as _;
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
        random.fill(bytes.as_mut())?;
        Ok(IdempotencyKey(Secret::new(
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes.as_ref()),
        )))
    }

    /// The text that makes the same key again.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        self.0.clone()
    }

    /// A key of 256 bits for one purpose.
    pub(super) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        mac(self.0.expose().as_bytes(), purpose)
    }
}

impl FromStr for IdempotencyKey {
    type Err = Error;

    /// From 22 to 255 letters, digits and signs of ASCII.
    fn from_str(text: &str) -> Result<Self> {
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return Err(Error::invalid(
                "idempotency_key",
                format!("is not {SHORTEST} to {LONGEST} characters"),
            ));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::invalid("idempotency_key", "may hold letters, digits and signs of ASCII"));
        }
        Ok(IdempotencyKey(Secret::from(text)))
    }
}

impl PartialEq for IdempotencyKey {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.expose().as_bytes().ct_eq(other.0.expose().as_bytes()).into()
    }
}

impl Eq for IdempotencyKey {}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    #[test]
    fn a_key_is_read_back_from_its_text_and_never_prints() {
        let key = IdempotencyKey::generate(&SystemRandom).unwrap();
        let text = key.to_text();
        assert_eq!(text.expose().parse::<IdempotencyKey>().unwrap(), key);
        assert!(!format!("{key:?}").contains(text.expose().as_str()));
    }

    #[test]
    fn a_key_that_could_be_guessed_is_refused() {
        for text in [
            "",
            "order-17",
            "123456789012345678901",
            "with a blank in the middle of it",
            "ünïcödé-ünïcödé-ünïcödé",
        ] {
            assert_eq!(
                text.parse::<IdempotencyKey>().unwrap_err().field(),
                Some("idempotency_key"),
                "{text}"
            );
        }
        assert!("k".repeat(256).parse::<IdempotencyKey>().is_err());
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let key: IdempotencyKey = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_ne!(*key.derive(b"one"), *key.derive(b"two"));
    }
}
