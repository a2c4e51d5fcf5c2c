use std::net::IpAddr;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use crate::actor::{Authorized, Right, right};
use crate::db::{DbError, Row, Tx, insert_row, ip_bytes, list_from_text, list_to_text};
use crate::error::Result;
use crate::id::{DeviceId, GatewayId, PeerId};
use crate::net::{Cidr, Family};
use crate::runtime::Timestamp;
use crate::wireguard::PublicKey;

/// A device's entry at a gateway.
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(crate) device: DeviceId,
    pub(crate) gateway: GatewayId,
    pub(crate) public_key: PublicKey,
    pub(crate) addresses: Vec<IpAddr>,
    /// What was last issued; never a source of what is allowed.
    pub(crate) allowed_ips: Vec<Cidr>,
    pub(crate) profile_revision: i64,
    /// Sealed.
    pub(super) preshared_key: Option<Vec<u8>>,
}

pub(super) async fn insert_peer(
    tx: &mut Tx,
    _authorized: &Authorized<right::DevicesEnrol>,
    peer: &Peer,
    dns_servers: &[IpAddr],
    now: Timestamp,
) -> Result<(), DbError> {
    let of =
        |family| peer.addresses.iter().find(|address| Family::of(**address) == family).map(|a| ip_bytes(*a));
    let statement = insert_row(
        "wireguard_peers",
        [
            ("id", peer.id.into()),
            ("device_id", peer.device.into()),
            ("gateway_id", peer.gateway.into()),
            ("public_key", peer.public_key.into()),
            ("assigned_ip", of(Family::V4).into()),
            ("assigned_ip6", of(Family::V6).into()),
            ("preshared_key_ciphertext", peer.preshared_key.clone().into()),
            ("allowed_ips", list_to_text(&peer.allowed_ips).into()),
            ("dns_servers", list_to_text(dns_servers).into()),
            ("profile_revision", peer.profile_revision.into()),
            ("last_profile_issued_at", now.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// The living peer of a device, for a caller who may see the device.
pub(super) async fn peer_of<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    device: DeviceId,
) -> Result<Option<Peer>, DbError> {
    let query = peers().and_where(Expr::col("device_id").eq(device)).to_owned();
    tx.optional(&query).await?.map(|row| peer(&row)).transpose()
}

/// The living peers of a gateway, in the order of their devices.
pub(crate) async fn peers_of_gateway<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    gateway: GatewayId,
) -> Result<Vec<Peer>, DbError> {
    let query =
        peers().and_where(Expr::col("gateway_id").eq(gateway)).order_by("device_id", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(peer).collect()
}

/// Keeps what was issued, under the number it was issued as.
pub(super) async fn note_issued<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    peer: &Peer,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("wireguard_peers")
        .value("allowed_ips", list_to_text(&peer.allowed_ips))
        .value("profile_revision", peer.profile_revision)
        .value("last_profile_issued_at", now)
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(peer.id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Ends the living peers of a device.
pub(crate) async fn end_peers(
    tx: &mut Tx,
    _authorized: &Authorized<right::DevicesRevoke>,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("wireguard_peers")
        .value("deleted_at", now)
        .value("updated_at", now)
        .value("live", Option::<i64>::None)
        .and_where(Expr::col("device_id").eq(device))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

fn peers() -> SelectStatement {
    Query::select()
        .columns(["id", "device_id", "gateway_id", "public_key", "assigned_ip", "assigned_ip6"])
        .columns(["preshared_key_ciphertext", "allowed_ips", "profile_revision"])
        .from("wireguard_peers")
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned()
}

fn peer(row: &Row) -> Result<Peer, DbError> {
    let addresses = [row.opt_ip("assigned_ip")?, row.opt_ip("assigned_ip6")?];
    Ok(Peer {
        id: PeerId::from_uuid(row.uuid("id")?),
        device: DeviceId::from_uuid(row.uuid("device_id")?),
        gateway: GatewayId::from_uuid(row.uuid("gateway_id")?),
        public_key: row.public_key("public_key")?,
        addresses: addresses.into_iter().flatten().collect(),
        allowed_ips: list_from_text("allowed_ips", &row.text("allowed_ips")?)?,
        profile_revision: row.number("profile_revision")?,
        preshared_key: row.opt_bytes("preshared_key_ciphertext")?,
    })
}
