use std::collections::{BTreeMap, BTreeSet};

use super::document::{ImportFormat, ImportReport, PoolEntry, Read, What};
use super::plan::{Action, Known, Names, Plan, plan};
use super::{MAX_TEXT, json, leases, table};
use crate::actor::{Authorized, Right, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::PoolId;
use crate::ipam::error::IpamError;
use crate::ipam::model::{Allocation, AllocationStatus, Claim, NewPool, Pool, checked_scope};
use crate::ipam::seeing::numbers_of;
use crate::ipam::space::Intervals;
use crate::ipam::store::{self, Locks};
use crate::ipam::value::ValueRange;
use crate::ipam::{claiming, free, pools, resting};
use crate::name::Name;
use crate::runtime::Timestamp;
use crate::unit::Unit;

/// What an import would do.
pub(in crate::ipam) async fn check(
    unit: &mut Unit,
    scope: &str,
    (format, text): (ImportFormat, &str),
) -> Result<ImportReport> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    checked_scope(scope)?;
    Ok(prepare(unit, &authorized, scope, (format, text)).await?.report)
}

/// Does it, if nothing is in the way.
pub(in crate::ipam) async fn import(
    unit: &mut Unit,
    scope: &str,
    (format, text): (ImportFormat, &str),
) -> Result<ImportReport> {
    let authorized = unit.authorize::<right::PoolsCreate>()?;
    checked_scope(scope)?;
    let Plan { pools: known, actions, report, .. } =
        prepare(unit, &authorized, scope, (format, text)).await?;
    if let Some(first) = report.conflicts.first() {
        let (count, line) = (report.conflict_count, first.line);
        return Err(IpamError::ImportConflicts { count, line, message: first.message.clone() }.into());
    }
    let mut ids: Vec<Option<PoolId>> = known.iter().map(|known| known.id).collect();
    for action in actions {
        match action {
            Action::Create { pool, new: entry, parent } => {
                let kind = entry.ranges.first().map(ValueRange::kind).ok_or(IpamError::Raced)?;
                let new = NewPool::of(entry.name, kind).scope(scope).strategy(entry.strategy);
                let new = if entry.is_parallel { new.parallel() } else { new };
                let mut new = entry.ranges.into_iter().fold(new.quarantine(entry.quarantine), NewPool::range);
                if let Some(parent) = parent {
                    new = new.parent(made(&ids, parent)?);
                }
                let created = pools::create(unit, &new.checked()?).await?;
                if let Some(id) = ids.get_mut(pool) {
                    *id = Some(created.id);
                }
            }
            Action::Reserve { pool, range, reason } => {
                pools::reserve(unit, made(&ids, pool)?, range, &reason).await?;
            }
            Action::Claim { pool, range, holder } => {
                let claim = Claim::new().specific(range.first()).block(range.block_len());
                let claim = holder.into_iter().fold(claim, Claim::holder);
                claiming::claim_with(unit, made(&ids, pool)?, &claim).await?;
            }
        }
    }
    let message = format!(
        "{} pools, {} reservations and {} addresses were imported",
        report.pools, report.reservations, report.addresses
    );
    let run = unit.new_uuid()?;
    unit.record(Change::PoolsImported(run), message).await?;
    Ok(report)
}

/// The id of a pool that is there by now: a plan names none before it is made.
fn made(ids: &[Option<PoolId>], pool: usize) -> Result<PoolId> {
    ids.get(pool).copied().flatten().ok_or_else(|| IpamError::Raced.into())
}

async fn prepare<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    scope: &str,
    (format, text): (ImportFormat, &str),
) -> Result<Plan> {
    let Read { entries, report } = read(format, text, unit.now)?;
    let (mut known, mut names) = (Vec::new(), Names { scope: scope.to_owned(), ..Names::default() });
    for pool in store::every_pool(&mut unit.tx, authorized).await? {
        names.taken.insert(Name::derived(&pool.name).key, pool.scope == scope);
        if pool.scope == scope {
            known.push(load(unit, authorized, pool).await?);
        }
    }
    Ok(plan(known, names, entries, report))
}

fn read(format: ImportFormat, text: &str, now: Timestamp) -> Result<Read> {
    if text.len() > MAX_TEXT {
        return Err(Error::invalid("text", format!("is longer than {} MiB", MAX_TEXT >> 20)));
    }
    Ok(match format {
        ImportFormat::Csv => table::read(text),
        ImportFormat::NetboxJson => json::read(text),
        ImportFormat::DnsmasqLeases => leases::read(text, now),
    })
}

/// Who has something, as a text names them: a device by its id.
fn holder_of(allocation: &Allocation) -> Option<String> {
    allocation.holder.clone().or_else(|| allocation.device_id.map(|device| format!("device {device}")))
}

async fn load<P: Right>(unit: &mut Unit, authorized: &Authorized<P>, pool: Pool) -> Result<Known> {
    let place = (pool.id, pool.kind);
    let mut free = store::all_free(&mut unit.tx, place, Locks::Needless).await?;
    // What has rested enough is free for whoever claims it.
    let row = store::find_pool(&mut unit.tx, authorized, pool.id).await?;
    free.extend(resting::already_over(unit, &row).await?.iter().map(numbers_of));
    let reserved = store::reservations_of(&mut unit.tx, place).await?;
    let living = store::living(&mut unit.tx, place).await?;
    let mut held = BTreeMap::new();
    let mut holders = BTreeMap::new();
    for one in living.into_iter().filter(|one| one.status == AllocationStatus::Allocated) {
        let holder = holder_of(&one);
        if let Some(holder) = &holder {
            holders.insert(holder.clone(), one.value.number());
        }
        held.insert(numbers_of(&one), holder);
    }
    Ok(Known {
        id: Some(pool.id),
        kind: pool.kind,
        ranges: pool.ranges,
        free: Intervals::of(free),
        reserved: reserved.iter().map(|one| one.range.numbers()).collect(),
        held,
        holders,
    })
}

/// What a scope has: each pool, a parent before its parts, then what is reserved beside what follows from its ranges, and what somebody
/// has.
pub(in crate::ipam) async fn export(unit: &mut Unit, scope: &str, format: ImportFormat) -> Result<String> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    checked_scope(scope)?;
    let mut entries = Vec::new();
    let mut contents = Vec::new();
    for pool in
        store::every_pool(&mut unit.tx, &authorized).await?.into_iter().filter(|pool| pool.scope == scope)
    {
        let place = (pool.id, pool.kind);
        let builtin: BTreeSet<_> =
            free::builtin_in(&pool.ranges).iter().map(|(range, _)| range.numbers()).collect();
        for one in store::reservations_of(&mut unit.tx, place).await? {
            if !builtin.contains(&one.range.numbers()) {
                contents.push(What::Reservation { range: one.range, reason: one.reason });
            }
        }
        for one in store::living(&mut unit.tx, place).await? {
            if one.status == AllocationStatus::Allocated {
                let range = ValueRange::of_numbers(pool.kind, numbers_of(&one));
                contents.push(What::Held { range, holder: holder_of(&one) });
            }
        }
        entries.push(What::Pool(PoolEntry {
            name: pool.name,
            ranges: pool.ranges,
            strategy: pool.strategy,
            quarantine: pool.quarantine,
            is_parallel: pool.is_parallel,
        }));
    }
    entries.extend(contents);
    match format {
        ImportFormat::Csv => Ok(table::write(&entries)),
        ImportFormat::NetboxJson => Ok(json::write(&entries)),
        ImportFormat::DnsmasqLeases => {
            Err(Error::invalid("format", "dnsmasq_leases is read and never written"))
        }
    }
}
