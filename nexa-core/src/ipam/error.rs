use std::borrow::Cow;

use super::model::PoolUsage;
use crate::error::{Classify, Code};
use crate::id::{AllocationId, PoolId, ReservationId};
use crate::net::Count;
use crate::runtime::Timestamp;

#[derive(Debug, thiserror::Error)]
pub(crate) enum IpamError {
    #[error("no pool {0}")]
    NoPool(PoolId),
    #[error("no pool {0} to be a part of")]
    NoParent(PoolId),
    #[error("no allocation {0}")]
    NoAllocation(AllocationId),
    #[error("no reservation {0}")]
    NoReservation(ReservationId),
    #[error("the pool name {0:?} is taken")]
    PoolNameTaken(String),
    #[error("pool {name} is exhausted: {}", exhausted(.what, *.asked, *.bits, .usage.assignable, .usage.allocated))]
    Exhausted { name: String, what: &'static str, asked: u128, bits: u8, usage: Box<PoolUsage> },
    #[error("generation {asked} of allocation {id} is over; the address is in other hands")]
    StaleGeneration { id: AllocationId, asked: i64 },
    #[error("allocation {0} is a device's; it is released when the device is revoked")]
    HeldByDevice(AllocationId),
    #[error("{holder:?} has {value} of this pool")]
    HolderHasAnother { holder: String, value: String },
    #[error("the pool was changed by somebody else meanwhile")]
    Raced,
    #[error("{range} overlaps pool {name}")]
    Overlap { field: &'static str, range: String, name: String },
    #[error("{}", exhausted(.what, *.asked, *.bits, .assignable, .allocated))]
    SpaceExhausted {
        what: &'static str,
        asked: u128,
        bits: u8,
        assignable: Count,
        allocated: Count,
        free: Count,
    },
    #[error("the {what} {one} is taken")]
    Taken { what: &'static str, one: String },
    #[error("the {what} {one} is taken")]
    TakenIn { field: &'static str, what: &'static str, one: String },
    #[error("the {what} {one} was given up by a pool and rests until {until}")]
    Resting { field: &'static str, what: &'static str, one: String, until: Timestamp },
    #[error("{range} is reserved: {reason}")]
    Reserved { field: &'static str, range: String, reason: String },
    #[error("{range} belongs to pool {pool}, a part of this one")]
    Delegated { field: &'static str, range: String, pool: String },
    #[error("{range} is not in pool {pool}")]
    NotInPool { field: &'static str, range: String, pool: String },
    #[error("a part of {first}-{last} is free")]
    PartlyFree { first: String, last: String },
    #[error("nothing of {ranges} can be handed out")]
    NothingAssignable { field: &'static str, ranges: String },
    #[error("pool {name} is in use: {in_use}")]
    PoolInUse { name: String, in_use: &'static str },
    #[error("pool {0} is a gateway's, and changes with it")]
    GatewaysPool(String),
    #[error("{count} of what lies outside the new ranges is in use or rests")]
    OutsideInUse { count: u64 },
    #[error("{count} entries cannot be imported; the first stands on line {line}: {message}")]
    ImportConflicts { count: u64, line: u64, message: String },
    #[error("{0} belongs to no host, by what the pool is")]
    BuiltinReservation(String),
}

impl Classify for IpamError {
    fn code(&self) -> Code {
        match self {
            IpamError::NoPool(_) | IpamError::NoParent(_) => Code::IpamPoolNotFound,
            IpamError::NoAllocation(_) => Code::IpamAllocationNotFound,
            IpamError::NoReservation(_) => Code::IpamReservationNotFound,
            IpamError::PoolNameTaken(_) => Code::IpamPoolNameTaken,
            IpamError::Exhausted { .. } | IpamError::SpaceExhausted { .. } => Code::IpamExhausted,
            IpamError::Taken { .. } | IpamError::TakenIn { .. } => Code::IpamTaken,
            IpamError::Reserved { .. } => Code::IpamReserved,
            IpamError::Resting { .. } => Code::IpamResting,
            IpamError::Delegated { .. } => Code::IpamDelegated,
            IpamError::NotInPool { .. } => Code::IpamNotInPool,
            IpamError::PartlyFree { .. } => Code::IpamPartlyFree,
            IpamError::StaleGeneration { .. } => Code::IpamStaleGeneration,
            IpamError::HeldByDevice(_) => Code::IpamHeldByDevice,
            IpamError::HolderHasAnother { .. } => Code::IpamHolderHasAnother,
            IpamError::Raced => Code::IpamRaced,
            IpamError::Overlap { .. } => Code::IpamOverlap,
            IpamError::NothingAssignable { .. } => Code::IpamNothingAssignable,
            IpamError::PoolInUse { .. } => Code::IpamPoolInUse,
            IpamError::GatewaysPool(_) => Code::IpamGatewaysPool,
            IpamError::OutsideInUse { .. } => Code::IpamOutsideInUse,
            IpamError::ImportConflicts { .. } => Code::IpamImportConflicts,
            IpamError::BuiltinReservation(_) => Code::IpamBuiltinReservation,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        match self {
            IpamError::NoPool(_)
            | IpamError::Exhausted { .. }
            | IpamError::PoolInUse { .. }
            | IpamError::GatewaysPool(_) => Some("pool_id".into()),
            IpamError::NoParent(_) => Some("parent".into()),
            IpamError::NoAllocation(_) | IpamError::HeldByDevice(_) => Some("allocation_id".into()),
            IpamError::NoReservation(_) | IpamError::BuiltinReservation(_) => Some("reservation_id".into()),
            IpamError::PoolNameTaken(_) => Some("name".into()),
            IpamError::StaleGeneration { .. } => Some("generation".into()),
            IpamError::HolderHasAnother { .. } => Some("holder".into()),
            IpamError::OutsideInUse { .. } => Some("ranges".into()),
            IpamError::Taken { .. } => Some("specific".into()),
            IpamError::ImportConflicts { .. } => Some("text".into()),
            IpamError::TakenIn { field, .. }
            | IpamError::Reserved { field, .. }
            | IpamError::Resting { field, .. }
            | IpamError::Delegated { field, .. }
            | IpamError::NothingAssignable { field, .. }
            | IpamError::Overlap { field, .. }
            | IpamError::NotInPool { field, .. } => Some((*field).into()),
            IpamError::PartlyFree { .. } => Some("released".into()),
            IpamError::Raced | IpamError::SpaceExhausted { .. } => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            IpamError::NoPool(id) | IpamError::NoParent(id) => vec![("id", id.to_string())],
            IpamError::NoAllocation(id) | IpamError::HeldByDevice(id) => vec![("id", id.to_string())],
            IpamError::NoReservation(id) => vec![("id", id.to_string())],
            IpamError::PoolNameTaken(name) => vec![("name", name.clone())],
            IpamError::Exhausted { name, usage, .. } => counts(name, usage),
            IpamError::SpaceExhausted { assignable, allocated, free, .. } => vec![
                ("allocated", allocated.to_string()),
                ("assignable", assignable.to_string()),
                ("free", free.to_string()),
            ],
            IpamError::Taken { one, .. } | IpamError::TakenIn { one, .. } => vec![("one", one.clone())],
            IpamError::Reserved { range, reason, .. } => {
                vec![("range", range.clone()), ("reason", reason.clone())]
            }
            IpamError::Resting { one, until, .. } => {
                vec![("one", one.clone()), ("until", until.as_micros().to_string())]
            }
            IpamError::Delegated { range, pool, .. } | IpamError::NotInPool { range, pool, .. } => {
                vec![("range", range.clone()), ("pool", pool.clone())]
            }
            IpamError::PartlyFree { first, last } => vec![("first", first.clone()), ("last", last.clone())],
            IpamError::StaleGeneration { id, asked } => {
                vec![("id", id.to_string()), ("generation", asked.to_string())]
            }
            IpamError::HolderHasAnother { holder, value } => {
                vec![("holder", holder.clone()), ("value", value.clone())]
            }
            IpamError::Overlap { range, name, .. } => vec![("range", range.clone()), ("pool", name.clone())],
            IpamError::NothingAssignable { ranges, .. } => vec![("ranges", ranges.clone())],
            IpamError::PoolInUse { name, .. } | IpamError::GatewaysPool(name) => vec![("pool", name.clone())],
            IpamError::OutsideInUse { count } => vec![("count", count.to_string())],
            IpamError::ImportConflicts { count, line, message } => {
                vec![("count", count.to_string()), ("line", line.to_string()), ("message", message.clone())]
            }
            IpamError::BuiltinReservation(range) => vec![("range", range.clone())],
            IpamError::Raced => Vec::new(),
        }
    }
}

fn counts(name: &str, usage: &PoolUsage) -> Vec<(&'static str, String)> {
    let mut details = vec![
        ("pool", name.to_owned()),
        ("allocated", usage.allocated.to_string()),
        ("assignable", usage.assignable.to_string()),
        ("delegated", usage.delegated.to_string()),
        ("free", usage.free.to_string()),
        ("quarantined", usage.quarantined.to_string()),
        ("reserved", usage.reserved.to_string()),
    ];
    details.extend(usage.earliest_free_at.map(|at| ("earliest_free_at", at.as_micros().to_string())));
    details
}

fn exhausted(
    what: &str,
    asked: u128,
    bits: u8,
    assignable: impl std::fmt::Display,
    allocated: impl std::fmt::Display,
) -> String {
    let wanted = match (asked, bits) {
        (1, _) => format!("no {what} is free"),
        (_, 0) => format!("fewer than {asked} are free"),
        (..) => format!("no block of 2^{bits} is free"),
    };
    format!("{wanted}: {allocated} of {assignable} are allocated")
}
