//! How full a pool is, who has what, and whether what is stored agrees.

use super::error::IpamError;
use super::forecast::{Forecast, WINDOW_DAYS};
use super::free;
use super::heatmap::{AddressState, HeatMap};
use super::model::{Allocation, AllocationStatus, PoolUsage, Strategy};
use super::resting;
use super::space::Interval;
use super::store::{self, Locks, PoolRow, Wanted};
use super::value::{PoolKind, Value, ValueRange};
use super::verify::{self, Finding, Part, Rebuilt};
use crate::actor::{Authorized, Right, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::PoolId;
use crate::net::{Cidr, Count};
use crate::runtime::Timestamp;
use crate::unit::Unit;

/// The most lives of a value that are shown.
const MAX_HISTORY: u64 = 1_000;

pub(super) async fn usage(unit: &mut Unit, id: PoolId) -> Result<PoolUsage> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    Ok(counts(unit, &pool).await?.usage())
}

/// What a pool consists of, counted.
struct Counts {
    all: Count,
    reserved: Count,
    delegated: Count,
    quarantined: Count,
    free: Count,
    earliest_free_at: Option<Timestamp>,
}

impl Counts {
    fn assignable(&self) -> Count {
        self.all.minus(self.reserved)
    }

    /// What is neither of the others: so nobody need count it.
    fn allocated(&self) -> Count {
        self.assignable().minus(self.free).minus(self.quarantined).minus(self.delegated)
    }

    fn usage(&self) -> PoolUsage {
        PoolUsage {
            assignable: self.assignable().saturating_u128(),
            allocated: self.allocated().saturating_u128(),
            quarantined: self.quarantined.saturating_u128(),
            delegated: self.delegated.saturating_u128(),
            reserved: self.reserved.saturating_u128(),
            free: self.free.saturating_u128(),
            earliest_free_at: self.earliest_free_at,
        }
    }
}

/// Counted over ranges, and never over what is handed out.
async fn counts(unit: &mut Unit, pool: &PoolRow) -> Result<Counts> {
    let place = (pool.id, pool.kind);
    let ranges = store::ranges_of(&mut unit.tx, pool).await?;
    let reservations = store::reservations_of(&mut unit.tx, place).await?;
    let children = store::children_of(&mut unit.tx, pool.id).await?;
    let resting = store::count_resting(&mut unit.tx, place).await?;
    let over: Vec<_> = resting::already_over(unit, pool).await?.iter().map(numbers_of).collect();
    let goes_on = store::next_to_end(&mut unit.tx, place, unit.now).await?;
    let mut free = store::all_free(&mut unit.tx, place, Locks::Needless).await?;
    let numbers = |ranges: &[ValueRange]| ranges.iter().map(ValueRange::numbers).collect::<Vec<_>>();
    let delegated = children.iter().flat_map(|child| numbers(&child.ranges)).collect::<Vec<_>>();
    let quarantined = Count::from(resting).minus(free::count(&over));
    free.extend(over);
    Ok(Counts {
        all: free::count(&numbers(&ranges)),
        reserved: free::count(&reservations.iter().map(|one| one.range.numbers()).collect::<Vec<_>>()),
        delegated: free::count(&delegated),
        quarantined,
        free: free::count(&free),
        earliest_free_at: goes_on.and_then(|one| one.quarantined_until),
    })
}

pub(super) const fn numbers_of(allocation: &Allocation) -> Interval {
    (allocation.value.number(), allocation.last_value.number())
}

/// That what was asked for is not there, with how full the pool is.
pub(super) async fn exhausted(unit: &mut Unit, pool: &PoolRow, asked: u128, bits: u8) -> Result<Error> {
    if pool.is_parallel && bits == 0 && asked == 1 {
        // Another claim may have changed the range that this one waited for; what is left is seen by who begins again.
        let left = store::find_free(&mut unit.tx, pool, Wanted::Lowest, Locks::Needless).await?;
        if left.is_some() {
            return Ok(IpamError::Raced.into());
        }
    }
    let usage = counts(unit, pool).await?.usage();
    Ok(used_up(pool, (asked, bits), usage))
}

/// The same when several were asked for, of which this call has taken some already: they are free, as it takes none.
pub(super) async fn fewer_than(unit: &mut Unit, pool: &PoolRow, asked: u128, taken: u128) -> Result<Error> {
    let mut usage = counts(unit, pool).await?.usage();
    usage.allocated = usage.allocated.saturating_sub(taken);
    usage.free = usage.free.saturating_add(taken);
    Ok(used_up(pool, (asked, 0), usage))
}

fn used_up(pool: &PoolRow, (asked, bits): (u128, u8), usage: PoolUsage) -> Error {
    let (name, what) = (pool.name.clone(), pool.kind.what());
    IpamError::Exhausted { name, what, asked, bits, usage: Box::new(usage) }.into()
}

/// Why a range of a pool is not free, said of the field that named it.
pub(super) async fn why_not_free(
    unit: &mut Unit,
    pool: &PoolRow,
    numbers: Interval,
    field: &'static str,
) -> Result<Error> {
    let wanted = ValueRange::of_numbers(pool.kind, numbers);
    let ranges = store::ranges_of(&mut unit.tx, pool).await?.iter().map(ValueRange::numbers).collect();
    if !free::without(vec![numbers], ranges).is_empty() {
        return Ok(IpamError::NotInPool { field, range: wanted.to_string(), pool: pool.name.clone() }.into());
    }
    if let Some(reservation) = store::reserved_at(&mut unit.tx, pool, numbers).await? {
        return Ok(
            IpamError::Reserved { field, range: wanted.to_string(), reason: reservation.reason }.into()
        );
    }
    for child in store::children_of(&mut unit.tx, pool.id).await? {
        let meets = |range: &ValueRange| range.first() <= wanted.last() && wanted.first() <= range.last();
        if child.ranges.iter().any(meets) {
            return Ok(IpamError::Delegated { field, range: wanted.to_string(), pool: child.name }.into());
        }
    }
    let what = pool.kind.what();
    let one = match store::living_in(&mut unit.tx, pool, numbers).await? {
        Some(living) => super::shown(&living),
        // Somebody was here in the meantime.
        None => return Ok(IpamError::Raced.into()),
    };
    Ok(IpamError::TakenIn { field, what, one }.into())
}

/// What the next claim gives that names nothing, as far as that is certain: chance, and a holder that comes back, decide otherwise.
pub(super) async fn next_free(unit: &mut Unit, id: PoolId) -> Result<Option<Value>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    let after = match pool.strategy {
        Strategy::Next => pool.given_last.and_then(|last| last.checked_add(1)),
        _ => None,
    };
    // What has rested enough is given back before anything is handed out.
    let over: Vec<_> = resting::already_over(unit, &pool).await?.iter().map(numbers_of).collect();
    for at_or_above in after.into_iter().chain([0]) {
        let range = store::find_free(&mut unit.tx, &pool, Wanted::AtOrAbove(at_or_above), Locks::Needless);
        let ranges = range.await?.into_iter().chain(over.iter().copied());
        let numbers = ranges.filter(|range| range.1 >= at_or_above).map(|range| range.0.max(at_or_above));
        if let Some(number) = numbers.min() {
            return Ok(Some(Value::of_number(pool.kind, number)));
        }
    }
    Ok(None)
}

pub(super) async fn lives(
    unit: &mut Unit,
    scope: &str,
    value: Value,
    only_living: bool,
) -> Result<Vec<Allocation>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let limit = if only_living { 1 } else { MAX_HISTORY };
    Ok(store::lives_of(&mut unit.tx, &authorized, (scope, value), only_living, limit).await?)
}

pub(super) async fn forecast(unit: &mut Unit, id: PoolId) -> Result<Forecast> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    let free = counts(unit, &pool).await?.free;
    let window = i64::from(WINDOW_DAYS) * 86_400_000_000;
    let since = Timestamp::from_micros(unit.now.as_micros().saturating_sub(window));
    let changes = store::changes_since(&mut unit.tx, &pool, since).await?;
    Ok(Forecast::new(free, pool.created_at, unit.now, &changes))
}

/// Every part of every pool of a scope that meets a prefix. What is a child's is what the child says of it.
pub(super) async fn heat_map(unit: &mut Unit, scope: &str, prefix: Cidr) -> Result<HeatMap> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let (kind, whole) = (PoolKind::of(prefix.family()), ValueRange::from(prefix));
    let meets = |range: &ValueRange| range.first() <= whole.last() && whole.first() <= range.last();
    let mut parts = Vec::new();
    let mut push = |numbers: Interval, state| {
        parts.extend(ValueRange::of_numbers(kind, numbers).addresses().map(|range| (range, state)));
    };
    for pool in store::every_pool(&mut unit.tx, &authorized).await? {
        if pool.kind != kind || pool.scope != scope || !pool.ranges.iter().any(meets) {
            continue;
        }
        let place = (pool.id, pool.kind);
        for free in store::all_free(&mut unit.tx, place, Locks::Needless).await? {
            push(free, AddressState::Free);
        }
        for reservation in store::reservations_of(&mut unit.tx, place).await? {
            push(reservation.range.numbers(), AddressState::Reserved);
        }
        for living in store::living(&mut unit.tx, place).await? {
            let rests = living.status == AllocationStatus::Quarantined;
            let state = if rests { AddressState::Quarantined } else { AddressState::Allocated };
            push(numbers_of(&living), state);
        }
    }
    Ok(HeatMap::new(prefix, parts))
}

/// Compares what is stored of every pool with itself.
pub(super) async fn verify(unit: &mut Unit) -> Result<Vec<Finding>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let mut findings = Vec::new();
    for pool in store::every_pool(&mut unit.tx, &authorized).await? {
        let mut parts = taken(unit, (pool.id, pool.kind)).await?;
        let free = store::all_free(&mut unit.tx, (pool.id, pool.kind), Locks::Needless).await?;
        parts.extend(free.into_iter().map(Part::free));
        findings.extend(verify::compare(&pool, parts));
    }
    Ok(findings)
}

/// The parts of a pool that are not free, as who made them says.
pub(super) async fn taken(unit: &mut Unit, place: (PoolId, PoolKind)) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for reservation in store::reservations_of(&mut unit.tx, place).await? {
        parts.push(Part::reserved(reservation.range.numbers()));
    }
    for child in store::children_of(&mut unit.tx, place.0).await? {
        parts.extend(child.ranges.iter().map(|range| Part::delegated(range.numbers())));
    }
    for allocation in store::living(&mut unit.tx, place).await? {
        parts.push(Part::living(&allocation));
    }
    Ok(parts)
}

/// Works out anew what is free of a pool.
pub(super) async fn rebuild(unit: &mut Unit, id: PoolId) -> Result<Rebuilt> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    store::find_pool(&mut unit.tx, &authorized, id).await?;
    let pool = store::lock_pool(&mut unit.tx, id).await?;
    let rebuilt = rebuild_locked(unit, &authorized, &pool).await?;
    let said = if rebuilt.changed { "something was amiss" } else { "nothing was amiss" };
    let message = format!("what is free of {} was worked out anew: {said}", pool.name);
    unit.record(Change::PoolRebuilt(id), message).await?;
    Ok(rebuilt)
}

/// The same, for who has locked the pool and changes it.
pub(super) async fn rebuild_locked<P: Right>(
    unit: &mut Unit,
    _authorized: &Authorized<P>,
    pool: &PoolRow,
) -> Result<Rebuilt> {
    let place = (pool.id, pool.kind);
    let before = store::all_free(&mut unit.tx, place, super::claiming::locks(pool)).await?;
    let ranges: Vec<_> =
        store::ranges_of(&mut unit.tx, pool).await?.iter().map(ValueRange::numbers).collect();
    let taken = taken(unit, place).await?.into_iter().map(|part| part.numbers).collect();
    let mut after = free::without(ranges.clone(), taken);
    if pool.is_parallel {
        after = free::cut_in_pieces(after, &ranges);
    }
    let rebuilt = Rebuilt::between(&before, &after);
    if before != after {
        store::clear_free(&mut unit.tx, pool.id).await?;
        store::insert_free(&mut unit.tx, place, &after).await?;
    }
    Ok(rebuilt)
}
