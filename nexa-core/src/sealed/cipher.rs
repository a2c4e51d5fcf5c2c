use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::Result;
use crate::runtime::{Random, random_bytes};

const NONCE: usize = 24;

/// HMAC-SHA-256 (RFC 2104), which takes a key of any length.
pub(crate) fn mac(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut output = Zeroizing::new([0; 32]);
    if let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) {
        mac.update(message);
        output.copy_from_slice(&mac.finalize().into_bytes());
    }
    output
}

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a random nonce, which is long enough to never repeat: the nonce, the
/// ciphertext, the tag. `bound_to` is what the same bytes cannot be moved away from.
pub(crate) fn seal(key: &[u8; 32], bound_to: &[u8], plain: &[u8], random: &dyn Random) -> Result<Vec<u8>> {
    Ok(seal_under(random_bytes(random)?, key, bound_to, plain))
}

/// The same under a nonce made of the key, the place and the value: for what is as random as a key itself, so that the
/// same nonce comes again only with the same value.
pub(super) fn seal_key(key: &[u8; 32], bound_to: &[u8], plain: &[u8; 32]) -> Vec<u8> {
    let made_of = Zeroizing::new([b"nexa nonce".as_slice(), plain, bound_to].concat());
    let mut nonce = [0; NONCE];
    nonce.iter_mut().zip(mac(key, &made_of).iter()).for_each(|(to, from)| *to = *from);
    seal_under(nonce, key, bound_to, plain)
}

fn seal_under(nonce: [u8; NONCE], key: &[u8; 32], bound_to: &[u8], plain: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: bound_to };
    // It refuses only what is longer than 256 GiB.
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(XNonce::from_slice(&nonce), payload);
    [&nonce, sealed.unwrap_or_default().as_slice()].concat()
}

/// What was sealed; `None` when any bit of it, of the key or of what it is bound to is another.
pub(crate) fn open(key: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE)?;
    let payload = Payload { msg: ciphertext, aad: bound_to };
    XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(nonce), payload).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn what_was_sealed_is_opened_with_the_same_key_and_place() {
        let sealed = seal(&KEY, b"here", b"a secret", &SystemRandom).unwrap();
        assert_eq!(open(&KEY, b"here", &sealed).unwrap().as_slice(), b"a secret");
        assert!(open(&KEY, b"there", &sealed).is_none());
        assert!(open(&[8; 32], b"here", &sealed).is_none());
    }

    #[test]
    fn no_bit_can_be_flipped_and_no_byte_cut() {
        let sealed = seal(&KEY, b"", b"a secret", &SystemRandom).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&KEY, b"", &flipped).is_none(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(&KEY, b"", &sealed[..length]).is_none(), "{length} bytes");
        }
    }
}
