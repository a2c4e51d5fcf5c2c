//! What must hold of every database at every moment.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Asserts that pages and indexes agree, that every reference leads somewhere, and that each pool is made of its free
/// ranges, its reservations, its parts and its live allocations, without a gap and without an overlap.
pub(crate) async fn assert_sound(database: &mut SqliteConnection) {
    let agree: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *database).await.unwrap();
    assert_eq!(agree, "ok");
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *database).await.unwrap();
    assert!(dangling.is_empty(), "{} references lead nowhere", dangling.len());
    let pools = "SELECT id, is_parallel FROM pools WHERE live = 1";
    for pool in sqlx::query(pools).fetch_all(&mut *database).await.unwrap() {
        let id: Vec<u8> = pool.get(0);
        let whole =
            parts(database, &id, &[(Kind::Pool, "SELECT first, last FROM pool_ranges WHERE pool_id = ?")])
                .await;
        assert_divided(whole, parts(database, &id, &PARTS).await, pool.get::<i64, _>(1) == 1);
    }
}

/// What a pool is made of. A number is 8 bytes where an address is 17.
const PARTS: [(Kind, &str); 5] = [
    (Kind::Free, "SELECT first, last FROM pool_free_ranges WHERE pool_id = ?"),
    (Kind::Reserved, "SELECT first, last FROM pool_reservations WHERE pool_id = ?"),
    (Kind::Allocated, "SELECT address, last_address FROM ip_allocations WHERE pool_id = ? AND live = 1"),
    (
        Kind::Allocated,
        "SELECT unhex(printf('00%032x', number)), unhex(printf('00%032x', last_number)) FROM number_allocations \
         WHERE pool_id = ? AND live = 1",
    ),
    (
        Kind::Delegated,
        "SELECT first, last FROM pool_ranges JOIN pools ON id = pool_id WHERE parent_id = ? AND live = 1",
    ),
];

async fn parts(database: &mut SqliteConnection, pool: &[u8], of: &[(Kind, &'static str)]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (kind, select) in of {
        let rows = sqlx::query(*select).bind(pool).fetch_all(&mut *database).await.unwrap();
        let part =
            |row: &SqliteRow| Part { kind: *kind, first: number(row.get(0)), last: number(row.get(1)) };
        parts.extend(rows.iter().map(part));
    }
    parts.sort_by_key(|part| part.first);
    parts
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Pool,
    Free,
    Reserved,
    Allocated,
    Delegated,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    kind: Kind,
    first: u128,
    last: u128,
}

/// The number in a value of 17 bytes; the kind is the same in the whole pool.
fn number(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(bytes[1..].try_into().unwrap())
}

fn assert_divided(whole: Vec<Part>, parts: Vec<Part>, is_cut: bool) {
    let mut parts = parts.into_iter().peekable();
    for range in whole {
        let mut next = Some(range.first);
        let mut free_before = false;
        while let Some(part) = parts.next_if(|part| part.first <= range.last) {
            assert!(part.first <= part.last && part.last <= range.last, "{part:?} reaches beyond {range:?}");
            assert_eq!(Some(part.first), next, "before {part:?} of {range:?}");
            assert!(is_cut || !(free_before && part.kind == Kind::Free), "free ranges touch: {part:?}");
            free_before = part.kind == Kind::Free;
            next = part.last.checked_add(1);
        }
        assert_eq!(next, range.last.checked_add(1), "{range:?} has more than its parts");
    }
    assert!(parts.peek().is_none(), "{:?} is outside the pool", parts.peek());
}
