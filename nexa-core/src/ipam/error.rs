use std::borrow::Cow;

use crate::error::{Classify, Code};
use crate::id::{AllocationId, PoolId};

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
    #[error("no address of {0} can be handed out")]
    NothingAssignable(crate::net::Cidr),
}

impl Classify for IpamError {
    fn code(&self) -> Code {
        match self {
            IpamError::NoPool(_) => Code::IpamPoolNotFound,
            IpamError::NoAllocation(_) => Code::IpamAllocationNotFound,
            IpamError::PoolNameTaken(_) => Code::IpamPoolNameTaken,
            IpamError::Exhausted { .. } => Code::IpamExhausted,
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
            IpamError::Raced => None,
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
            IpamError::StaleGeneration { id, asked } => {
                vec![("id", id.to_string()), ("generation", asked.to_string())]
            }
            IpamError::Overlap { cidr, name } => vec![("cidr", cidr.to_string()), ("pool", name.clone())],
            IpamError::NothingAssignable(cidr) => vec![("cidr", cidr.to_string())],
            IpamError::Raced => Vec::new(),
        }
    }
}
