use std::borrow::Cow;

use crate::error::{Classify, ErrorKind};
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
    fn kind(&self) -> ErrorKind {
        match self {
            IpamError::NoPool(_) | IpamError::NoAllocation(_) => ErrorKind::NotFound,
            IpamError::PoolNameTaken(_) => ErrorKind::AlreadyExists,
            IpamError::Exhausted { .. } => ErrorKind::Exhausted,
            IpamError::StaleGeneration { .. } | IpamError::HeldByDevice(_) | IpamError::Overlap { .. } => {
                ErrorKind::Conflict
            }
            IpamError::Raced => ErrorKind::Locked,
            IpamError::NothingAssignable(_) => ErrorKind::InvalidInput,
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
}
