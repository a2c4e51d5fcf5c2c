//! Handing out.

use sha2::{Digest as _, Sha256};

use super::error::IpamError;
use super::free;
use super::model::{Allocation, AllocationStatus, Claim, Strategy};
use super::pools;
use super::resting::{self, Reclaimed};
use super::seeing;
use super::space::{Interval, below, tightest_in};
use super::store::{self, Holder, Locks, PoolRow, Wanted};
use super::value::Value;
use crate::actor::{Authorized, Right, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::net::algebra::span_of;
use crate::runtime::Random;
use crate::unit::Unit;

/// The most that one call claims.
pub(super) const MAX_MANY: u32 = 100_000;
/// How often chance is asked for a value that is free before all that is free is read. Each time is as good as the free part of the
/// pool is large.
const PROBES: usize = 16;

/// A device at its gateway, and by what it is known when it is enrolled again.
pub(crate) struct DeviceHolder<'a> {
    pub(crate) device: DeviceId,
    pub(crate) user: crate::id::UserId,
    pub(crate) fingerprint: &'a str,
}

/// Claims one address for a device in each pool of a gateway, IPv4 first.
pub(crate) async fn claim<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    gateway: GatewayId,
    holder: DeviceHolder<'_>,
) -> Result<Vec<Allocation>> {
    let key = sticky_key(&["device", &holder.user.to_string(), holder.fingerprint]);
    let holder = Holder { device: Some(holder.device), name: None, key: Some(key) };
    let mut claimed = Vec::new();
    for pool in store::pools_of_gateway(&mut unit.tx, gateway).await? {
        let pool = store::find_pool_for(&mut unit.tx, authorized, pool).await?;
        claimed.push(claim_from(unit, authorized, &pool, &holder, &Claim::new()).await?);
    }
    Ok(claimed)
}

/// Claims one, for nobody in particular.
pub(super) async fn claim_one(unit: &mut Unit, pool: PoolId) -> Result<Allocation> {
    claim_with(unit, pool, &Claim::new()).await
}

/// Claims what is asked for, for something that is not a device.
pub(super) async fn claim_with(unit: &mut Unit, pool: PoolId, claim: &Claim) -> Result<Allocation> {
    let authorized = unit.authorize::<right::AddressesClaim>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, pool).await?;
    let key = claim.holder.as_deref().map(|name| sticky_key(&["holder", name]));
    let holder = Holder { device: None, name: claim.holder.clone(), key };
    claim_from(unit, &authorized, &pool, &holder, claim).await
}

/// Claims so many at once, the lowest there are.
pub(super) async fn claim_many(unit: &mut Unit, id: PoolId, count: u32) -> Result<Vec<Allocation>> {
    let authorized = unit.authorize::<right::AddressesClaim>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    let pool = store::lock_known(&mut unit.tx, &pool).await?;
    let mut reclaimed = resting::reclaim(unit, &pool).await?;
    let mut claimed = Vec::new();
    let mut last = None;
    while claimed.len() < count as usize {
        let missing = (count as usize - claimed.len()) as u128;
        let Some(range) = store::find_free(&mut unit.tx, &pool, Wanted::Lowest, locks(&pool)).await? else {
            if reclaimed == Reclaimed::Some {
                resting::reclaim_all(unit, &pool).await?;
                reclaimed = Reclaimed::All;
                continue;
            }
            return Err(seeing::fewer_than(unit, &pool, count.into(), claimed.len() as u128).await?);
        };
        let taken = (range.0, range.1.min(range.0.saturating_add(missing - 1)));
        store::take_free(&mut unit.tx, &pool, range, taken).await?;
        for number in taken.0..=taken.1 {
            claimed.push(new_allocation(unit, &pool, (number, number), &Holder::default(), pool.revision)?);
        }
        last = Some(taken.1);
    }
    store::keep_revision(&mut unit.tx, &pool).await?;
    store::insert_allocations(&mut unit.tx, &authorized, &pool, &claimed, None).await?;
    if let Some(last) = last.filter(|_| pool.strategy == Strategy::Next) {
        store::note_given(&mut unit.tx, &pool, last).await?;
    }
    let message = format!("{count} of {} were claimed", pool.name);
    unit.record(Change::PoolClaimed(pool.id), message).await?;
    Ok(claimed)
}

/// Claims from a pool that was read but not locked.
async fn claim_from<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &PoolRow,
    holder: &Holder,
    claim: &Claim,
) -> Result<Allocation> {
    check(pool, claim)?;
    let is_for_any = is_plain(claim) && !matches!(pool.strategy, Strategy::Next | Strategy::Sticky);
    // Where only one can write at a time, nobody is beside it.
    if pool.is_parallel
        && !unit.tx.is_the_only_writer()
        && is_for_any
        && let Some(allocation) = claim_beside(unit, authorized, pool, holder).await?
    {
        return Ok(allocation);
    }
    let pool = store::lock_known(&mut unit.tx, pool).await?;
    let reclaimed = resting::reclaim(unit, &pool).await?;
    if let Some(held) = store::held(&mut unit.tx, &pool, holder).await? {
        return held_already(&pool, claim, held);
    }
    let numbers = match rested(unit, &pool, holder, claim).await? {
        Some(numbers) => numbers,
        None => match take_one(unit, &pool, holder, claim).await {
            // Nothing is taken by what fails, and more may be over than this claim ended.
            Err(_) if reclaimed == Reclaimed::Some => {
                resting::reclaim_all(unit, &pool).await?;
                take_one(unit, &pool, holder, claim).await?
            }
            taken => taken?,
        },
    };
    if pool.strategy == Strategy::Next && is_plain(claim) {
        store::note_given(&mut unit.tx, &pool, numbers.1).await?;
    }
    store::keep_revision(&mut unit.tx, &pool).await?;
    let generation = pool.revision;
    hand_out(unit, authorized, &pool, numbers, holder, generation).await
}

/// Claims without a lock of the pool: from a free range that nobody else is taking from. None when there is none, or when something
/// has rested enough to be given back first.
async fn claim_beside<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &PoolRow,
    holder: &Holder,
) -> Result<Option<Allocation>> {
    if pool.reclaim_at.is_some_and(|at| at <= unit.now) {
        return Ok(None);
    }
    if let Some(held) = store::held(&mut unit.tx, pool, holder).await? {
        return Ok(Some(held));
    }
    if let Some(key) = &holder.key
        && !store::had(&mut unit.tx, pool, key, (AllocationStatus::Quarantined, None)).await?.is_empty()
    {
        return Ok(None);
    }
    let (range, number) = match pool.strategy {
        // Where chance finds nothing that is free, all that is free is looked at under the lock.
        Strategy::Random => match by_chance(unit, pool, Locks::Skips).await? {
            Some(found) => found,
            None => return Ok(None),
        },
        _ => match store::find_free(&mut unit.tx, pool, Wanted::Lowest, Locks::Skips).await? {
            Some(range) => (range, range.0),
            None => match wait_for_one(unit, pool).await? {
                Some(range) => (range, range.0),
                None => return Ok(None),
            },
        },
    };
    store::take_free(&mut unit.tx, pool, range, (number, number)).await?;
    let generation = store::last_generation(&mut unit.tx, pool, number).await?.saturating_add(1);
    Ok(Some(hand_out(unit, authorized, pool, (number, number), holder, generation).await?))
}

/// Waits for a free range when others are taking from each of them. The pool stays unlocked: whoever waits under its lock would wait for
/// claims that wait for the pool.
async fn wait_for_one(unit: &mut Unit, pool: &PoolRow) -> Result<Option<Interval>> {
    if store::find_free(&mut unit.tx, pool, Wanted::Lowest, Locks::Needless).await?.is_none() {
        return Ok(None);
    }
    match store::find_free(&mut unit.tx, pool, Wanted::Lowest, Locks::Waits).await? {
        Some(range) => Ok(Some(range)),
        // It is not what it was before the wait; there may be others.
        None => Err(IpamError::Raced.into()),
    }
}

async fn hand_out<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &PoolRow,
    numbers: Interval,
    holder: &Holder,
    generation: i64,
) -> Result<Allocation> {
    let allocation = new_allocation(unit, pool, numbers, holder, generation)?;
    let rows = std::slice::from_ref(&allocation);
    store::insert_allocations(&mut unit.tx, authorized, pool, rows, holder.key.as_deref()).await?;
    let message = format!("{} was claimed from {}", super::shown(&allocation), pool.name);
    unit.record(Change::AddressClaimed(allocation.id), message).await?;
    Ok(allocation)
}

fn new_allocation(
    unit: &mut Unit,
    pool: &PoolRow,
    (first, last): Interval,
    holder: &Holder,
    generation: i64,
) -> Result<Allocation> {
    Ok(Allocation {
        id: AllocationId::from_uuid(unit.new_uuid()?),
        pool_id: pool.id,
        value: Value::of_number(pool.kind, first),
        last_value: Value::of_number(pool.kind, last),
        device_id: holder.device,
        holder: holder.name.clone(),
        status: AllocationStatus::Allocated,
        generation,
        allocated_at: unit.now,
        released_at: None,
        quarantined_until: None,
    })
}

fn is_plain(claim: &Claim) -> bool {
    claim.specific.is_none() && claim.block.is_none()
}

fn check(pool: &PoolRow, claim: &Claim) -> Result<()> {
    if let Some(value) = claim.specific.filter(|value| value.kind() != pool.kind) {
        return Err(Error::invalid("specific", format!("{value} is no {}", pool.kind.what())));
    }
    let Some(prefix_len) = claim.block else { return Ok(()) };
    let Some(bits) = pool.kind.bits().checked_sub(prefix_len) else {
        let (most, what) = (pool.kind.bits(), pool.kind.what());
        return Err(Error::invalid(
            "block",
            format!("{prefix_len} is more than the {most} bits of one {what}"),
        ));
    };
    match claim.specific.filter(|value| value.number() & span_of(bits) != 0) {
        Some(value) => Err(Error::invalid("specific", format!("{value} is where no /{prefix_len} begins"))),
        None => Ok(()),
    }
}

/// What a holder has already is what it gets, unless it asks for something else.
fn held_already(pool: &PoolRow, claim: &Claim, held: Allocation) -> Result<Allocation> {
    if suits(pool, claim, &held) {
        return Ok(held);
    }
    let holder = held.holder.clone().unwrap_or_default();
    Err(IpamError::HolderHasAnother { holder, value: super::shown(&held) }.into())
}

fn suits(pool: &PoolRow, claim: &Claim, allocation: &Allocation) -> bool {
    let bits = claim.block.map_or(0, |prefix_len| pool.kind.bits() - prefix_len);
    let span = allocation.last_value.number() - allocation.value.number();
    claim.specific.is_none_or(|value| value == allocation.value) && span == span_of(bits)
}

/// What the holder gave back and still rests: it may have that again at once.
async fn rested(unit: &mut Unit, pool: &PoolRow, holder: &Holder, claim: &Claim) -> Result<Option<Interval>> {
    let Some(key) = &holder.key else { return Ok(None) };
    let had = store::had(&mut unit.tx, pool, key, (AllocationStatus::Quarantined, claim.specific)).await?;
    let Some(had) = had.into_iter().find(|had| suits(pool, claim, had)) else { return Ok(None) };
    resting::forget_rest(unit, &had).await?;
    Ok(Some((had.value.number(), had.last_value.number())))
}

/// Takes what is asked for out of what is free.
async fn take_one(unit: &mut Unit, pool: &PoolRow, holder: &Holder, claim: &Claim) -> Result<Interval> {
    let (range, taken) = match (claim.specific, claim.block) {
        (Some(value), Some(prefix_len)) => {
            let first = value.number();
            let block = (first, first.saturating_add(span_of(pool.kind.bits() - prefix_len)));
            take(unit, pool, block, "specific").await?;
            return Ok(block);
        }
        (Some(value), None) => specific(unit, pool, value).await?,
        (None, Some(prefix_len)) => {
            let block = find_block(unit, pool, pool.kind.bits() - prefix_len).await?;
            take(unit, pool, block, "block").await?;
            return Ok(block);
        }
        (None, None) => match by_strategy(unit, pool, holder).await? {
            Some((range, number)) => (range, (number, number)),
            None => return Err(seeing::exhausted(unit, pool, 1, 0).await?),
        },
    };
    store::take_free(&mut unit.tx, pool, range, taken).await?;
    Ok(taken)
}

/// Takes a range out of what is free, all of it, over as many free ranges as it lies in.
pub(super) async fn take(
    unit: &mut Unit,
    pool: &PoolRow,
    numbers: Interval,
    field: &'static str,
) -> Result<()> {
    let mut next = Some(numbers.0);
    while let Some(from) = next {
        let Some(range) = find(unit, pool, Wanted::AtOrAbove(from)).await?.filter(|range| range.0 <= from)
        else {
            return Err(seeing::why_not_free(unit, pool, numbers, field).await?);
        };
        let taken = (from, range.1.min(numbers.1));
        store::take_free(&mut unit.tx, pool, range, taken).await?;
        next = taken.1.checked_add(1).filter(|next| *next <= numbers.1);
    }
    Ok(())
}

async fn specific(unit: &mut Unit, pool: &PoolRow, value: Value) -> Result<(Interval, Interval)> {
    let number = value.number();
    if let Some(range) = find(unit, pool, Wanted::AtOrAbove(number)).await?.filter(|range| range.0 <= number)
    {
        return Ok((range, (number, number)));
    }
    Err(seeing::why_not_free(unit, pool, (number, number), "specific").await?)
}

/// A free aligned block of `2^bits`, in the tightest place. A pool that is cut in pieces is looked at whole when no piece has one.
pub(super) async fn find_block(unit: &mut Unit, pool: &PoolRow, bits: u8) -> Result<Interval> {
    let found = find(unit, pool, Wanted::Block(bits)).await?.and_then(|range| tightest_in(range, bits));
    if let Some(block) = found {
        return Ok(block);
    }
    if pool.is_parallel {
        let free = store::all_free(&mut unit.tx, (pool.id, pool.kind), locks(pool)).await?;
        if let Some(block) = free::block_over_seams(free, bits) {
            return Ok(block);
        }
    }
    let size = span_of(bits).saturating_add(1);
    Err(seeing::exhausted(unit, pool, size, bits).await?)
}

async fn find(unit: &mut Unit, pool: &PoolRow, wanted: Wanted) -> Result<Option<Interval>> {
    Ok(store::find_free(&mut unit.tx, pool, wanted, locks(pool)).await?)
}

/// In a pool whose claims go on beside each other the lock of the pool is not enough.
pub(super) fn locks(pool: &PoolRow) -> Locks {
    if pool.is_parallel { Locks::Waits } else { Locks::Needless }
}

/// The free range and the number in it that the pool's strategy says.
async fn by_strategy(unit: &mut Unit, pool: &PoolRow, holder: &Holder) -> Result<Option<(Interval, u128)>> {
    let wanted = match pool.strategy {
        Strategy::Lowest => None,
        Strategy::Next => pool.given_last.and_then(|last| last.checked_add(1)),
        Strategy::Random => return random(unit, pool).await,
        Strategy::Sticky => Some(preferred(unit, pool, holder).await?),
    };
    if let Some(number) = wanted
        && let Some(range) = find(unit, pool, Wanted::AtOrAbove(number)).await?
    {
        return Ok(Some((range, number.max(range.0))));
    }
    Ok(find(unit, pool, Wanted::Lowest).await?.map(|range| (range, range.0)))
}

/// What the holder had, or else what follows from who it is; for nobody the lowest.
async fn preferred(unit: &mut Unit, pool: &PoolRow, holder: &Holder) -> Result<u128> {
    let Some(key) = &holder.key else { return Ok(0) };
    let had = store::had(&mut unit.tx, pool, key, (AllocationStatus::Released, None)).await?;
    if let Some(had) = had.first() {
        let number = had.value.number();
        let free = find(unit, pool, Wanted::AtOrAbove(number)).await?;
        if free.is_some_and(|range| range.0 <= number) {
            return Ok(number);
        }
    }
    let ranges = pools::numbers(&store::ranges_of(&mut unit.tx, pool).await?);
    let hash = Sha256::new().chain_update(pool.id.as_uuid().as_bytes()).chain_update(key).finalize();
    let number = hash.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    // The remainder makes some values a little likelier, which harms nobody here.
    let count = free::count(&ranges).as_u128();
    Ok(nth(&ranges, count.map_or(number, |count| number % count.max(1))).unwrap_or(0))
}

/// Any of what is free, each as likely as the others: whatever chance gives first that is free, or one of all of them.
async fn random(unit: &mut Unit, pool: &PoolRow) -> Result<Option<(Interval, u128)>> {
    if let Some(found) = by_chance(unit, pool, locks(pool)).await? {
        return Ok(Some(found));
    }
    let free = store::all_free(&mut unit.tx, (pool.id, pool.kind), locks(pool)).await?;
    if free.is_empty() {
        return Ok(None);
    }
    let number = any_of(&free, unit.random())?;
    Ok(free.into_iter().find(|range| (range.0..=range.1).contains(&number)).map(|range| (range, number)))
}

/// Numbers of the pool by chance until one is free, as often as is worth it.
async fn by_chance(unit: &mut Unit, pool: &PoolRow, locks: Locks) -> Result<Option<(Interval, u128)>> {
    let ranges = pools::numbers(&store::ranges_of(&mut unit.tx, pool).await?);
    for _ in 0..PROBES {
        let number = any_of(&ranges, unit.random())?;
        match store::find_free(&mut unit.tx, pool, Wanted::AtOrAbove(number), locks).await? {
            Some(range) if range.0 <= number => return Ok(Some((range, number))),
            _ => {}
        }
    }
    Ok(None)
}

/// A number of these ranges, each as likely as the others.
fn any_of(ranges: &[Interval], random: &dyn Random) -> Result<u128> {
    let rank = below(free::count(ranges).as_u128(), random)?;
    Ok(nth(ranges, rank).unwrap_or(0))
}

/// The number of these ranges that so many are below.
fn nth(ranges: &[Interval], mut rank: u128) -> Option<u128> {
    for (first, last) in ranges {
        if rank <= last - first {
            return Some(first + rank);
        }
        rank -= last - first + 1;
    }
    None
}

/// What a holder is known by when it comes back.
fn sticky_key(parts: &[&str]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
