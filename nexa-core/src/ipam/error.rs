use std::borrow::Cow;

use crate::error::{Classify, Code};
use crate::id::{AllocationId, PoolId};
use crate::net::Count;

#[derive(Debug, thiserror::Error)]
pub(crate) enum IpamError {
    #[error("no pool {0}")]
    NoPool(PoolId),
    #[error("no allocation {0}")]
    NoAllocation(AllocationId),
    #[error("the pool name {0:?} is taken")]
    PoolNameTaken(String),
    #[error("pool {name} is exhausted: {allocated} of {assignable} addresses are allocated")]
    Exhausted { name: String, allocated: u64, assignable: u128 },
    #[error("generation {asked} of allocation {id} is over; the address is in other hands")]
    StaleGeneration { id: AllocationId, asked: i64 },
    #[error("allocation {0} is a device's; it is released when the device is revoked")]
    HeldByDevice(AllocationId),
    #[error("the pool was changed by somebody else meanwhile")]
    Raced,
    #[error("{cidr} overlaps pool {name}")]
    Overlap { cidr: crate::net::Cidr, name: String },
    #[error("{}", exhausted(.what, *.asked, *.bits, *.assignable, *.allocated))]
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
    #[error("a part of {first}-{last} is free")]
    PartlyFree { first: String, last: String },
    #[error("no address of {0} can be handed out")]
    NothingAssignable(crate::net::Cidr),
}

impl Classify for IpamError {
    fn code(&self) -> Code {
        match self {
            IpamError::NoPool(_) => Code::IpamPoolNotFound,
            IpamError::NoAllocation(_) => Code::IpamAllocationNotFound,
            IpamError::PoolNameTaken(_) => Code::IpamPoolNameTaken,
            IpamError::Exhausted { .. } | IpamError::SpaceExhausted { .. } => Code::IpamExhausted,
            IpamError::Taken { .. } => Code::IpamTaken,
            IpamError::PartlyFree { .. } => Code::IpamPartlyFree,
            IpamError::StaleGeneration { .. } => Code::IpamStaleGeneration,
            IpamError::HeldByDevice(_) => Code::IpamHeldByDevice,
            IpamError::Raced => Code::IpamRaced,
            IpamError::Overlap { .. } => Code::IpamOverlap,
            IpamError::NothingAssignable(_) => Code::IpamNothingAssignable,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        match self {
            IpamError::NoPool(_) | IpamError::Exhausted { .. } => Some("pool_id".into()),
            IpamError::NoAllocation(_) | IpamError::HeldByDevice(_) => Some("allocation_id".into()),
            IpamError::PoolNameTaken(_) => Some("name".into()),
            IpamError::StaleGeneration { .. } => Some("generation".into()),
            IpamError::NothingAssignable(_) | IpamError::Overlap { .. } => Some("cidr".into()),
            IpamError::Taken { .. } => Some("specific".into()),
            IpamError::PartlyFree { .. } => Some("released".into()),
            IpamError::Raced | IpamError::SpaceExhausted { .. } => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            IpamError::NoPool(id) => vec![("id", id.to_string())],
            IpamError::NoAllocation(id) | IpamError::HeldByDevice(id) => vec![("id", id.to_string())],
            IpamError::PoolNameTaken(name) => vec![("name", name.clone())],
            IpamError::Exhausted { name, allocated, assignable } => vec![
                ("pool", name.clone()),
                ("allocated", allocated.to_string()),
                ("assignable", assignable.to_string()),
            ],
            IpamError::SpaceExhausted { assignable, allocated, free, .. } => vec![
                ("allocated", allocated.to_string()),
                ("assignable", assignable.to_string()),
                ("free", free.to_string()),
            ],
            IpamError::Taken { one, .. } => vec![("one", one.clone())],
            IpamError::PartlyFree { first, last } => vec![("first", first.clone()), ("last", last.clone())],
            IpamError::StaleGeneration { id, asked } => {
                vec![("id", id.to_string()), ("generation", asked.to_string())]
            }
            IpamError::Overlap { cidr, name } => vec![("cidr", cidr.to_string()), ("pool", name.clone())],
            IpamError::NothingAssignable(cidr) => vec![("cidr", cidr.to_string())],
            IpamError::Raced => Vec::new(),
        }
    }
}

fn exhausted(what: &str, asked: u128, bits: u8, assignable: Count, allocated: Count) -> String {
    let wanted = match (asked, bits) {
        (1, _) => format!("no {what} is free"),
        (_, 0) => format!("fewer than {asked} are free"),
        (..) => format!("no block of 2^{bits} is free"),
    };
    format!("{wanted}: {allocated} of {assignable} are allocated")
}
