use std::collections::BTreeMap;
use std::net::IpAddr;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use super::error::GatewayError;
use super::model::{CheckedGateway, Gateway};
use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{
    DbError, Owner, Row, Tx, cidr_columns, insert_row, ip_bytes, list_from_text, list_to_text, page_by_id,
    within,
};
use crate::error::Result;
use crate::id::{GatewayId, UserId};
use crate::net::{Cidr, Family};
use crate::page::Cursor;
use crate::runtime::Timestamp;
use crate::wireguard::Endpoint;

pub(super) async fn insert(
    tx: &mut Tx,
    _authorized: &Authorized<right::GatewaysCreate>,
    id: GatewayId,
    gateway: &CheckedGateway,
    now: Timestamp,
) -> Result<()> {
    let of = |family| gateway.vpn_cidrs.iter().position(|cidr| cidr.family() == family);
    let cidr = |family| of(family).and_then(|at| gateway.vpn_cidrs.get(at)).map(cidr_columns);
    let own = |family| of(family).and_then(|at| gateway.addresses.get(at)).map(|address| ip_bytes(*address));
    let (first, last, prefix) = split(cidr(Family::V4));
    let (first6, last6, prefix6) = split(cidr(Family::V6));
    let statement = insert_row(
        "gateways",
        [
            ("id", id.into()),
            ("name", gateway.name.text.clone().into()),
            ("name_key", gateway.name.key.clone().into()),
            ("endpoint", gateway.endpoint.host().into()),
            ("listen_port", i64::from(gateway.endpoint.port()).into()),
            ("public_key", gateway.public_key.into()),
            ("vpn_cidr_first", first.into()),
            ("vpn_cidr_last", last.into()),
            ("vpn_cidr_prefix", prefix.into()),
            ("vpn_cidr6_first", first6.into()),
            ("vpn_cidr6_last", last6.into()),
            ("vpn_cidr6_prefix", prefix6.into()),
            ("address", own(Family::V4).into()),
            ("address6", own(Family::V6).into()),
            ("dns_servers", list_to_text(&gateway.dns_servers).into()),
            ("mtu", gateway.mtu.map(i64::from).into()),
            ("is_active", 1_i64.into()),
            ("revision", 0_i64.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("gateways", "name_key") => {
            Err(GatewayError::NameTaken(gateway.name.text.clone()).into())
        }
        Err(taken) if taken.is_unique_on("gateways", "public_key") => Err(GatewayError::KeyTaken.into()),
        Err(other) => Err(other.into()),
    }
}

type CidrColumns = (Vec<u8>, Vec<u8>, i64);

fn split(columns: Option<CidrColumns>) -> (Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>) {
    match columns {
        Some((first, last, prefix)) => (Some(first), Some(last), Some(prefix)),
        None => (None, None, None),
    }
}

pub(super) async fn get<P: Right>(tx: &mut Tx, authorized: &Authorized<P>, id: GatewayId) -> Result<Gateway> {
    let query = gateways(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(GatewayError::NoGateway(id))?;
    Ok(gateway(&row)?)
}

/// The gateway that a device's peer is at, for a caller who may see the device.
pub(crate) async fn of_peer<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: GatewayId,
) -> Result<Gateway> {
    let query = gateways(Scope::All).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(GatewayError::NoGateway(id))?;
    Ok(gateway(&row)?)
}

pub(super) async fn list(
    tx: &mut Tx,
    authorized: &Authorized<right::GatewaysRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Gateway>, DbError> {
    let mut query = gateways(authorized.scope());
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(gateway).collect()
}

/// Every gateway, for a caller who may read all policies.
pub(crate) async fn all<P: Right>(tx: &mut Tx, _authorized: &Authorized<P>) -> Result<Vec<Gateway>, DbError> {
    tx.all(gateways(Scope::All).order_by("id", Order::Asc)).await?.iter().map(gateway).collect()
}

/// The gateway that a device is enrolled at: the one asked for, else the active one with the fewest peers. Which
/// gateways there are is no secret to someone who may enrol.
pub(crate) async fn for_enrolment(
    tx: &mut Tx,
    _authorized: &Authorized<right::DevicesEnrol>,
    asked: Option<GatewayId>,
) -> Result<Gateway> {
    let mut query = gateways(Scope::All);
    query.and_where(Expr::col("is_active").eq(1_i64)).order_by("id", Order::Asc);
    if let Some(id) = asked {
        query.and_where(Expr::col("id").eq(id));
    }
    let count = Query::select()
        .column("gateway_id")
        .expr_as(Expr::col("id").count(), "peers")
        .from("wireguard_peers")
        .and_where(Expr::col("live").eq(1_i64))
        .group_by_col("gateway_id")
        .to_owned();
    let mut peers = BTreeMap::new();
    for row in tx.all(&count).await? {
        peers.insert(GatewayId::from_uuid(row.uuid("gateway_id")?), row.number("peers")?);
    }
    let found: Vec<_> = tx.all(&query).await?.iter().map(gateway).collect::<Result<_, DbError>>()?;
    let least = found.into_iter().min_by_key(|gateway| peers.get(&gateway.id).copied().unwrap_or(0));
    least.ok_or_else(|| asked.map_or(GatewayError::NoneActive, GatewayError::NoGateway).into())
}

/// Says that a gateway's set of peers has changed.
pub(crate) async fn bump_revision(tx: &mut Tx, id: GatewayId, now: Timestamp) -> Result<(), DbError> {
    let statement = Query::update()
        .table("gateways")
        .value("revision", Expr::col("revision").add(1_i64))
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// The same for every gateway at which a person has a living peer: whether it counts has changed.
pub(crate) async fn bump_revisions_of(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    let query = Query::select()
        .distinct()
        .column(("wireguard_peers", "gateway_id"))
        .from("wireguard_peers")
        .inner_join("devices", Expr::col(("devices", "id")).equals(("wireguard_peers", "device_id")))
        .and_where(Expr::col(("devices", "user_id")).eq(user))
        .and_where(Expr::col(("wireguard_peers", "live")).eq(1_i64))
        .to_owned();
    for row in tx.all(&query).await? {
        bump_revision(tx, GatewayId::from_uuid(row.uuid("gateway_id")?), now).await?;
    }
    Ok(())
}

/// Notes that a gateway was heard of. Who hears of it beside waits until the transaction ends.
pub(super) async fn note_heard(
    tx: &mut Tx,
    _authorized: &Authorized<right::GatewaysReport>,
    id: GatewayId,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("gateways")
        .value("last_sync_at", now)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Notes which revision a gateway has applied.
pub(super) async fn note_applied(
    tx: &mut Tx,
    _authorized: &Authorized<right::GatewaysReport>,
    id: GatewayId,
    applied: i64,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("gateways")
        .value("applied_revision", applied)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

fn gateways(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(["id", "name", "endpoint", "listen_port", "public_key", "dns_servers", "mtu", "is_active"])
        .columns(["vpn_cidr_first", "vpn_cidr_last", "vpn_cidr_prefix", "address"])
        .columns(["vpn_cidr6_first", "vpn_cidr6_last", "vpn_cidr6_prefix", "address6"])
        .columns(["revision", "applied_revision", "last_sync_at", "created_at"])
        .from("gateways")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::NoOne))
        .to_owned()
}

fn gateway(row: &Row) -> Result<Gateway, DbError> {
    let v4 = family(row, ["vpn_cidr_first", "vpn_cidr_last", "vpn_cidr_prefix", "address"])?;
    let v6 = family(row, ["vpn_cidr6_first", "vpn_cidr6_last", "vpn_cidr6_prefix", "address6"])?;
    let (vpn_cidrs, addresses) = v4.into_iter().chain(v6).unzip();
    let endpoint = Endpoint::new(&row.text("endpoint")?, row.fitted("listen_port")?);
    let mtu = row.opt_number("mtu")?.map(u16::try_from).transpose();
    Ok(Gateway {
        id: GatewayId::from_uuid(row.uuid("id")?),
        name: row.text("name")?,
        endpoint: endpoint.map_err(|cause| DbError::corrupt("gateways.endpoint", cause))?,
        public_key: row.public_key("public_key")?,
        vpn_cidrs,
        addresses,
        dns_servers: list_from_text("gateways.dns_servers", &row.text("dns_servers")?)?,
        mtu: mtu.map_err(|cause| DbError::corrupt("gateways.mtu", cause))?,
        is_active: row.flag("is_active")?,
        revision: row.number("revision")?,
        applied_revision: row.opt_number("applied_revision")?,
        last_sync_at: row.opt_number("last_sync_at")?.map(Timestamp::from_micros),
        created_at: row.time("created_at")?,
    })
}

/// The prefix of one family and the gateway's own address in it, if it has that family.
fn family(row: &Row, [first, last, prefix, own]: [&str; 4]) -> Result<Option<(Cidr, IpAddr)>, DbError> {
    match row.opt_bytes(first)? {
        Some(_) => Ok(Some((row.cidr(first, last, prefix)?, row.ip(own)?))),
        None => Ok(None),
    }
}
