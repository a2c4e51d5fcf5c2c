//! Moving what a pool has to other values, each to the same place in the new range.

use super::error::IpamError;
use super::free;
use super::model::{
    Allocation, AllocationStatus, Move, Renumbering, Reservation, ReservedRange, checked_ranges,
};
use super::network::{self, Network};
use super::pools::{Reserved, covers, living_for_long, reserved, set_reservations};
use super::resting;
use super::seeing::{self, numbers_of};
use super::store::{self, PoolRow};
use super::value::{Value, ValueRange};
use crate::actor::right;
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::{AllocationId, PoolId};
use crate::unit::Unit;

pub(super) async fn preview(
    unit: &mut Unit,
    id: PoolId,
    from: ValueRange,
    to: ValueRange,
) -> Result<Renumbering> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    Ok(plan(unit, &pool, from, to).await?.renumbering)
}

/// Moves everything that a range of a pool has.
pub(super) async fn renumber(
    unit: &mut Unit,
    id: PoolId,
    from: ValueRange,
    to: ValueRange,
) -> Result<Renumbering> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    store::find_pool(&mut unit.tx, &authorized, id).await?;
    let pool = store::lock_pool(&mut unit.tx, id).await?;
    resting::reclaim_all(unit, &pool).await?;
    let Plan { renumbering, old, reserved, network, name } = plan(unit, &pool, from, to).await?;
    let place = (pool.scope.as_str(), pool.kind);
    if let Some((range, name)) = store::overlapping(&mut unit.tx, place, &[to], &[id]).await? {
        return Err(IpamError::Overlap { field: "new_range", range: range.to_string(), name }.into());
    }
    resting::refuse_vacated(unit, place, ("new_range", &[to])).await?;
    let mut ranges = store::ranges_of(&mut unit.tx, &pool).await?;
    ranges.retain(|range| *range != from);
    ranges.push(to);
    ranges.sort_unstable();
    store::set_ranges(&mut unit.tx, id, &ranges).await?;
    set_reservations(unit, id, &old, reserved).await?;
    // Before anything begins to rest, for what rests waits for what the gateway is to have from now on.
    if let Some(network) = &network {
        network::store(unit, &pool, &name, network).await?;
    }
    move_all(unit, &pool, &renumbering).await?;
    seeing::rebuild_locked(unit, &authorized, &pool).await?;
    let message = format!("{from} of pool {} became {to}: {} moved", pool.name, renumbering.moves.len());
    unit.record(Change::PoolRenumbered(id), message).await?;
    Ok(renumbering)
}

/// Ends each life and begins another at the new place. All end before the first begins, as the ranges may overlap.
async fn move_all(unit: &mut Unit, pool: &PoolRow, plan: &Renumbering) -> Result<()> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    for Move { allocation, .. } in &plan.moves {
        if !store::end_allocation(&mut unit.tx, allocation, unit.now).await? {
            return Err(IpamError::Raced.into());
        }
    }
    let vacated: Vec<_> = plan.moves.iter().map(|one| one.allocation.clone()).collect();
    resting::rest_elsewhere(unit, &authorized, (pool, plan.old_range), &vacated).await?;
    for Move { allocation, new_value: to } in &plan.moves {
        let span = allocation.last_value.number() - allocation.value.number();
        let moved = Allocation {
            id: AllocationId::from_uuid(unit.new_uuid()?),
            value: *to,
            last_value: Value::of_number(pool.kind, to.number() + span),
            generation: pool.revision,
            allocated_at: unit.now,
            ..allocation.clone()
        };
        let key = store::sticky_key_of(&mut unit.tx, allocation).await?;
        let rows = std::slice::from_ref(&moved);
        store::insert_allocations(&mut unit.tx, &authorized, pool, rows, key.as_deref()).await?;
        if let (Some(gateway), Some(device), Some(address)) = (pool.gateway, moved.device_id, to.address()) {
            store::move_peer(&mut unit.tx, (gateway, device), address, unit.now).await?;
        }
    }
    Ok(())
}

struct Plan {
    renumbering: Renumbering,
    /// What is reserved in the range that moves.
    old: Vec<Reservation>,
    reserved: Vec<Reserved>,
    /// What would become of the gateway whose pool it is.
    network: Option<Network>,
    /// How the pool is called if it was not given another name.
    name: String,
}

async fn plan(unit: &mut Unit, pool: &PoolRow, from: ValueRange, to: ValueRange) -> Result<Plan> {
    if pool.parent.is_some() || !store::children_of(&mut unit.tx, pool.id).await?.is_empty() {
        let in_use = "it is a part of another pool, or has parts";
        return Err(IpamError::PoolInUse { name: pool.name.clone(), in_use }.into());
    }
    let ranges = store::ranges_of(&mut unit.tx, pool).await?;
    if !ranges.contains(&from) {
        let range = from.to_string();
        return Err(IpamError::NotInPool { field: "old_range", range, pool: pool.name.clone() }.into());
    }
    let others: Vec<_> = ranges.into_iter().filter(|range| *range != from).chain([to]).collect();
    checked_ranges(pool.kind, &others).map_err(|refused| Error::invalid("new_range", refused.to_string()))?;
    if to.count() < from.count() {
        return Err(Error::invalid("new_range", format!("{to} has fewer than {from}")));
    }
    if is_meeting(&from, &to) && resting::is_resting(unit, pool).await? {
        let why = "meets the old range, and what is given up there must rest before anybody else has it";
        return Err(Error::invalid("new_range", format!("{to} {why}")));
    }
    let moved = |value: Value| {
        let offset = value.number() - from.first().number();
        Value::of_number(pool.kind, to.first().number() + offset)
    };
    let network = Network::of(unit, pool).await?;
    let name = network.as_ref().map_or_else(String::new, Network::pool_name);
    let network = network.map(|network| network.moved("new_range", &from, &to)).transpose()?;
    let own = network.as_ref().map(|network| network.reserved(&to)).unwrap_or_default();
    let (mut old, mut asked) = (Vec::new(), Vec::new());
    for one in store::reservations_of(&mut unit.tx, (pool.id, pool.kind)).await? {
        refuse_across(&from, &one.range, &one.range)?;
        if covers(&from, &one.range) {
            let range = ValueRange::new(moved(one.range.first()), moved(one.range.last()))?;
            asked.extend((!one.is_builtin).then(|| Reserved::again(&one, range)));
            old.push(one);
        }
    }
    let reserved = reserved(&[to], &own, asked);
    let never: Vec<_> = reserved.iter().map(|one| one.range.numbers()).collect();
    let mut moves = Vec::new();
    for allocation in living_for_long(unit, pool).await? {
        let (first, last) = numbers_of(&allocation);
        refuse_across(&from, &ValueRange::of_numbers(pool.kind, (first, last)), &super::shown(&allocation))?;
        if !from.contains(allocation.value) {
            continue;
        }
        if allocation.status == AllocationStatus::Quarantined {
            let in_use = "something of it rests, which cannot be moved";
            return Err(IpamError::PoolInUse { name: pool.name.clone(), in_use }.into());
        }
        let to = moved(allocation.value);
        // All of it is in the old range, and the new one is as large.
        let span = last - first;
        let numbers = (to.number(), to.number() + span);
        if to.number() & span != 0 {
            let what = super::shown(&allocation);
            return Err(Error::invalid(
                "new_range",
                format!("{what} would begin at {to}, which is no place for a block"),
            ));
        }
        if free::without(vec![numbers], never.clone()) != [numbers] {
            return Err(Error::invalid(
                "new_range",
                format!("{} would become {to}, which is reserved there", super::shown(&allocation)),
            ));
        }
        moves.push(Move { allocation, new_value: to });
    }
    let reservations = reserved.iter().map(|one| (one.range, one.reason.clone()));
    let reservations = reservations.map(|(range, reason)| ReservedRange { range, reason }).collect();
    let renumbering = Renumbering { old_range: from, new_range: to, moves, reservations };
    Ok(Plan { renumbering, old, reserved, network, name })
}

fn is_meeting(one: &ValueRange, other: &ValueRange) -> bool {
    one.first().number() <= other.last().number() && other.first().number() <= one.last().number()
}

/// Refuses what lies partly in the range that is to move: a half of it would stay behind.
fn refuse_across(from: &ValueRange, held: &ValueRange, what: &dyn std::fmt::Display) -> Result<()> {
    match is_meeting(from, held) && !covers(from, held) {
        true => {
            Err(Error::invalid("old_range", format!("{what} lies partly in {from} and partly beside it")))
        }
        false => Ok(()),
    }
}
