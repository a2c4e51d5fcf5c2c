//! What vouches for the audit: a MAC for each row, a hash over the rows of a seal and the seal before it, and a MAC for each
//! seal. Pure.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::model::StoredRecord;
use crate::idempotency::Writer;
use crate::runtime::Timestamp;
use crate::sealed::mac;

pub(super) type Hash = [u8; 32];

/// What stands before the first seal.
pub(super) const BEGINNING: Hash = [0; 32];

/// One row of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seal {
    pub(super) seq: i64,
    pub(super) row_count: i64,
    pub(super) hash: Hash,
    pub(super) created_at: Timestamp,
    pub(super) data_key: i64,
    pub(super) mac: Vec<u8>,
    /// How many rows were pruned up to this one, and what vouches for that.
    pub(super) checkpoint: Option<(i64, Vec<u8>)>,
}

/// Every field that a row has, in an order and a form in which no two rows are the same bytes.
pub(super) fn row_mac(key: &[u8; 32], row: &StoredRecord) -> Hash {
    let record = &row.record;
    let text = |id: Option<String>| id;
    let who = (
        record.actor.as_str(),
        (
            text(record.actor_user_id.map(|id| id.to_string())),
            text(record.actor_device_id.map(|id| id.to_string())),
        ),
    );
    let what = (
        (record.event_type.as_str(), record.entity_type.as_str()),
        (record.entity_id.map(|id| id.to_string()), record.status.as_str()),
    );
    let how = (
        (record.ip_address.map(|address| address.to_string()), record.request_id.clone()),
        (record.message.as_str(), row.metadata.as_str()),
    );
    let id = record.id.to_string();
    let bytes = Writer::of(&(
        ("nexa audit row", id.as_str()),
        ((who, what), (how, (record.created_at, row.data_key))),
    ));
    *mac(key, &bytes)
}

/// The hash of a seal over these rows, in the order of their ids.
pub(super) fn chain_hash<'a>(before: &Hash, seq: i64, rows: impl Iterator<Item = (Uuid, &'a [u8])>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"nexa audit seal");
    hash.update(before);
    hash.update(seq.to_be_bytes());
    for (id, mac) in rows {
        hash.update(id.as_bytes());
        hash.update((mac.len() as u64).to_be_bytes());
        hash.update(mac);
    }
    hash.finalize().into()
}

pub(super) fn seal_mac(key: &[u8; 32], seal: &Seal) -> Hash {
    let numbers = [seal.seq, seal.row_count, seal.created_at.as_micros(), seal.data_key];
    let bytes: Vec<u8> = b"nexa audit seal mac"
        .iter()
        .copied()
        .chain(numbers.into_iter().flat_map(i64::to_be_bytes))
        .chain(seal.hash)
        .collect();
    *mac(key, &bytes)
}

/// Vouches for what was before a seal being gone on purpose.
pub(super) fn checkpoint_mac(key: &[u8; 32], seal: &Seal, pruned_rows: i64) -> Hash {
    let bytes: Vec<u8> = b"nexa audit checkpoint"
        .iter()
        .copied()
        .chain(seal.seq.to_be_bytes())
        .chain(pruned_rows.to_be_bytes())
        .chain(seal.hash)
        .collect();
    *mac(key, &bytes)
}

pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_each_row_its_place_and_what_was_before() {
        let rows: Vec<_> = (1..=3_u8).map(|n| (Uuid::from_u128(n.into()), vec![n; 32])).collect();
        let of = |before: &Hash, seq, rows: &[(Uuid, Vec<u8>)]| {
            chain_hash(before, seq, rows.iter().map(|(id, mac)| (*id, mac.as_slice())))
        };
        let whole = of(&BEGINNING, 1, &rows);
        assert_eq!(of(&BEGINNING, 1, &rows), whole);
        assert_ne!(of(&[1; 32], 1, &rows), whole);
        assert_ne!(of(&BEGINNING, 2, &rows), whole);
        assert_ne!(of(&BEGINNING, 1, &rows[..2]), whole);
        let mut swapped = rows;
        swapped.swap(0, 2);
        assert_ne!(of(&BEGINNING, 1, &swapped), whole);
    }
}
