//! What the pool of a gateway has to do with its gateway: the gateway has a prefix in that family and an address of its own in it, and
//! its devices' profiles name both.

use std::net::IpAddr;

use super::free;
use super::store::{self, PoolRow};
use super::value::{Value, ValueRange};
use crate::error::{Error, Result};
use crate::id::GatewayId;
use crate::net::Cidr;
use crate::unit::Unit;

/// A gateway in the family of its pool.
pub(super) struct Network {
    pub(super) gateway: GatewayId,
    pub(super) gateway_name: String,
    pub(super) cidr: Cidr,
    /// The gateway's own address.
    pub(super) own: IpAddr,
    /// In any family.
    pub(super) dns_servers: Vec<IpAddr>,
}

impl Network {
    /// The network of a gateway's pool; `None` for a pool that is no gateway's.
    pub(super) async fn of(unit: &mut Unit, pool: &PoolRow) -> Result<Option<Self>> {
        match (pool.gateway, pool.kind.family()) {
            (Some(gateway), Some(family)) => {
                Ok(Some(store::network_of(&mut unit.tx, gateway, family).await?))
            }
            _ => Ok(None),
        }
    }

    /// The same gateway with another prefix in the place of its own, and its addresses where they are.
    pub(super) fn over(self, field: &'static str, range: &ValueRange) -> Result<Self> {
        let roomy = range.cidr().filter(|cidr| cidr.prefix_len() < cidr.family().bits());
        let cidr = roomy
            .ok_or_else(|| Error::invalid(field, format!("{range} is no prefix with room for a device")))?;
        let network = Network { cidr, ..self };
        let own = Value::from(network.own);
        let builtin = free::builtin_in(&[*range]);
        match range.contains(own) && !builtin.iter().any(|(never, _)| never.contains(own)) {
            true => Ok(network),
            false => Err(Error::invalid(
                field,
                format!("{range} has no place for {own}, the gateway's own address"),
            )),
        }
    }

    /// The same gateway at the same place in another range, with the DNS servers that were in the old one.
    pub(super) fn moved(mut self, field: &'static str, from: &ValueRange, to: &ValueRange) -> Result<Self> {
        let moved = |address: &mut IpAddr| {
            let value = Value::from(*address);
            if from.contains(value) {
                let number = to.first().number() + (value.number() - from.first().number());
                *address = Value::of_number(value.kind(), number).address().unwrap_or(*address);
            }
        };
        moved(&mut self.own);
        self.dns_servers.iter_mut().for_each(moved);
        self.over(field, to)
    }

    /// What of a range belongs to the gateway and its DNS servers, and why.
    pub(super) fn reserved(&self, range: &ValueRange) -> Vec<(ValueRange, String)> {
        let own = (self.own, "the gateway's own");
        let all = [own].into_iter().chain(self.dns_servers.iter().map(|address| (*address, "a DNS server")));
        let values = all.map(|(address, why)| (Value::from(address), why));
        values
            .filter(|(value, _)| range.contains(*value))
            .map(|(value, why)| (value.into(), why.to_owned()))
            .collect()
    }

    /// What a pool is called that was not given another name.
    pub(super) fn pool_name(&self) -> String {
        pool_name(&self.gateway_name, &self.cidr)
    }
}

/// What the pool of a gateway is called at first.
pub(super) fn pool_name(gateway_name: &str, cidr: &Cidr) -> String {
    format!("{gateway_name} {cidr}")
}

/// Stores what became of a gateway, and names its pool after it unless that has a name of its own.
pub(super) async fn store(unit: &mut Unit, pool: &PoolRow, before: &str, network: &Network) -> Result<()> {
    store::set_network(&mut unit.tx, network, unit.now).await?;
    if pool.name == before {
        store::rename_pool(&mut unit.tx, pool.id, &network.pool_name()).await?;
    }
    Ok(())
}
