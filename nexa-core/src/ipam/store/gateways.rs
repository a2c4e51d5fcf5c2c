use sea_query::{Expr, ExprTrait as _, Query};

use crate::db::{DbError, Tx, cidr_columns, ip_bytes, list_from_text, list_to_text};
use crate::error::Result;
use crate::id::{DeviceId, GatewayId};
use crate::ipam::network::Network;
use crate::net::Family;
use crate::runtime::Timestamp;

/// The columns of `gateways` for a family: the prefix's first and last address and its length, and the gateway's own address.
const fn columns(family: Family) -> [&'static str; 4] {
    match family {
        Family::V4 => ["vpn_cidr_first", "vpn_cidr_last", "vpn_cidr_prefix", "address"],
        Family::V6 => ["vpn_cidr6_first", "vpn_cidr6_last", "vpn_cidr6_prefix", "address6"],
    }
}

pub(in crate::ipam) async fn network_of(
    tx: &mut Tx,
    gateway: GatewayId,
    family: Family,
) -> Result<Network, DbError> {
    let [first, last, prefix, own] = columns(family);
    let query = Query::select()
        .columns(["name", "dns_servers", first, last, prefix, own])
        .from("gateways")
        .and_where(Expr::col("id").eq(gateway))
        .to_owned();
    let row =
        tx.optional(&query).await?.ok_or_else(|| DbError::corrupt("pools.gateway_id", "names no gateway"))?;
    Ok(Network {
        gateway,
        gateway_name: row.text("name")?,
        cidr: row.cidr(first, last, prefix)?,
        own: row.ip(own)?,
        dns_servers: list_from_text("gateways.dns_servers", &row.text("dns_servers")?)?,
    })
}

/// Gives a gateway another prefix of the family, under its next revision.
pub(in crate::ipam) async fn set_network(
    tx: &mut Tx,
    network: &Network,
    now: Timestamp,
) -> Result<(), DbError> {
    let [first, last, prefix, own] = columns(network.cidr.family());
    let (first_address, last_address, prefix_len) = cidr_columns(&network.cidr);
    let statement = Query::update()
        .table("gateways")
        .value(first, first_address)
        .value(last, last_address)
        .value(prefix, prefix_len)
        .value(own, ip_bytes(network.own))
        .value("dns_servers", list_to_text(&network.dns_servers))
        .value("revision", Expr::col("revision").add(1_i64))
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(network.gateway))
        .to_owned();
    tx.later(&statement, 1).await
}

/// Gives a device another address at its gateway, and so another profile.
pub(in crate::ipam) async fn move_peer(
    tx: &mut Tx,
    (gateway, device): (GatewayId, DeviceId),
    address: std::net::IpAddr,
    now: Timestamp,
) -> Result<(), DbError> {
    let column = if address.is_ipv4() { "assigned_ip" } else { "assigned_ip6" };
    let statement = Query::update()
        .table("wireguard_peers")
        .value(column, ip_bytes(address))
        .value("profile_revision", Expr::col("profile_revision").add(1_i64))
        .value("updated_at", now)
        .and_where(Expr::col("gateway_id").eq(gateway))
        .and_where(Expr::col("device_id").eq(device))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    // One that holds an address and has no peer any more has no profile either.
    tx.execute(&statement).await.map(drop)
}
