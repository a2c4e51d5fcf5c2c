//! Giving back, and what rests before anybody else gets it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::IpamError;
use super::model::{Allocation, AllocationStatus};
use super::pools;
use super::seeing::numbers_of;
use super::space::Interval;
use super::store::{self, Behind, PoolRow};
use super::value::{PoolKind, ValueRange};
use crate::actor::{Authorized, Right, right};
use crate::error::Result;
use crate::events::Change;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::runtime::Timestamp;
use crate::settings::registry;
use crate::unit::Unit;

/// How many rests end in one transaction.
const AT_ONCE: usize = 1_000;
/// The longest that a gateway's state can be believed, the setting's maximum.
const LONGEST_LIFETIME: Duration = Duration::from_secs(86_400);

pub(super) async fn release(unit: &mut Unit, id: AllocationId, generation: i64) -> Result<()> {
    let authorized = unit.authorize::<right::AddressesRelease>()?;
    let allocation = store::get_allocation(&mut unit.tx, &authorized, id).await?;
    if allocation.generation != generation {
        return Err(IpamError::StaleGeneration { id, asked: generation }.into());
    }
    if allocation.device_id.is_some() {
        return Err(IpamError::HeldByDevice(id).into());
    }
    give_back(unit, &authorized, &allocation).await
}

/// Gives back every address of a device.
pub(crate) async fn release_of_device<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    device: DeviceId,
) -> Result<()> {
    for allocation in store::live_allocations_of(&mut unit.tx, device).await? {
        give_back(unit, authorized, &allocation).await?;
    }
    Ok(())
}

/// Ends an allocation, or lets it rest first. Nothing happens when it was given back before.
async fn give_back<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    allocation: &Allocation,
) -> Result<()> {
    if allocation.status != AllocationStatus::Allocated {
        return Ok(());
    }
    let pool = store::lock_pool(&mut unit.tx, allocation.pool_id).await?;
    let behind = behind(unit, &pool, None).await?;
    let now = unit.now;
    if pool.quarantine.is_zero() && behind.is_empty() {
        if !store::end_allocation(&mut unit.tx, allocation, now).await? {
            return Ok(());
        }
        free_again(unit, &pool, allocation).await?;
    } else if !begin_rest(unit, authorized, (&pool, allocation), &behind).await? {
        return Ok(());
    }
    let message = format!("{} was released", super::shown(allocation));
    unit.record(Change::AddressReleased(allocation.id), message).await
}

/// Lets what somebody has rest from now on; false when it is in nobody's hands.
async fn begin_rest<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    (pool, allocation): (&PoolRow, &Allocation),
    behind: &[(Behind, Timestamp)],
) -> Result<bool> {
    let now = unit.now;
    let until = now.saturating_add(pool.quarantine);
    if !store::quarantine_allocation(&mut unit.tx, authorized, allocation, until, now).await? {
        return Ok(false);
    }
    let gateways: Vec<_> = behind.iter().map(|(one, _)| *one).collect();
    store::insert_waits(&mut unit.tx, allocation.id, &gateways).await?;
    let looks_at = behind.iter().map(|(_, expiry)| *expiry).fold(until, Timestamp::max);
    let looks_at = looks_at.min(now.saturating_add(LONGEST_LIFETIME));
    let looks_at = pool.reclaim_at.map_or(looks_at, |earlier| earlier.min(looks_at));
    store::set_reclaim_at(&mut unit.tx, pool.id, Some(looks_at)).await?;
    Ok(true)
}

/// What a pool gives up with a range that it loses, for its holders have something else by now: it rests in a pool of its own that is
/// no more, so that no other pool gets it before its time.
pub(super) async fn rest_elsewhere<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    (pool, range): (&PoolRow, ValueRange),
    vacated: &[Allocation],
) -> Result<()> {
    let behind = behind(unit, pool, None).await?;
    if vacated.is_empty() || pool.quarantine.is_zero() && behind.is_empty() {
        return Ok(());
    }
    let id = PoolId::from_uuid(unit.new_uuid()?);
    store::insert_retired(&mut unit.tx, authorized, (id, pool), range, unit.now).await?;
    let retired = PoolRow { id, gateway: None, reclaim_at: None, ..pool.clone() };
    for one in vacated {
        let rest = Allocation {
            id: AllocationId::from_uuid(unit.new_uuid()?),
            pool_id: id,
            device_id: None,
            holder: None,
            status: AllocationStatus::Allocated,
            generation: pool.revision,
            ..one.clone()
        };
        let rows = std::slice::from_ref(&rest);
        store::insert_allocations(&mut unit.tx, authorized, &retired, rows, None).await?;
        begin_rest(unit, authorized, (&retired, &rest), &behind).await?;
    }
    Ok(())
}

/// Refuses ranges in which something rests that a pool had there before it was renumbered. What has rested enough is ended.
pub(super) async fn refuse_vacated(
    unit: &mut Unit,
    place: (&str, PoolKind),
    (field, ranges): (&'static str, &[ValueRange]),
) -> Result<()> {
    for range in ranges {
        let resting = store::vacated_in(&mut unit.tx, place, range.numbers()).await?;
        let over: Vec<_> = resting.into_iter().map(|one| (end_of_rest(&one, unit.now), one)).collect();
        let (over, goes_on): (Vec<_>, Vec<_>) = over.into_iter().partition(|(rest, _)| *rest == Rest::Over);
        let over: Vec<_> = over.into_iter().map(|(_, one)| one).collect();
        let waits = waiting(unit, &over).await?;
        let waits_for = over.iter().find_map(|one| Some((one, *waits.get(&one.id)?)));
        let goes_on = goes_on.iter().map(|(_, one)| (one, one.quarantined_until.unwrap_or(unit.now))).next();
        if let Some((one, until)) = waits_for.or(goes_on) {
            let (what, one) = (place.1.what(), super::shown(one));
            return Err(IpamError::Resting { field, what, one, until }.into());
        }
        for one in &over {
            forget_rest(unit, one).await?;
        }
    }
    Ok(())
}

/// Whether what a pool gives up has to rest, where its gateway is to apply the change.
pub(super) async fn is_resting(unit: &mut Unit, pool: &PoolRow) -> Result<bool> {
    Ok(!pool.quarantine.is_zero() || !behind(unit, pool, pool.gateway).await?.is_empty())
}

/// The gateways that an address waits for, each with when it is not waited for any longer.
async fn behind(
    unit: &mut Unit,
    pool: &PoolRow,
    changing: Option<GatewayId>,
) -> Result<Vec<(Behind, Timestamp)>> {
    if pool.kind.family().is_none() {
        return Ok(Vec::new());
    }
    let behind = store::gateways_behind(&mut unit.tx, changing).await?;
    let believing = still_believing(unit, behind.into_iter().map(|one| ((), one)).collect()).await?;
    Ok(believing.into_iter().map(|((), one, expiry)| (one, expiry)).collect())
}

/// Of these gateways those whose last state has not expired, each with when it will have.
async fn still_believing<K>(
    unit: &mut Unit,
    behind: Vec<(K, Behind)>,
) -> Result<Vec<(K, Behind, Timestamp)>> {
    if behind.is_empty() {
        return Ok(Vec::new());
    }
    let lifetime = unit.settings().await?.seconds(&registry::STATE_LIFETIME)?;
    let now = unit.now;
    // A report from the future is of a clock that was set back since: it is believed no longer than from now.
    let expiry = |one: &Behind| one.heard_at.min(now).saturating_add(lifetime);
    let believing = behind.into_iter().map(|(key, one)| (key, one, expiry(&one)));
    Ok(believing.filter(|(_, _, expiry)| *expiry > now).collect())
}

/// Which of these allocations wait for gateways, and until when at most.
async fn waiting(unit: &mut Unit, allocations: &[Allocation]) -> Result<BTreeMap<AllocationId, Timestamp>> {
    let mut waiting = BTreeMap::new();
    let of_addresses = allocations.first().is_some_and(|one| one.value.kind().family().is_some());
    if of_addresses {
        let waits = store::waits_of(&mut unit.tx, allocations).await?;
        for (allocation, _, expiry) in still_believing(unit, waits).await? {
            let latest = waiting.entry(allocation).or_insert(expiry);
            *latest = expiry.max(*latest);
        }
    }
    Ok(waiting)
}

/// Whether rests are left that are over as far as time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reclaimed {
    All,
    /// There were more than one transaction ends of its own accord.
    Some,
}

/// Ends rests that are over, when it is time to look: as many as a claim that comes by should pay for.
pub(super) async fn reclaim(unit: &mut Unit, pool: &PoolRow) -> Result<Reclaimed> {
    match needs_a_look(pool, unit.now) {
        true => end_rests(unit, pool, AT_ONCE).await,
        false => Ok(Reclaimed::All),
    }
}

/// Ends every rest that is over, for what would be refused because of one.
pub(super) async fn reclaim_all(unit: &mut Unit, pool: &PoolRow) -> Result<()> {
    match needs_a_look(pool, unit.now) {
        true => end_rests(unit, pool, usize::MAX).await.map(drop),
        false => Ok(()),
    }
}

/// Ends every rest that is over in a transaction of its own: what a call that failed found out about them was not stored with it.
pub(super) async fn settle(unit: &mut Unit, id: PoolId) -> Result<()> {
    let authorized = unit.authorize::<right::AddressesClaim>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    if !needs_a_look(&pool, unit.now) {
        return Ok(());
    }
    let pool = store::lock_known(&mut unit.tx, &pool).await?;
    reclaim_all(unit, &pool).await
}

async fn end_rests(unit: &mut Unit, pool: &PoolRow, most: usize) -> Result<Reclaimed> {
    tracing::debug!(pool = %pool.id, "looking for what has rested enough");
    let place = (pool.id, pool.kind);
    if pool.reclaim_at.is_some_and(|at| is_out_of_reach(at, Duration::ZERO, unit.now)) {
        begin_anew(unit, pool).await?;
    }
    let Over { rests, waits_until, is_all } = over(unit, pool, most).await?;
    let seams = if rests.is_empty() { Vec::new() } else { seams(unit, pool).await? };
    for rest in &rests {
        forget_rest(unit, rest).await?;
        store::give_free(&mut unit.tx, pool, &seams, numbers_of(rest)).await?;
    }
    if !is_all {
        store::set_reclaim_at(&mut unit.tx, pool.id, Some(unit.now)).await?;
        return Ok(Reclaimed::Some);
    }
    let mut goes_on = store::next_to_end(&mut unit.tx, place, unit.now).await?;
    if goes_on.as_ref().is_some_and(|one| matches!(end_of_rest(one, unit.now), Rest::AnewFrom(_))) {
        begin_anew(unit, pool).await?;
        goes_on = store::next_to_end(&mut unit.tx, place, unit.now).await?;
    }
    let next = goes_on.and_then(|one| one.quarantined_until).into_iter().chain(waits_until).min();
    // Never further ahead than a day, so that a moment that is tells of a clock that was set back.
    let next = next.map(|at| at.min(unit.now.saturating_add(LONGEST_LIFETIME)));
    store::set_reclaim_at(&mut unit.tx, pool.id, next).await?;
    Ok(Reclaimed::All)
}

/// Begins the rests again that the clock was set back from by more than they last.
async fn begin_anew(unit: &mut Unit, pool: &PoolRow) -> Result<()> {
    for rest in store::resting(&mut unit.tx, (pool.id, pool.kind)).await? {
        if let Rest::AnewFrom(until) = end_of_rest(&rest, unit.now) {
            store::rest_until(&mut unit.tx, &rest, (unit.now, until)).await?;
        }
    }
    Ok(())
}

/// What of a pool has rested enough.
struct Over {
    rests: Vec<Allocation>,
    /// When the first of the others that only wait for gateways is over.
    waits_until: Option<Timestamp>,
    /// Whether there are no more.
    is_all: bool,
}

async fn over(unit: &mut Unit, pool: &PoolRow, most: usize) -> Result<Over> {
    let place = (pool.id, pool.kind);
    let mut found = Over { rests: Vec::new(), waits_until: None, is_all: true };
    let mut after: Option<Allocation> = None;
    loop {
        let page = (after.as_ref(), AT_ONCE as u64);
        let page = store::rested(&mut unit.tx, place, unit.now, page).await?;
        let is_last = page.len() < AT_ONCE;
        after = page.last().cloned();
        let waits = waiting(unit, &page).await?;
        for rest in page {
            match waits.get(&rest.id) {
                Some(until) => found.waits_until = found.waits_until.into_iter().chain([*until]).min(),
                None if found.rests.len() == most => {
                    found.is_all = false;
                    return Ok(found);
                }
                None => found.rests.push(rest),
            }
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// What of a pool rests only because nobody has come by since it was over: the next call that claims ends it.
pub(super) async fn already_over(unit: &mut Unit, pool: &PoolRow) -> Result<Vec<Allocation>> {
    match needs_a_look(pool, unit.now) {
        true => Ok(over(unit, pool, usize::MAX).await?.rests),
        false => Ok(Vec::new()),
    }
}

fn needs_a_look(pool: &PoolRow, now: Timestamp) -> bool {
    pool.reclaim_at.is_some_and(|at| is_due(at, now))
}

/// Whether it is time to look for what has rested enough: also when that lies further ahead than it is ever set, because the clock was
/// set back.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || is_out_of_reach(at, Duration::ZERO, now)
}

/// Whether a moment lies further ahead than something that lasts so long can end. A clock that is corrected by less than a day only
/// makes a rest longer, and never shorter.
fn is_out_of_reach(at: Timestamp, lasts: Duration, now: Timestamp) -> bool {
    at > now.saturating_add(lasts.max(LONGEST_LIFETIME))
}

/// What the time says of a rest.
#[derive(PartialEq, Eq, Debug)]
enum Rest {
    /// It goes on until then.
    Goes(Timestamp),
    /// The clock was set back by more than it can last: it begins again, and ends then.
    AnewFrom(Timestamp),
    /// It is over, as far as time goes.
    Over,
}

fn end_of_rest(allocation: &Allocation, now: Timestamp) -> Rest {
    let until = allocation.quarantined_until.unwrap_or(now);
    let released = allocation.released_at.unwrap_or(until);
    let micros = until.as_micros().saturating_sub(released.as_micros()).max(0);
    let lasts = Duration::from_micros(micros.unsigned_abs());
    if is_out_of_reach(until, lasts, now) {
        return Rest::AnewFrom(now.saturating_add(lasts));
    }
    if until > now { Rest::Goes(until) } else { Rest::Over }
}

/// Ends a rest without making its value free.
pub(super) async fn forget_rest(unit: &mut Unit, rest: &Allocation) -> Result<()> {
    if rest.value.kind().family().is_some() {
        store::delete_waits(&mut unit.tx, rest.id).await?;
    }
    match store::end_allocation(&mut unit.tx, rest, unit.now).await? {
        true => Ok(()),
        false => Err(IpamError::Raced.into()),
    }
}

async fn free_again(unit: &mut Unit, pool: &PoolRow, allocation: &Allocation) -> Result<()> {
    let seams = seams(unit, pool).await?;
    Ok(store::give_free(&mut unit.tx, pool, &seams, numbers_of(allocation)).await?)
}

/// The ranges that a pool is cut in pieces by, which only one is whose claims go on beside each other.
async fn seams(unit: &mut Unit, pool: &PoolRow) -> Result<Vec<Interval>> {
    match pool.is_parallel {
        true => Ok(pools::numbers(&store::ranges_of(&mut unit.tx, pool).await?)),
        false => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Value;
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn rested(released: i64, until: i64) -> Allocation {
        let value = Value::from(std::net::IpAddr::from([10, 0, 0, 1]));
        Allocation {
            id: AllocationId::from_uuid(uuid::Uuid::nil()),
            pool_id: PoolId::from_uuid(uuid::Uuid::nil()),
            value,
            last_value: value,
            device_id: None,
            holder: None,
            status: AllocationStatus::Quarantined,
            generation: 1,
            allocated_at: at(0),
            released_at: Some(at(released)),
            quarantined_until: Some(at(until)),
        }
    }

    #[test]
    fn a_rest_is_over_when_its_time_is_and_never_sooner_when_the_clock_is_set_back() {
        assert_eq!(end_of_rest(&rested(100, 160), at(159)), Rest::Goes(at(160)));
        assert_eq!(end_of_rest(&rested(100, 160), at(160)), Rest::Over);
        assert_eq!(end_of_rest(&rested(100, 160), at(100)), Rest::Goes(at(160)));
        let day = 86_400;
        assert_eq!(end_of_rest(&rested(100, 160), at(160 - day)), Rest::Goes(at(160)));
        assert_eq!(end_of_rest(&rested(100, 160), at(159 - day)), Rest::AnewFrom(at(159 - day + 60)));
    }

    #[test]
    fn it_is_time_to_look_when_it_comes_and_when_it_lies_too_far_ahead() {
        let day = 86_400;
        assert!(is_due(at(5), at(5)) && !is_due(at(6), at(5)));
        assert!(!is_due(at(day), at(0)) && is_due(at(day + 1), at(0)));
    }
}
