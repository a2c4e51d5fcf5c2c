//! Giving back, and what rests before anybody else gets it.

use std::time::Duration;

use super::error::IpamError;
use super::model::{Allocation, AllocationStatus};
use super::store::{self, Behind, PoolRow};
use crate::actor::{Authorized, Right, right};
use crate::error::Result;
use crate::events::Change;
use crate::id::{AllocationId, DeviceId, PoolId};
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
    let behind = behind(unit, &pool).await?;
    let now = unit.now;
    if pool.quarantine.is_zero() && behind.is_empty() {
        if !store::end_allocation(&mut unit.tx, allocation, now).await? {
            return Ok(());
        }
        free_again(unit, &pool, allocation).await?;
    } else {
        let until = now.saturating_add(pool.quarantine);
        if !store::quarantine_allocation(&mut unit.tx, authorized, allocation, until, now).await? {
            return Ok(());
        }
        store::insert_waits(
            &mut unit.tx,
            allocation.id,
            &behind.iter().map(|(one, _)| *one).collect::<Vec<_>>(),
        )
        .await?;
        let looks_at = behind.iter().map(|(_, expiry)| *expiry).fold(until, Timestamp::max);
        let looks_at = looks_at.min(now.saturating_add(LONGEST_LIFETIME));
        let looks_at = pool.reclaim_at.map_or(looks_at, |earlier| earlier.min(looks_at));
        store::set_reclaim_at(&mut unit.tx, pool.id, Some(looks_at)).await?;
    }
    let message = format!("{} was released", super::shown(allocation));
    unit.record(Change::AddressReleased(allocation.id), message).await
}

/// Whether what a pool's values are given up for has to rest.
pub(super) async fn is_resting(unit: &mut Unit, pool: &PoolRow) -> Result<bool> {
    Ok(!pool.quarantine.is_zero() || !behind(unit, pool).await?.is_empty())
}

/// The gateways that an address waits for, each with when it is not waited for any longer.
async fn behind(unit: &mut Unit, pool: &PoolRow) -> Result<Vec<(Behind, Timestamp)>> {
    if pool.kind.family().is_none() {
        return Ok(Vec::new());
    }
    let behind = store::gateways_behind(&mut unit.tx).await?;
    still_believing(unit, behind).await
}

/// Of these gateways those whose last state has not expired, each with when it will have.
async fn still_believing(unit: &mut Unit, behind: Vec<Behind>) -> Result<Vec<(Behind, Timestamp)>> {
    if behind.is_empty() {
        return Ok(Vec::new());
    }
    let lifetime = unit.settings().await?.seconds(&registry::STATE_LIFETIME)?;
    let now = unit.now;
    // A report from the future is of a clock that was set back since: it is believed no longer than from now.
    let expiry = |one: &Behind| one.heard_at.min(now).saturating_add(lifetime);
    Ok(behind.into_iter().map(|one| (one, expiry(&one))).filter(|(_, expiry)| *expiry > now).collect())
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
    let (mut ended, mut reclaimed) = (0, Reclaimed::All);
    let mut next: Option<Timestamp> = None;
    for allocation in store::resting(&mut unit.tx, (pool.id, pool.kind)).await? {
        let looks_at = match end_of_rest(&allocation, unit.now) {
            Rest::Goes(until) => until,
            Rest::AnewFrom(until) => {
                store::rest_until(&mut unit.tx, &allocation, (unit.now, until)).await?;
                until
            }
            Rest::Over if ended == most => {
                reclaimed = Reclaimed::Some;
                unit.now
            }
            Rest::Over => match waits_until(unit, pool, &allocation).await? {
                Some(expiry) => expiry,
                None => {
                    ended += 1;
                    end_rest(unit, pool, &allocation).await?;
                    continue;
                }
            },
        };
        next = Some(next.map_or(looks_at, |earlier| earlier.min(looks_at)));
    }
    // Never further ahead than a day, so that a moment that is tells of a clock that was set back.
    let next = next.map(|at| at.min(unit.now.saturating_add(LONGEST_LIFETIME)));
    store::set_reclaim_at(&mut unit.tx, pool.id, next).await?;
    Ok(reclaimed)
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

/// When the gateways that an allocation waits for are not waited for any longer; none when it waits for none.
async fn waits_until(unit: &mut Unit, pool: &PoolRow, allocation: &Allocation) -> Result<Option<Timestamp>> {
    if pool.kind.family().is_none() {
        return Ok(None);
    }
    let waits = store::waits_of(&mut unit.tx, allocation.id).await?;
    Ok(still_believing(unit, waits).await?.into_iter().map(|(_, expiry)| expiry).max())
}

/// Ends a rest: its value is free.
async fn end_rest(unit: &mut Unit, pool: &PoolRow, allocation: &Allocation) -> Result<()> {
    forget_rest(unit, pool, allocation).await?;
    free_again(unit, pool, allocation).await
}

/// Ends a rest without making its value free: its former holder takes it back.
pub(super) async fn forget_rest(unit: &mut Unit, pool: &PoolRow, allocation: &Allocation) -> Result<()> {
    if pool.kind.family().is_some() {
        store::delete_waits(&mut unit.tx, allocation.id).await?;
    }
    match store::end_allocation(&mut unit.tx, allocation, unit.now).await? {
        true => Ok(()),
        false => Err(IpamError::Raced.into()),
    }
}

async fn free_again(unit: &mut Unit, pool: &PoolRow, allocation: &Allocation) -> Result<()> {
    let given = (allocation.value.number(), allocation.last_value.number());
    let seams = match pool.is_parallel {
        true => store::ranges_of(&mut unit.tx, pool).await?.iter().map(|range| range.numbers()).collect(),
        false => Vec::new(),
    };
    Ok(store::give_free(&mut unit.tx, pool, &seams, given).await?)
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
