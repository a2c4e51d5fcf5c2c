use std::collections::{BTreeMap, BTreeSet};

use super::document::{ImportFormat, ImportReport, Read, What};
use super::plan::{Action, Known, Plan, plan};
use super::{MAX_TEXT, json, leases, table};
use crate::actor::{Authorized, Right, right};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::id::PoolId;
use crate::ipam::error::IpamError;
use crate::ipam::model::{AllocationStatus, Claim, NewPool, Pool};
use crate::ipam::space::Intervals;
use crate::ipam::store::{self, Locks};
use crate::ipam::{claiming, pools};
use crate::name::Name;
use crate::unit::Unit;

/// What an import would do.
pub(in crate::ipam) async fn check(
    unit: &mut Unit,
    scope: &str,
    (format, text): (ImportFormat, &str),
) -> Result<ImportReport> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    Ok(prepare(unit, &authorized, scope, (format, text)).await?.report)
}

/// Does it, if nothing is in the way.
pub(in crate::ipam) async fn import(
    unit: &mut Unit,
    scope: &str,
    (format, text): (ImportFormat, &str),
) -> Result<ImportReport> {
    let authorized = unit.authorize::<right::PoolsCreate>()?;
    let Plan { pools: known, actions, report, .. } =
        prepare(unit, &authorized, scope, (format, text)).await?;
    if let Some(first) = report.conflicts.first() {
        let (count, line) = (report.conflict_count, first.line);
        return Err(IpamError::ImportConflicts { count, line, message: first.message.clone() }.into());
    }
    let mut ids: Vec<Option<PoolId>> = known.iter().map(|known| known.id).collect();
    for action in actions {
        match action {
            Action::Create { pool, name, ranges, parent } => {
                let kind = ranges.first().map(super::super::ValueRange::kind).ok_or(IpamError::Raced)?;
                let mut new = ranges.into_iter().fold(NewPool::of(name, kind).scope(scope), NewPool::range);
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
            Action::Claim { pool, value, holder } => {
                let claim = holder.into_iter().fold(Claim::new().specific(value), Claim::holder);
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
    let Read { entries, report } = read(format, text)?;
    let (mut known, mut names) = (Vec::new(), BTreeSet::new());
    for pool in store::every_pool(&mut unit.tx, authorized).await? {
        names.insert(Name::derived(&pool.name).key);
        if pool.scope == scope {
            known.push(load(unit, pool).await?);
        }
    }
    Ok(plan(known, names, entries, report))
}

fn read(format: ImportFormat, text: &str) -> Result<Read> {
    if text.len() > MAX_TEXT {
        return Err(Error::invalid("text", format!("is longer than {} MiB", MAX_TEXT >> 20)));
    }
    Ok(match format {
        ImportFormat::Csv => table::read(text),
        ImportFormat::NetboxJson => json::read(text),
        ImportFormat::DnsmasqLeases => leases::read(text),
    })
}

async fn load(unit: &mut Unit, pool: Pool) -> Result<Known> {
    let place = (pool.id, pool.kind);
    let free = store::all_free(&mut unit.tx, place, Locks::Needless).await?;
    let reserved = store::reservations_of(&mut unit.tx, place).await?;
    let living = store::living(&mut unit.tx, place).await?;
    let mut held = BTreeMap::new();
    let mut holders = BTreeMap::new();
    for one in living.into_iter().filter(|one| one.status == AllocationStatus::Allocated) {
        if let Some(holder) = &one.holder {
            holders.insert(holder.clone(), one.value.number());
        }
        held.insert(one.value.number(), one.holder);
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

/// What a scope has: each pool, a parent before its parts, then what is reserved and what is held by no device.
pub(in crate::ipam) async fn export(unit: &mut Unit, scope: &str, format: ImportFormat) -> Result<String> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let mut entries = Vec::new();
    let mut contents = Vec::new();
    for pool in
        store::every_pool(&mut unit.tx, &authorized).await?.into_iter().filter(|pool| pool.scope == scope)
    {
        let place = (pool.id, pool.kind);
        for one in store::reservations_of(&mut unit.tx, place).await? {
            if !one.is_builtin {
                contents.push(What::Reservation { range: one.range, reason: one.reason });
            }
        }
        for one in store::living(&mut unit.tx, place).await? {
            if one.status == AllocationStatus::Allocated && one.value == one.last_value {
                let holder = one.holder.or_else(|| one.device_id.map(|device| format!("device {device}")));
                contents.push(What::Held { value: one.value, holder });
            }
        }
        entries.push(What::Pool { name: pool.name, ranges: pool.ranges });
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
