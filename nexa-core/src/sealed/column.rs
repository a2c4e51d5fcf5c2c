use uuid::Uuid;
use zeroize::Zeroizing;

use super::cipher;
use super::error::SealedError;
use super::model::Purpose;
use crate::error::Result;
use crate::runtime::Random;

/// The form that a sealed value has, as its first byte.
const VERSION: u8 = 1;

/// A column whose values are sealed, in a table whose rows have a UUID as `id`.
#[derive(Debug)]
pub(crate) struct Column {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) purpose: Purpose,
}

pub(crate) const PRESHARED_KEY: Column =
    Column { table: "wireguard_peers", column: "preshared_key_ciphertext", purpose: Purpose::PresharedKey };

/// Every one of them.
pub(super) const COLUMNS: [Column; 4] = [
    PRESHARED_KEY,
    Column { table: "session_secrets", column: "secret", purpose: Purpose::SessionSecret },
    Column { table: "nodes", column: "api_token_secret_or_password", purpose: Purpose::NodeCredential },
    Column { table: "external_domains", column: "cloudflare_api_key", purpose: Purpose::Cloudflare },
];

impl Column {
    /// A value as it is stored in a row: the version, the number of the data key, and what that key made of it.
    pub(super) fn seal(
        &self,
        row: Uuid,
        (id, key): (i64, &[u8; 32]),
        plain: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>> {
        let sealed = cipher::seal(key, &self.bound_to(row, id), plain, random)?;
        Ok([&[VERSION], id.to_be_bytes().as_slice(), &sealed].concat())
    }

    /// The data key that a stored value names.
    pub(super) fn key_of(&self, row: Uuid, stored: &[u8]) -> Result<i64, SealedError> {
        Self::parts(stored).map(|(id, _)| id).ok_or_else(|| self.damaged(row))
    }

    /// The value again.
    pub(super) fn open(
        &self,
        row: Uuid,
        (id, key): (i64, &[u8; 32]),
        stored: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let opened = Self::parts(stored)
            .filter(|(named, _)| *named == id)
            .and_then(|(_, sealed)| cipher::open(key, &self.bound_to(row, id), sealed));
        opened.ok_or_else(|| self.damaged(row))
    }

    /// `table.column`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    pub(super) fn damaged(&self, row: Uuid) -> SealedError {
        SealedError::Damaged { column: self.name(), row: row.to_string() }
    }

    fn parts(stored: &[u8]) -> Option<(i64, &[u8])> {
        let (&version, rest) = stored.split_first()?;
        let (id, sealed) = rest.split_first_chunk::<8>()?;
        (version == VERSION).then_some((i64::from_be_bytes(*id), sealed))
    }

    /// Names of tables and columns have no zero byte, so that no two places are the same bytes.
    fn bound_to(&self, row: Uuid, key: i64) -> Vec<u8> {
        let texts = [self.table, self.column, self.purpose.as_str()];
        let texts = texts.into_iter().flat_map(|text| text.bytes().chain([0]));
        [VERSION].into_iter().chain(texts).chain(key.to_be_bytes()).chain(*row.as_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    const KEY: (i64, &[u8; 32]) = (7, &[7; 32]);

    fn row(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_value_opens_in_its_own_place_alone() {
        let sealed = PRESHARED_KEY.seal(row(1), KEY, b"a secret", &SystemRandom).unwrap();
        assert_eq!(PRESHARED_KEY.key_of(row(1), &sealed).unwrap(), 7);
        assert_eq!(PRESHARED_KEY.open(row(1), KEY, &sealed).unwrap().as_slice(), b"a secret");
        assert!(PRESHARED_KEY.open(row(2), KEY, &sealed).is_err(), "another row");
        assert!(PRESHARED_KEY.open(row(1), (8, KEY.1), &sealed).is_err(), "another number");
        assert!(PRESHARED_KEY.open(row(1), (7, &[8; 32]), &sealed).is_err(), "another key");
        for other in &COLUMNS[1..] {
            assert!(other.open(row(1), KEY, &sealed).is_err(), "{}", other.name());
        }
    }

    #[test]
    fn a_value_that_was_cut_or_changed_is_damaged_and_says_where() {
        let sealed = PRESHARED_KEY.seal(row(1), KEY, b"a secret", &SystemRandom).unwrap();
        for length in 0..sealed.len() {
            assert!(PRESHARED_KEY.open(row(1), KEY, &sealed[..length]).is_err(), "{length} bytes");
        }
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(PRESHARED_KEY.open(row(1), KEY, &flipped).is_err(), "bit {bit}");
        }
        let said = PRESHARED_KEY.open(row(1), KEY, &[]).unwrap_err().to_string();
        assert!(said.contains("wireguard_peers.preshared_key_ciphertext of 00000000-"), "{said}");
    }
}
