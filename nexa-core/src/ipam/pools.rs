//! Pools: what they cover, what is kept out of them, and how both change.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::claiming::{self, locks, take};
use super::error::IpamError;
use super::free;
use super::model::{
    Allocation, CheckedPool, Pool, PoolChange, Reservation, Resize, Strategy, checked_quarantine,
    checked_ranges, checked_reason,
};
use super::network::{self, Network};
use super::seeing;
use super::space::Interval;
use super::store::{self, PoolRow};
use super::value::{PoolKind, ValueRange};
use crate::actor::{Authorized, Right, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::{GatewayId, PoolId, ReservationId};
use crate::name::Name;
use crate::net::Cidr;
use crate::page::{Page, PageRequest};
use crate::runtime::Timestamp;
use crate::unit::Unit;

/// How much of what is in the way is listed.
const MAX_LISTED: usize = 1_000;

pub(super) async fn create(unit: &mut Unit, pool: &CheckedPool) -> Result<Pool> {
    let authorized = unit.authorize::<right::PoolsCreate>()?;
    authorized.unowned()?;
    match pool.parent {
        Some(parent) => insert_child(unit, &authorized, pool, parent).await,
        None => insert(unit, &authorized, pool, "ranges", &[]).await,
    }
}

/// Creates the pool of one family of a gateway: its addresses without the gateway's own and its DNS servers'.
pub(crate) async fn create_gateway_pool<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    (gateway, gateway_name): (GatewayId, &str),
    cidr: Cidr,
    own: &[(IpAddr, &'static str)],
) -> Result<Pool> {
    let inside = own.iter().filter(|(address, _)| cidr.contains(*address));
    let reserved =
        inside.map(|(address, why)| (super::Value::from(*address).into(), (*why).to_owned())).collect();
    let pool = CheckedPool {
        name: Name::derived(&network::pool_name(gateway_name, &cidr)),
        kind: PoolKind::of(cidr.family()),
        scope: String::new(),
        ranges: vec![cidr.into()],
        parent: None,
        block: None,
        gateway: Some(gateway),
        reserved,
        strategy: Strategy::Lowest,
        quarantine: std::time::Duration::ZERO,
        is_parallel: false,
    };
    insert(unit, authorized, &pool, "vpn_cidr", &[]).await
}

/// Cuts a pool out of what is free in another one.
async fn insert_child<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    new: &CheckedPool,
    parent: PoolId,
) -> Result<Pool> {
    let found = store::find_pool(&mut unit.tx, authorized, parent).await;
    found.map_err(|refused| {
        if refused.kind() == crate::ErrorKind::NotFound {
            IpamError::NoParent(parent).into()
        } else {
            refused
        }
    })?;
    let parent = store::lock_pool(&mut unit.tx, parent).await?;
    if parent.kind != new.kind {
        return Err(Error::invalid("parent", format!("has kind {}, not {}", parent.kind, new.kind)));
    }
    if !new.scope.is_empty() && new.scope != parent.scope {
        return Err(Error::invalid("scope", "is another than the parent's"));
    }
    super::resting::reclaim_all(unit, &parent).await?;
    let ranges = match new.block {
        Some(prefix_len) => vec![block_of(unit, &parent, prefix_len).await?],
        None => new.ranges.clone(),
    };
    lend_builtin(unit, &parent, &ranges).await?;
    for range in &ranges {
        take(unit, &parent, range.numbers(), "ranges").await?;
    }
    let pool = CheckedPool {
        name: new.name.clone(),
        scope: parent.scope.clone(),
        parent: Some(parent.id),
        reserved: new.reserved.clone(),
        ranges,
        gateway: None,
        block: None,
        ..*new
    };
    for (range, _) in &pool.reserved {
        if !pool.ranges.iter().any(|whole| covers(whole, range)) {
            return Err(Error::invalid("reserve", format!("{range} is outside the pool")));
        }
    }
    let ancestors = ancestors(unit, authorized, &parent).await?;
    insert(unit, authorized, &pool, "ranges", &ancestors).await
}

/// Leaves to a part what is built in in both.
async fn lend_builtin(unit: &mut Unit, parent: &PoolRow, part: &[ValueRange]) -> Result<()> {
    let whole = store::ranges_of(&mut unit.tx, parent).await?;
    let both: Vec<_> =
        free::builtin_in_both(&whole, part).into_iter().map(|(range, _)| range.numbers()).collect();
    if both.is_empty() {
        return Ok(());
    }
    for one in store::reservations_of(&mut unit.tx, (parent.id, parent.kind)).await? {
        if one.is_builtin && both.contains(&one.range.numbers()) {
            store::delete_reservation(&mut unit.tx, one.id).await?;
            store::give_free(&mut unit.tx, parent, &numbers(&whole), one.range.numbers()).await?;
        }
    }
    Ok(())
}

/// Reserves again what is built in and was left to a part that has it no more.
async fn take_builtin_back(
    unit: &mut Unit,
    parent: &PoolRow,
    lost: Vec<(ValueRange, &'static str)>,
) -> Result<()> {
    let mut back = Vec::new();
    for (range, reason) in lost {
        take(unit, parent, range.numbers(), "ranges").await?;
        back.push(Reserved { is_builtin: true, ..Reserved::asked(&(range, reason.to_owned())) });
    }
    set_reservations(unit, parent.id, &[], back).await
}

async fn block_of(unit: &mut Unit, parent: &PoolRow, prefix_len: u8) -> Result<ValueRange> {
    let Some(bits) = parent.kind.bits().checked_sub(prefix_len) else {
        let most = parent.kind.bits();
        return Err(Error::invalid("prefix_len", format!("{prefix_len} is more than {most}")));
    };
    let block = claiming::find_block(unit, parent, bits).await?;
    let prefix = parent.kind.family().map(|_| prefix_len);
    Ok(ValueRange::of_numbers(parent.kind, block).with_prefix(prefix))
}

/// A pool and all that it is a part of.
async fn ancestors<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &PoolRow,
) -> Result<Vec<PoolId>> {
    let mut found = vec![pool.id];
    let mut next = pool.parent;
    while let Some(id) = next.filter(|id| !found.contains(id)) {
        found.push(id);
        next = store::find_pool(&mut unit.tx, authorized, id).await?.parent;
    }
    Ok(found)
}

/// All the parts of a pool, and theirs.
async fn descendants(unit: &mut Unit, pool: PoolId) -> Result<Vec<PoolId>> {
    let mut found = BTreeSet::new();
    let mut next = vec![pool];
    while let Some(id) = next.pop() {
        for child in store::children_of(&mut unit.tx, id).await? {
            if found.insert(child.id) {
                next.push(child.id);
            }
        }
    }
    Ok(found.into_iter().collect())
}

async fn insert<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &CheckedPool,
    field: &'static str,
    related: &[PoolId],
) -> Result<Pool> {
    // What is kept out of a gateway's pool is its own and its DNS servers', which no call may take back.
    let (own, asked) = match pool.gateway {
        Some(_) => (pool.reserved.as_slice(), Default::default()),
        None => (Default::default(), pool.reserved.as_slice()),
    };
    let reserved = reserved(&pool.ranges, own, asked.iter().map(Reserved::asked).collect());
    let whole: Vec<_> = pool.ranges.iter().map(ValueRange::numbers).collect();
    let mut free = free::without(whole.clone(), reserved.iter().map(|one| one.range.numbers()).collect());
    if free.is_empty() {
        return Err(IpamError::NothingAssignable { field, ranges: super::shown_ranges(&pool.ranges) }.into());
    }
    let place = (pool.scope.as_str(), pool.kind);
    if let Some((range, name)) = store::overlapping(&mut unit.tx, place, &pool.ranges, related).await? {
        return Err(IpamError::Overlap { field, range: range.to_string(), name }.into());
    }
    super::resting::refuse_vacated(unit, place, (field, &pool.ranges)).await?;
    let id = PoolId::from_uuid(unit.new_uuid()?);
    store::insert_pool(&mut unit.tx, authorized, id, pool, unit.now).await?;
    store::set_ranges(&mut unit.tx, id, &pool.ranges).await?;
    set_reservations(unit, id, &[], reserved).await?;
    if pool.is_parallel {
        free = free::cut_in_pieces(free, &whole);
    }
    store::insert_free(&mut unit.tx, (id, pool.kind), &free).await?;
    let message = format!("pool {} of {} was created", pool.name.text, super::shown_ranges(&pool.ranges));
    unit.record(Change::PoolCreated(id), message).await?;
    store::get_pool(&mut unit.tx, authorized, id).await
}

/// A range that is kept out of a pool, and why.
#[derive(Clone)]
pub(super) struct Reserved {
    pub(super) range: ValueRange,
    pub(super) reason: String,
    /// Whether that follows from what the pool is.
    is_builtin: bool,
    /// The reservation that it is already, and since when.
    origin: Option<(ReservationId, Timestamp)>,
}

impl Reserved {
    fn asked((range, reason): &(ValueRange, String)) -> Self {
        Reserved { range: *range, reason: reason.clone(), is_builtin: false, origin: None }
    }

    /// What becomes of a reservation.
    pub(super) fn again(old: &Reservation, range: ValueRange) -> Self {
        Reserved {
            range,
            reason: old.reason.clone(),
            is_builtin: old.is_builtin,
            origin: Some((old.id, old.created_at)),
        }
    }

    fn is(&self, old: &Reservation) -> bool {
        let is_it = self.origin.map_or(self.is_builtin, |(id, _)| id == old.id);
        is_it && self.range == old.range && self.reason == old.reason && self.is_builtin == old.is_builtin
    }
}

/// What is never handed out of these ranges, each value once: what is built in, what is a gateway's, then what was asked for.
pub(super) fn reserved(
    ranges: &[ValueRange],
    own: &[(ValueRange, String)],
    asked: Vec<Reserved>,
) -> Vec<Reserved> {
    let builtin = free::builtin_in(ranges).into_iter().map(|(range, why)| (range, why.to_owned()));
    let own = builtin.chain(own.iter().cloned());
    let own = own.map(|own| Reserved { is_builtin: true, ..Reserved::asked(&own) });
    let (mut reserved, mut taken): (Vec<Reserved>, Vec<Interval>) = (Vec::new(), Vec::new());
    for one in own.chain(asked) {
        let numbers = one.range.numbers();
        let rests = free::without(vec![numbers], taken.clone());
        taken = free::joined(taken.into_iter().chain([numbers]).collect());
        for (at, rest) in rests.into_iter().enumerate() {
            // The first part stays what the whole was.
            let origin = one.origin.filter(|_| at == 0);
            reserved.push(Reserved {
                range: ValueRange::of_numbers(one.range.kind(), rest),
                origin,
                ..one.clone()
            });
        }
    }
    reserved
}

/// Puts what is reserved in the place of what was, of which what is the same stays as it is.
pub(super) async fn set_reservations(
    unit: &mut Unit,
    pool: PoolId,
    old: &[Reservation],
    new: Vec<Reserved>,
) -> Result<()> {
    for gone in old.iter().filter(|old| !new.iter().any(|new| new.is(old))) {
        store::delete_reservation(&mut unit.tx, gone.id).await?;
    }
    for new in new.into_iter().filter(|new| !old.iter().any(|old| new.is(old))) {
        let Reserved { range, reason, is_builtin, origin } = new;
        let (id, created_at) = match origin {
            Some(origin) => origin,
            None => (ReservationId::from_uuid(unit.new_uuid()?), unit.now),
        };
        let reservation = Reservation { id, pool_id: pool, range, reason, is_builtin, created_at };
        store::insert_reservation(&mut unit.tx, &reservation).await?;
    }
    Ok(())
}

pub(super) async fn get(unit: &mut Unit, id: PoolId) -> Result<Pool> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    store::get_pool(&mut unit.tx, &authorized, id).await
}

pub(super) async fn list(unit: &mut Unit, page: &PageRequest) -> Result<Page<Pool>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let limit = page.checked_limit()?;
    let pools = store::list_pools(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(pools, limit, |pool| pool.id.as_uuid()))
}

pub(super) async fn change(unit: &mut Unit, id: PoolId, change: &PoolChange) -> Result<Pool> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    store::find_pool(&mut unit.tx, &authorized, id).await?;
    let mut pool = store::lock_pool(&mut unit.tx, id).await?;
    let name = change.name.as_deref().map(|name| Name::parse("name", name)).transpose()?;
    if let Some(name) = &name {
        pool.name.clone_from(&name.text);
    }
    pool.strategy = change.strategy.unwrap_or(pool.strategy);
    pool.quarantine = checked_quarantine(change.quarantine.unwrap_or(pool.quarantine))?;
    let mode = change.is_parallel.filter(|is_parallel| *is_parallel != pool.is_parallel);
    pool.is_parallel = mode.unwrap_or(pool.is_parallel);
    store::update_pool(&mut unit.tx, &authorized, &pool, name.map(|name| name.key), unit.now).await?;
    if mode.is_some() {
        // Until now claims may have gone on beside each other: each of their ranges is waited for.
        let waits = PoolRow { is_parallel: true, ..pool.clone() };
        store::all_free(&mut unit.tx, (id, pool.kind), locks(&waits)).await?;
        seeing::rebuild_locked(unit, &authorized, &pool).await?;
    }
    unit.record(Change::PoolChanged(id), format!("pool {} was changed", pool.name)).await?;
    store::get_pool(&mut unit.tx, &authorized, id).await
}

pub(super) async fn delete(unit: &mut Unit, id: PoolId) -> Result<()> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    let found = store::find_pool(&mut unit.tx, &authorized, id).await?;
    // A parent before its part, as whoever makes one does.
    let parent = match found.parent {
        Some(parent) => Some(store::lock_pool(&mut unit.tx, parent).await?),
        None => None,
    };
    let pool = store::lock_pool(&mut unit.tx, id).await?;
    if pool.gateway.is_some() {
        return Err(IpamError::GatewaysPool(pool.name).into());
    }
    super::resting::reclaim_all(unit, &pool).await?;
    if let Some(in_use) = in_use(unit, &pool).await? {
        return Err(IpamError::PoolInUse { name: pool.name, in_use }.into());
    }
    store::end_pool(&mut unit.tx, &authorized, id, unit.now).await?;
    if let Some(parent) = parent {
        let seams = numbers(&store::ranges_of(&mut unit.tx, &parent).await?);
        let ranges = store::ranges_of(&mut unit.tx, &pool).await?;
        for range in &ranges {
            store::give_free(&mut unit.tx, &parent, &seams, range.numbers()).await?;
        }
        let whole = store::ranges_of(&mut unit.tx, &parent).await?;
        take_builtin_back(unit, &parent, free::builtin_in_both(&whole, &ranges)).await?;
    }
    store::clear_free(&mut unit.tx, id).await?;
    unit.record(Change::PoolDeleted(id), format!("pool {} was deleted", pool.name)).await
}

/// What keeps a pool from being deleted.
async fn in_use(unit: &mut Unit, pool: &PoolRow) -> Result<Option<&'static str>> {
    if !store::children_of(&mut unit.tx, pool.id).await?.is_empty() {
        return Ok(Some("another pool is a part of it"));
    }
    let has_living = store::has_living(&mut unit.tx, pool).await?;
    Ok(has_living.then_some("something of it is allocated or rests"))
}

pub(super) async fn reserve(
    unit: &mut Unit,
    id: PoolId,
    range: ValueRange,
    reason: &str,
) -> Result<Reservation> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    store::find_pool(&mut unit.tx, &authorized, id).await?;
    let reason = checked_reason(reason)?;
    let pool = store::lock_pool(&mut unit.tx, id).await?;
    if range.kind() != pool.kind {
        return Err(Error::invalid("range", format!("{range} is no range of kind {}", pool.kind)));
    }
    super::resting::reclaim_all(unit, &pool).await?;
    take(unit, &pool, range.numbers(), "range").await?;
    let reservation = Reservation {
        id: ReservationId::from_uuid(unit.new_uuid()?),
        pool_id: id,
        range: range.with_prefix(None),
        reason,
        is_builtin: false,
        created_at: unit.now,
    };
    store::insert_reservation(&mut unit.tx, &reservation).await?;
    let message = format!("{range} of {} was reserved: {}", pool.name, reservation.reason);
    unit.record(Change::PoolReserved(reservation.id), message).await?;
    Ok(reservation)
}

pub(super) async fn unreserve(unit: &mut Unit, id: ReservationId) -> Result<()> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    let found = store::pool_of_reservation(&mut unit.tx, id).await?.ok_or(IpamError::NoReservation(id))?;
    store::find_pool(&mut unit.tx, &authorized, found).await?;
    let pool = store::lock_pool(&mut unit.tx, found).await?;
    let all = store::reservations_of(&mut unit.tx, (pool.id, pool.kind)).await?;
    let reservation = all.into_iter().find(|one| one.id == id).ok_or(IpamError::NoReservation(id))?;
    if reservation.is_builtin {
        return Err(IpamError::BuiltinReservation(reservation.range.to_string()).into());
    }
    store::delete_reservation(&mut unit.tx, id).await?;
    let seams = numbers(&store::ranges_of(&mut unit.tx, &pool).await?);
    store::give_free(&mut unit.tx, &pool, &seams, reservation.range.numbers()).await?;
    unit.record(
        Change::PoolUnreserved(id),
        format!("{} of {} is reserved no more", reservation.range, pool.name),
    )
    .await
}

pub(super) async fn list_reservations(
    unit: &mut Unit,
    id: PoolId,
    page: &PageRequest,
) -> Result<Page<Reservation>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    let limit = page.checked_limit()?;
    let rows =
        store::list_reservations(&mut unit.tx, &authorized, &pool, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(rows, limit, |reservation| reservation.id.as_uuid()))
}

pub(super) async fn preview_resize(unit: &mut Unit, id: PoolId, ranges: &[ValueRange]) -> Result<Resize> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::find_pool(&mut unit.tx, &authorized, id).await?;
    Ok(plan_resize(unit, &pool, ranges).await?.resize)
}

/// Gives a pool other ranges, if nothing that is in use lies outside them.
pub(super) async fn resize(unit: &mut Unit, id: PoolId, ranges: &[ValueRange]) -> Result<Resize> {
    let authorized = unit.authorize::<right::PoolsChange>()?;
    let found = store::find_pool(&mut unit.tx, &authorized, id).await?;
    let parent = match found.parent {
        Some(parent) => Some(store::lock_pool(&mut unit.tx, parent).await?),
        None => None,
    };
    let pool = store::lock_pool(&mut unit.tx, id).await?;
    // What rests in the parent may be what the part grows into.
    if let Some(parent) = &parent {
        super::resting::reclaim_all(unit, parent).await?;
    }
    super::resting::reclaim_all(unit, &pool).await?;
    let ResizePlan { resize, old, reserved, network, name } = plan_resize(unit, &pool, ranges).await?;
    let in_the_way = resize.outside_count.saturating_add(resize.children.len() as u64);
    if in_the_way > 0 {
        return Err(IpamError::OutsideInUse { count: in_the_way }.into());
    }
    let mut related = ancestors(unit, &authorized, &pool).await?;
    related.extend(descendants(unit, id).await?);
    let place = (pool.scope.as_str(), pool.kind);
    if let Some((range, name)) = store::overlapping(&mut unit.tx, place, ranges, &related).await? {
        return Err(IpamError::Overlap { field: "ranges", range: range.to_string(), name }.into());
    }
    super::resting::refuse_vacated(unit, place, ("ranges", ranges)).await?;
    let before = store::ranges_of(&mut unit.tx, &pool).await?;
    if let Some(parent) = parent {
        exchange_with(unit, &parent, &before, ranges).await?;
    }
    store::set_ranges(&mut unit.tx, id, ranges).await?;
    set_reservations(unit, id, &old, reserved).await?;
    seeing::rebuild_locked(unit, &authorized, &pool).await?;
    if let Some(network) = &network {
        network::store(unit, &pool, &name, network).await?;
    }
    let message = format!("pool {} covers {} now", pool.name, super::shown_ranges(ranges));
    unit.record(Change::PoolResized(id), message).await?;
    Ok(resize)
}

/// Takes out of a parent what its part gains, and gives back what that loses.
async fn exchange_with(
    unit: &mut Unit,
    parent: &PoolRow,
    before: &[ValueRange],
    after: &[ValueRange],
) -> Result<()> {
    let whole = store::ranges_of(&mut unit.tx, parent).await?;
    let both = free::builtin_in_both(&whole, after);
    for (range, reason) in free::builtin_in(&whole) {
        // What it would go on to have and hand out.
        if after.iter().any(|part| covers(part, &range)) && !both.iter().any(|(kept, _)| *kept == range) {
            let (range, reason) = (range.to_string(), reason.to_owned());
            return Err(IpamError::Reserved { field: "ranges", range, reason }.into());
        }
    }
    lend_builtin(unit, parent, after).await?;
    for gained in free::without(numbers(after), numbers(before)) {
        take(unit, parent, gained, "ranges").await?;
    }
    for lost in free::without(numbers(before), numbers(after)) {
        store::give_free(&mut unit.tx, parent, &numbers(&whole), lost).await?;
    }
    let mut lost = free::builtin_in_both(&whole, before);
    lost.retain(|one| !both.contains(one));
    take_builtin_back(unit, parent, lost).await
}

/// What other ranges would mean for a pool.
struct ResizePlan {
    resize: Resize,
    /// What is reserved.
    old: Vec<Reservation>,
    /// What would be reserved of them.
    reserved: Vec<Reserved>,
    /// What would become of the gateway whose pool it is.
    network: Option<Network>,
    /// How the pool is called if it was not given another name.
    name: String,
}

async fn plan_resize(unit: &mut Unit, pool: &PoolRow, ranges: &[ValueRange]) -> Result<ResizePlan> {
    if ranges.is_empty() {
        return Err(Error::invalid("ranges", "is missing"));
    }
    checked_ranges(pool.kind, ranges)?;
    let network = Network::of(unit, pool).await?;
    let name = network.as_ref().map_or_else(String::new, Network::pool_name);
    let (network, own) = match (network, ranges) {
        (Some(network), [range]) => {
            let network = network.over("ranges", range)?;
            let own = network.reserved(range);
            (Some(network), own)
        }
        (Some(_), _) => return Err(Error::invalid("ranges", "are several, where a gateway has one prefix")),
        (None, _) => (None, Vec::new()),
    };
    let place = (pool.id, pool.kind);
    let old = store::reservations_of(&mut unit.tx, place).await?;
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for one in old.iter().filter(|one| !one.is_builtin) {
        let inside = free::within(one.range.numbers(), numbers(ranges));
        if inside.is_empty() {
            gone.push(one.clone());
        }
        kept.extend(
            inside.into_iter().map(|part| Reserved::again(one, ValueRange::of_numbers(pool.kind, part))),
        );
    }
    let children = store::children_of(&mut unit.tx, pool.id).await?;
    let mut reserved = reserved(ranges, &own, kept);
    // What is left to a part stays so.
    let lent = children.iter().flat_map(|child| free::builtin_in_both(ranges, &child.ranges));
    let lent: Vec<_> = lent.map(|(range, _)| range.numbers()).collect();
    reserved.retain(|one| !(one.is_builtin && lent.contains(&one.range.numbers())));
    let never: Vec<_> = reserved.iter().map(|one| one.range.numbers()).collect();
    let assignable = free::without(numbers(ranges), never.clone());
    if assignable.is_empty() {
        return Err(
            IpamError::NothingAssignable { field: "ranges", ranges: super::shown_ranges(ranges) }.into()
        );
    }
    let before = {
        let ranges = numbers(&store::ranges_of(&mut unit.tx, pool).await?);
        free::without(ranges, old.iter().map(|one| one.range.numbers()).collect())
    };
    let is_inside = |numbers: Interval| free::without(vec![numbers], assignable.clone()).is_empty();
    let living = living_for_long(unit, pool).await?;
    let outside: Vec<_> = living.into_iter().filter(|one| !is_inside(seeing::numbers_of(one))).collect();
    let leaves = |child: &Pool| child.ranges.iter().any(|range| !is_inside(range.numbers()));
    let count = |of: &[Interval], others: &[Interval]| {
        free::count(&free::without(of.to_vec(), others.to_vec())).saturating_u128()
    };
    let resize = Resize {
        ranges: ranges.to_vec(),
        gained: count(&assignable, &before),
        lost: count(&before, &assignable),
        outside_count: outside.len() as u64,
        outside: outside.into_iter().take(MAX_LISTED).collect(),
        reservations: gone,
        children: children.into_iter().filter(leaves).map(|child| child.id).collect(),
    };
    Ok(ResizePlan { resize, old, reserved, network, name })
}

/// What of a pool is in use or rests, without what has rested enough: a change ends that first.
pub(super) async fn living_for_long(unit: &mut Unit, pool: &PoolRow) -> Result<Vec<Allocation>> {
    let over: BTreeSet<_> =
        super::resting::already_over(unit, pool).await?.into_iter().map(|one| one.id).collect();
    let mut living = store::living(&mut unit.tx, (pool.id, pool.kind)).await?;
    living.retain(|one| !over.contains(&one.id));
    Ok(living)
}

pub(super) fn numbers(ranges: &[ValueRange]) -> Vec<Interval> {
    ranges.iter().map(ValueRange::numbers).collect()
}

/// Whether a range has all of another.
pub(super) fn covers(whole: &ValueRange, part: &ValueRange) -> bool {
    whole.contains(part.first()) && whole.contains(part.last())
}
