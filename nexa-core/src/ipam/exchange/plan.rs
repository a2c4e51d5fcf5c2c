//! What an import would do: a pure decision over what is there and what is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Entry, ImportReport, PoolEntry, What};
use crate::id::PoolId;
use crate::ipam::free;
use crate::ipam::model::{checked_holder, checked_ranges, checked_reason};
use crate::ipam::space::{Interval, Intervals};
use crate::ipam::value::{PoolKind, Value, ValueRange};
use crate::name::Name;

/// A pool that is there, or will be.
pub(super) struct Known {
    /// None for one that is yet to be created.
    pub(super) id: Option<PoolId>,
    pub(super) kind: PoolKind,
    pub(super) ranges: Vec<ValueRange>,
    pub(super) free: Intervals,
    pub(super) reserved: BTreeSet<Interval>,
    /// Who has what.
    pub(super) held: BTreeMap<Interval, Option<String>>,
    /// Which place has what a holder has.
    pub(super) holders: BTreeMap<String, u128>,
}

/// What is to be done, in this order. Pools are named by their place among those that are known.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Action {
    Create { pool: usize, new: PoolEntry, parent: Option<usize> },
    Reserve { pool: usize, range: ValueRange, reason: String },
    Claim { pool: usize, range: ValueRange, holder: Option<String> },
}

/// What is to be done, and what is in the way.
pub(super) struct Plan {
    pub(super) pools: Vec<Known>,
    pub(super) actions: Vec<Action>,
    pub(super) report: ImportReport,
    names: Names,
}

/// The names that pools have.
#[derive(Default)]
pub(super) struct Names {
    /// The scope that is imported into.
    pub(super) scope: String,
    /// The key of each, and whether it is a pool's of that scope.
    pub(super) taken: BTreeMap<String, bool>,
}

impl Names {
    /// The name for a new pool: with its scope when a pool of another one has it already, as names are unique over all of them.
    fn give(&mut self, name: &str) -> Result<String, String> {
        let mut name = Name::parse("name", name).map_err(|refused| refused.to_string())?;
        if self.taken.get(&name.key) == Some(&false) {
            let scope = if self.scope.is_empty() { "shared" } else { &self.scope };
            let room = 125_usize.saturating_sub(scope.chars().count());
            let short: String = name.text.chars().take(room).collect();
            name = Name::derived(&format!("{} ({scope})", short.trim_end()));
        }
        match self.taken.insert(name.key, true) {
            None => Ok(name.text),
            Some(_) => Err(format!("the pool name {:?} is taken", name.text)),
        }
    }
}

/// Compares what a text asks for with what is there.
pub(super) fn plan(pools: Vec<Known>, names: Names, mut entries: Vec<Entry>, report: ImportReport) -> Plan {
    let mut plan = Plan { pools, actions: Vec::new(), report, names };
    // A pool before its parts, and pools before what is in them; the report goes by lines again.
    entries.sort_by_key(|entry| match &entry.what {
        What::Pool(pool) => (0, u128::MAX - size(&pool.ranges)),
        What::Reservation { .. } => (1, 0),
        What::Held { .. } => (2, 0),
    });
    for Entry { line, field, what } in entries {
        let refused = match what {
            What::Pool(pool) => plan.pool(pool),
            What::Reservation { range, reason } => plan.reservation(range, reason),
            What::Held { range, holder } => plan.held(range, holder),
        };
        if let Err(message) = refused {
            plan.report.refuse(line, field, message);
        }
    }
    plan.report.conflicts.sort_by_key(|conflict| conflict.line);
    plan
}

fn span(range: &ValueRange) -> u128 {
    range.last().number() - range.first().number()
}

/// How many more than one ranges have, as far as that can be said: what has a part is larger than the part.
fn size(ranges: &[ValueRange]) -> u128 {
    ranges.iter().map(span).fold(0, u128::saturating_add)
}

impl Plan {
    fn pool(&mut self, mut new: PoolEntry) -> Result<(), String> {
        let ranges = new.ranges.clone();
        let Some(kind) = ranges.first().map(ValueRange::kind) else { return Err("has no range".to_owned()) };
        checked_ranges(kind, &ranges).map_err(|refused| refused.to_string())?;
        // A text of somebody else's has the ranges of one pool apart.
        let is_part = |known: &Known| ranges.iter().all(|range| known.ranges.contains(range));
        if self.pools.iter().any(|known| known.kind == kind && is_part(known)) {
            self.report.unchanged += 1;
            return Ok(());
        }
        let mut sorted = ranges.clone();
        sorted.sort_unstable();
        let numbers: Vec<_> = ranges.iter().map(ValueRange::numbers).collect();
        let parent = self.deepest(kind, &numbers);
        let meets = |known: &Known| {
            known.kind == kind
                && known.ranges.iter().any(|range| numbers.iter().any(|new| meet(range.numbers(), *new)))
        };
        let covers = |known: &Known| covers(known, &numbers);
        if let Some(other) = self.pools.iter().find(|known| meets(known) && !covers(known)) {
            return Err(format!("overlaps the pool of {}", crate::ipam::shown_ranges(&other.ranges)));
        }
        let builtin: Vec<_> = free::builtin_in(&ranges).iter().map(|(range, _)| range.numbers()).collect();
        let free = free::without(numbers.clone(), builtin.clone());
        if free.is_empty() {
            return Err("has nothing to hand out".to_owned());
        }
        new.name = self.names.give(&new.name)?;
        if let Some(parent) = parent {
            let known = self.pools.get_mut(parent).ok_or("has no parent")?;
            for (lent, _) in free::builtin_in_both(&known.ranges, &ranges) {
                if known.reserved.remove(&lent.numbers()) {
                    known.free.give(lent.numbers());
                }
            }
            if !numbers.iter().all(|new| known.free.contains(*new)) {
                return Err(format!(
                    "is not free in the pool of {}",
                    crate::ipam::shown_ranges(&known.ranges)
                ));
            }
            for new in &numbers {
                known.free.take(*new);
            }
        }
        let pool = self.pools.len();
        self.pools.push(Known {
            id: None,
            kind,
            ranges: sorted,
            free: Intervals::of(free),
            reserved: builtin.into_iter().collect(),
            held: BTreeMap::new(),
            holders: BTreeMap::new(),
        });
        self.report.pools += 1;
        self.actions.push(Action::Create { pool, new, parent });
        Ok(())
    }

    fn reservation(&mut self, range: ValueRange, reason: String) -> Result<(), String> {
        let reason = checked_reason(&reason).map_err(|refused| refused.to_string())?;
        let numbers = range.numbers();
        let pool = self.deepest(range.kind(), &[numbers]).ok_or_else(|| format!("{range} is in no pool"))?;
        let known = self.pools.get_mut(pool).ok_or("is in no pool")?;
        if known.reserved.contains(&numbers) {
            self.report.unchanged += 1;
            return Ok(());
        }
        if !known.free.take(numbers) {
            return Err(format!("{range} is not free"));
        }
        known.reserved.insert(numbers);
        self.report.reservations += 1;
        self.actions.push(Action::Reserve { pool, range, reason });
        Ok(())
    }

    fn held(&mut self, range: ValueRange, holder: Option<String>) -> Result<(), String> {
        let holder =
            holder.as_deref().map(checked_holder).transpose().map_err(|refused| refused.to_string())?;
        let numbers = range.numbers();
        let span = span(&range);
        if span & (span.wrapping_add(1)) != 0 || numbers.0 & span != 0 {
            return Err(format!("{range} is no block, which begins at a multiple of its size"));
        }
        let pool = self.deepest(range.kind(), &[numbers]).ok_or_else(|| format!("{range} is in no pool"))?;
        let known = self.pools.get_mut(pool).ok_or("is in no pool")?;
        if let Some(other) = known.held.get(&numbers) {
            if *other == holder {
                self.report.unchanged += 1;
                return Ok(());
            }
            let other = other.as_deref().unwrap_or("nobody who is named");
            return Err(format!("{range} is held by {other}"));
        }
        if let Some(other) = holder.as_ref().and_then(|holder| known.holders.get(holder)) {
            let other = Value::of_number(range.kind(), *other);
            return Err(format!("its holder has {other} of the same pool"));
        }
        if !known.free.take(numbers) {
            let is_reserved = known.reserved.iter().any(|range| meet(*range, numbers));
            return Err(format!("{range} is {}", if is_reserved { "reserved" } else { "not free" }));
        }
        known.held.insert(numbers, holder.clone());
        if let Some(holder) = &holder {
            known.holders.insert(holder.clone(), numbers.0);
        }
        self.report.addresses += 1;
        self.actions.push(Action::Claim { pool, range, holder });
        Ok(())
    }

    /// The smallest pool of the kind that has all of these.
    fn deepest(&self, kind: PoolKind, numbers: &[Interval]) -> Option<usize> {
        let having =
            self.pools.iter().enumerate().filter(|(_, known)| known.kind == kind && covers(known, numbers));
        having.min_by_key(|(_, known)| size(&known.ranges)).map(|(pool, _)| pool)
    }
}

fn covers(known: &Known, numbers: &[Interval]) -> bool {
    let has = |new: &Interval| {
        known.ranges.iter().any(|range| range.numbers().0 <= new.0 && new.1 <= range.numbers().1)
    };
    numbers.iter().all(has)
}

const fn meet(one: Interval, other: Interval) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(text: &str) -> Plan {
        let read = super::super::table::read(text);
        plan(Vec::new(), Names::default(), read.entries, read.report)
    }

    #[test]
    fn a_prefix_in_another_is_a_part_of_it_whatever_comes_first() {
        let plan = planned(
            "record,type,value,name\naddress,ipv4,10.0.1.5,printer\npool,ipv4,10.0.1.0/24,lab\n\
             pool,ipv4,10.0.0.0/16,site\nreservation,ipv4,10.0.1.1,router\n",
        );
        assert_eq!((plan.report.pools, plan.report.reservations, plan.report.addresses), (2, 1, 1));
        assert!(
            matches!(plan.actions[1], Action::Create { pool: 1, parent: Some(0), .. }),
            "{:?}",
            plan.actions
        );
        assert!(matches!(plan.actions[3], Action::Claim { pool: 1, .. }));
    }

    #[test]
    fn a_name_of_another_scope_is_no_conflict_and_one_of_the_same_is() {
        let name = |taken: &[(&str, bool)], scope: &str, name: &str| {
            let taken = taken.iter().map(|(name, is_ours)| ((*name).to_owned(), *is_ours)).collect();
            Names { scope: scope.to_owned(), taken }.give(name)
        };
        assert_eq!(name(&[("lab", false)], "hq", "Lab").unwrap(), "Lab (hq)");
        assert_eq!(name(&[("lab", false)], "", "lab").unwrap(), "lab (shared)");
        assert_eq!(name(&[("lab", false)], &"s".repeat(64), &"l".repeat(128)).unwrap().len(), 128);
        assert!(name(&[("lab", true)], "hq", "Lab").is_err());
        assert!(name(&[("lab", false), ("lab (hq)", false)], "hq", "lab").is_err());
    }

    #[test]
    fn a_range_of_a_pool_that_is_there_is_no_part_of_it() {
        let plan = planned(
            "record,type,value,name\npool,ipv4,10.0.0.0/25 10.1.0.0/24,two\npool,ipv4,10.0.0.0/25,again\n\
             pool,ipv4,10.1.0.64/26,part\naddress,ipv4,10.1.0.128/28,block\naddress,ipv4,10.1.0.150-10.1.0.160,bad\n",
        );
        assert_eq!((plan.report.pools, plan.report.unchanged, plan.report.addresses), (2, 1, 1));
        assert_eq!(plan.report.conflicts.iter().map(|one| one.line).collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn conflicts_are_told_by_their_lines() {
        let plan = planned(
            "record,type,value,name\npool,ipv4,10.0.0.0/24,lab\npool,ipv4,10.0.0.128/24,bad\npool,ipv4,10.1.0.0/24,LAB\n\
             address,ipv4,10.0.0.0,network\naddress,ipv4,10.0.0.5,a\naddress,ipv4,10.0.0.5,b\naddress,ipv4,10.0.0.6,a\n\
             address,ipv4,10.9.0.1,c\naddress,ipv4,10.0.0.5,a\nreservation,ipv4,10.0.0.4-10.0.0.6,kept\n\
             pool,ipv4,10.0.0.200-10.0.1.5,across\n",
        );
        let lines: Vec<_> = plan.report.conflicts.iter().map(|conflict| conflict.line).collect();
        // The reservation on line 11 is taken before the addresses, so those are what is in its way.
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10, 12], "{:?}", plan.report.conflicts);
    }
}
