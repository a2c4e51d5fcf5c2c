//! Whether a pool is what it is made of: free ⊎ allocated ⊎ quarantined ⊎ reserved ⊎ delegated.

use super::free;
use super::model::{Allocation, AllocationStatus, Pool};
use super::space::Interval;
use super::value::ValueRange;
use crate::id::PoolId;

/// One thing that is wrong with what is stored of a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The pool.
    pub pool_id: PoolId,
    /// What is wrong.
    pub kind: FindingKind,
    /// Where.
    pub range: ValueRange,
    /// In words.
    pub message: String,
}

/// What can be wrong with a pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FindingKind {
    /// It is neither free nor anything else, and nobody will ever get it. [`Ipam::rebuild`](super::Ipam::rebuild) finds it again.
    Lost,
    /// It is two things at once. Where one of them is free, [`Ipam::rebuild`](super::Ipam::rebuild) mends it.
    Twice,
    /// It is something in a pool that does not have it.
    Outside,
}

impl FindingKind {
    /// The word for it: `lost`, `twice` or `outside`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            FindingKind::Lost => "lost",
            FindingKind::Twice => "twice",
            FindingKind::Outside => "outside",
        }
    }
}

/// What working out the free ranges of a pool anew has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Whether anything was not as it had to be.
    pub changed: bool,
    /// How many were lost and are free again.
    pub found: u128,
    /// How many were taken for free and are not.
    pub withdrawn: u128,
}

impl Rebuilt {
    pub(super) fn between(before: &[Interval], after: &[Interval]) -> Self {
        let minus = |of: &[Interval], others: &[Interval]| {
            free::count(&free::without(of.to_vec(), others.to_vec())).saturating_u128()
        };
        Rebuilt { changed: before != after, found: minus(after, before), withdrawn: minus(before, after) }
    }
}

/// A part of a pool, and what it is.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) numbers: Interval,
    what: String,
}

impl Part {
    pub(super) fn free(numbers: Interval) -> Self {
        Part { numbers, what: "free".to_owned() }
    }

    pub(super) fn reserved(numbers: Interval) -> Self {
        Part { numbers, what: "reserved".to_owned() }
    }

    pub(super) fn delegated(numbers: Interval) -> Self {
        Part { numbers, what: "a child pool's".to_owned() }
    }

    pub(super) fn living(allocation: &Allocation) -> Self {
        let word = match allocation.status {
            AllocationStatus::Quarantined => "in quarantine as",
            _ => "allocated as",
        };
        Part {
            numbers: (allocation.value.number(), allocation.last_value.number()),
            what: format!("{word} {}", allocation.id),
        }
    }
}

/// Every difference between the ranges of a pool and its parts. O(n log n).
pub(super) fn compare(pool: &Pool, mut parts: Vec<Part>) -> Vec<Finding> {
    let finding = |kind, numbers, message: String| Finding {
        pool_id: pool.id,
        kind,
        range: ValueRange::of_numbers(pool.kind, numbers),
        message,
    };
    let whole: Vec<_> = pool.ranges.iter().map(ValueRange::numbers).collect();
    let covered: Vec<_> = parts.iter().map(|part| part.numbers).collect();
    let mut findings = Vec::new();
    for lost in free::without(whole.clone(), covered) {
        findings.push(finding(FindingKind::Lost, lost, "is in no part of the pool".to_owned()));
    }
    parts.sort_by_key(|part| part.numbers);
    // The part that reaches furthest of those before: what begins below its end is in both.
    let mut furthest: Option<&Part> = None;
    for part in &parts {
        for outside in free::without(vec![part.numbers], whole.clone()) {
            findings.push(finding(
                FindingKind::Outside,
                outside,
                format!("is {} outside the pool", part.what),
            ));
        }
        if let Some(before) = furthest.filter(|before| part.numbers.0 <= before.numbers.1) {
            let both = (part.numbers.0, part.numbers.1.min(before.numbers.1));
            findings.push(finding(FindingKind::Twice, both, format!("is {} and {}", before.what, part.what)));
        }
        if furthest.is_none_or(|before| before.numbers.1 < part.numbers.1) {
            furthest = Some(part);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::model::Strategy;
    use super::super::value::PoolKind;
    use super::*;
    use crate::runtime::Timestamp;

    fn found(ranges: &[&str], parts: &[(u128, u128)]) -> Vec<(FindingKind, String)> {
        let pool = Pool {
            id: PoolId::from_uuid(uuid::Uuid::nil()),
            name: "p".to_owned(),
            kind: PoolKind::Ctid,
            scope: String::new(),
            ranges: ranges.iter().map(|text| ValueRange::parse(PoolKind::Ctid, text).unwrap()).collect(),
            gateway_id: None,
            parent_id: None,
            strategy: Strategy::Lowest,
            quarantine: std::time::Duration::ZERO,
            is_parallel: false,
            created_at: Timestamp::from_micros(0),
        };
        let parts = parts.iter().map(|part| Part::free(*part)).collect();
        compare(&pool, parts).into_iter().map(|finding| (finding.kind, finding.range.to_string())).collect()
    }

    #[test]
    fn a_pool_that_is_its_parts_has_no_findings() {
        assert_eq!(found(&["100-199", "300-399"], &[(150, 199), (100, 149), (300, 399)]), []);
    }

    #[test]
    fn what_is_lost_twice_or_outside_is_found_where_it_is() {
        let of = |kind, text: &str| (kind, text.to_owned());
        assert_eq!(found(&["100-199"], &[(100, 120), (130, 199)]), [of(FindingKind::Lost, "121-129")]);
        assert_eq!(
            found(&["100-199"], &[(100, 199), (110, 120), (150, 150)]),
            [of(FindingKind::Twice, "110-120"), of(FindingKind::Twice, "150")]
        );
        assert_eq!(found(&["100-199"], &[(100, 205)]), [of(FindingKind::Outside, "200-205")]);
    }
}
