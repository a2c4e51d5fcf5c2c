//! What must hold of every database at every moment.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Asserts that pages and indexes agree, that every reference leads somewhere, and that each pool is made of its free
/// ranges, its reservations and its live allocations, without a gap and without an overlap.
pub(crate) async fn assert_sound(database: &mut SqliteConnection) {
    let agree: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *database).await.unwrap();
    assert_eq!(agree, "ok");
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *database).await.unwrap();
    assert!(dangling.is_empty(), "{} references lead nowhere", dangling.len());
    let pools = "SELECT id, cidr_first, cidr_last FROM ip_pools WHERE live = 1";
    for pool in sqlx::query(pools).fetch_all(&mut *database).await.unwrap() {
        let whole = Part { kind: Kind::Pool, first: number(pool.get(1)), last: number(pool.get(2)) };
        assert_divided(whole, parts(database, pool.get(0)).await);
    }
}

async fn parts(database: &mut SqliteConnection, pool: Vec<u8>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (kind, select) in [
        (Kind::Free, "SELECT first, last FROM ip_free_ranges WHERE pool_id = ?"),
        (Kind::Reserved, "SELECT first, last FROM ip_reservations WHERE pool_id = ?"),
        (Kind::Allocated, "SELECT address, address FROM ip_allocations WHERE pool_id = ? AND live = 1"),
    ] {
        let rows = sqlx::query(select).bind(&pool).fetch_all(&mut *database).await.unwrap();
        let part = |row: &SqliteRow| Part { kind, first: number(row.get(0)), last: number(row.get(1)) };
        parts.extend(rows.iter().map(part));
    }
    parts
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Pool,
    Free,
    Reserved,
    Allocated,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    kind: Kind,
    first: u128,
    last: u128,
}

/// The number in an address of 17 bytes; the family is the same in the whole pool.
fn number(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(bytes[1..].try_into().unwrap())
}

fn assert_divided(whole: Part, mut parts: Vec<Part>) {
    parts.sort_by_key(|part| part.first);
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { panic!("{whole:?} is empty") };
    assert_eq!((first.first, last.last), (whole.first, whole.last), "{whole:?} is not {parts:?}");
    for part in &parts {
        assert!(part.first <= part.last, "{part:?} is reversed");
    }
    for pair in parts.windows(2) {
        assert_eq!(pair[0].last.checked_add(1), Some(pair[1].first), "between {pair:?}");
        assert!(pair[0].kind != Kind::Free || pair[1].kind != Kind::Free, "free ranges touch: {pair:?}");
    }
}
