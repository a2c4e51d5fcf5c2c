use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};

use super::error::DeviceError;
use super::model::{Device, DeviceStatus};
use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, insert_row, page_by_id, within};
use crate::error::Result;
use crate::id::{DeviceId, GatewayId, UserId};
use crate::identity::{self, UserStatus};
use crate::name::Name;
use crate::page::Cursor;
use crate::policy::{Bar, Subject};
use crate::runtime::Timestamp;
use crate::wireguard::PublicKey;

const OWNER: Owner = Owner::Device { user: "user_id", device: "id" };

/// What the row of a new device holds.
pub(crate) struct NewDeviceRow<'a> {
    pub(crate) id: DeviceId,
    pub(crate) user: UserId,
    pub(crate) gateway: GatewayId,
    pub(crate) name: &'a Name,
    pub(crate) platform: &'a str,
    pub(crate) fingerprint: &'a str,
    pub(crate) public_key: PublicKey,
    pub(crate) token_hash: Vec<u8>,
}

pub(crate) async fn insert(
    tx: &mut Tx,
    authorized: &Authorized<right::DevicesEnrol>,
    row: NewDeviceRow<'_>,
    now: Timestamp,
) -> Result<Device> {
    // Asked first: where key and fingerprint are both taken, databases differ in which they refuse it for.
    let holder = Query::select()
        .column("public_key")
        .from("public_keys")
        .and_where(Expr::col("public_key").eq(row.public_key))
        .to_owned();
    if tx.optional(&holder).await?.is_some() {
        return Err(DeviceError::KeyTaken.into());
    }
    let id = row.id;
    let statement = insert_row(
        "devices",
        [
            ("id", row.id.into()),
            ("user_id", row.user.into()),
            ("gateway_id", row.gateway.into()),
            ("name", row.name.text.clone().into()),
            ("platform", row.platform.into()),
            ("os_version", "".into()),
            ("app_version", "".into()),
            ("device_fingerprint", row.fingerprint.into()),
            ("public_key", row.public_key.into()),
            ("token_hash", row.token_hash.into()),
            ("status", DeviceStatus::Active.as_str().into()),
            ("approved_at", now.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => get(tx, authorized, id).await,
        Err(taken) if taken.is_unique_on("devices", "device_fingerprint") => {
            Err(DeviceError::FingerprintTaken.into())
        }
        Err(taken) if taken.is_unique_on("devices", "public_key") => Err(DeviceError::KeyTaken.into()),
        Err(other) => Err(other.into()),
    }
}

/// Whose a public key becomes.
#[derive(Clone, Copy)]
pub(crate) enum KeyHolder {
    Device(DeviceId),
    Gateway(GatewayId),
}

/// Takes a public key for its holder; false when a living device or gateway has it.
pub(crate) async fn take_key<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    key: PublicKey,
    holder: KeyHolder,
) -> Result<bool, DbError> {
    let (device, gateway) = match holder {
        KeyHolder::Device(id) => (Some(id), None),
        KeyHolder::Gateway(id) => (None, Some(id)),
    };
    let statement = insert_row(
        "public_keys",
        [("public_key", key.into()), ("device_id", device.into()), ("gateway_id", gateway.into())],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(true),
        // The key is the table's primary key, the only thing that is unique in it.
        Err(DbError::Unique(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Gives the key of a device that is no more back.
pub(super) async fn give_key_back(
    tx: &mut Tx,
    _authorized: &Authorized<right::DevicesRevoke>,
    device: DeviceId,
) -> Result<(), DbError> {
    let statement =
        Query::delete().from_table("public_keys").and_where(Expr::col("device_id").eq(device)).to_owned();
    tx.execute(&statement).await.map(drop)
}

pub(crate) async fn get<P: Right>(tx: &mut Tx, authorized: &Authorized<P>, id: DeviceId) -> Result<Device> {
    let query = devices(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(DeviceError::NoDevice(id))?;
    Ok(device(&row)?)
}

pub(super) async fn list(
    tx: &mut Tx,
    authorized: &Authorized<right::DevicesRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Device>, DbError> {
    let mut query = devices(authorized.scope());
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(device).collect()
}

/// Shuts a device out; false when it was not living.
pub(super) async fn revoke(
    tx: &mut Tx,
    authorized: &Authorized<right::DevicesRevoke>,
    id: DeviceId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("devices")
        .value("status", DeviceStatus::Revoked.as_str())
        .value("revoked_at", now)
        .value("updated_at", now)
        .value("live", Option::<i64>::None)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(authorized.scope(), OWNER))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// The device as policy sees it: whose it is, the groups of that person, and whether either is shut out.
pub(crate) async fn subject(tx: &mut Tx, device: &Device) -> Result<Subject, DbError> {
    let user = identity::user_status(tx, device.user_id).await?;
    let groups = identity::groups_of(tx, device.user_id).await?;
    let subject = Subject::new(device.id, device.user_id).in_groups(groups);
    Ok(placed(subject, device, user))
}

/// Every living device as policies see it, in the order of the ids.
pub(crate) async fn subjects(tx: &mut Tx) -> Result<Vec<Subject>, DbError> {
    subjects_among(tx, devices(Scope::All)).await
}

/// The living devices of a gateway as policies see them, in the order of the ids.
pub(crate) async fn subjects_at(tx: &mut Tx, gateway: GatewayId) -> Result<Vec<Subject>, DbError> {
    subjects_among(tx, devices(Scope::All).and_where(Expr::col("gateway_id").eq(gateway)).to_owned()).await
}

async fn subjects_among(tx: &mut Tx, mut devices: SelectStatement) -> Result<Vec<Subject>, DbError> {
    let query = devices.and_where(Expr::col("live").eq(1_i64)).order_by("id", sea_query::Order::Asc);
    let query = query.to_owned();
    let all = tx.all(&query).await?.iter().map(device).collect::<Result<Vec<_>, _>>()?;
    let statuses = identity::user_statuses(tx).await?;
    let groups = identity::memberships(tx).await?;
    let subject = |device: &Device| {
        let own = groups.get(&device.user_id).into_iter().flatten().copied();
        let subject = Subject::new(device.id, device.user_id).in_groups(own);
        placed(subject, device, statuses.get(&device.user_id).copied())
    };
    Ok(all.iter().map(subject).collect())
}

/// Every living device with its person and its name.
pub(crate) async fn names(tx: &mut Tx) -> Result<Vec<(DeviceId, UserId, String)>, DbError> {
    let query = devices(Scope::All).and_where(Expr::col("live").eq(1_i64)).to_owned();
    let named = |row: &Row| device(row).map(|device| (device.id, device.user_id, device.name));
    tx.all(&query).await?.iter().map(named).collect()
}

/// Any device of a person of this status.
pub(crate) fn standing(subject: Subject, user: Option<UserStatus>) -> Subject {
    match bar(DeviceStatus::Active, user) {
        Some(bar) => subject.barred(bar),
        None => subject,
    }
}

fn placed(mut subject: Subject, device: &Device, user: Option<UserStatus>) -> Subject {
    if let Some(bar) = bar(device.status, user) {
        subject = subject.barred(bar);
    }
    match device.expires_at {
        Some(at) => subject.expires_at(at),
        None => subject,
    }
}

/// Why a device of this status, of a person of that one, has no access.
fn bar(device: DeviceStatus, user: Option<UserStatus>) -> Option<Bar> {
    match (device, user) {
        (DeviceStatus::Pending, _) => Some(Bar::DevicePending),
        (DeviceStatus::Revoked, _) => Some(Bar::DeviceRevoked),
        (DeviceStatus::Expired, _) => Some(Bar::DeviceExpired),
        (DeviceStatus::Active, None) => Some(Bar::UserRemoved),
        (DeviceStatus::Active, Some(UserStatus::Pending)) => Some(Bar::UserPending),
        (DeviceStatus::Active, Some(UserStatus::Suspended)) => Some(Bar::UserSuspended),
        (DeviceStatus::Active, Some(UserStatus::Active)) => None,
    }
}

fn devices(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(["id", "user_id", "gateway_id", "name", "platform", "device_fingerprint", "public_key"])
        .columns(["status", "expires_at", "revoked_at", "created_at"])
        .from("devices")
        .and_where(Expr::col("deleted_at").is_null())
        .cond_where(within(scope, OWNER))
        .to_owned()
}

fn device(row: &Row) -> Result<Device, DbError> {
    Ok(Device {
        id: DeviceId::from_uuid(row.uuid("id")?),
        user_id: UserId::from_uuid(row.uuid("user_id")?),
        gateway_id: row.opt_uuid("gateway_id")?.map(GatewayId::from_uuid),
        name: row.text("name")?,
        platform: row.text("platform")?,
        fingerprint: row.text("device_fingerprint")?,
        public_key: row.public_key("public_key")?,
        status: row.parsed("status")?,
        expires_at: row.opt_time("expires_at")?,
        revoked_at: row.opt_time("revoked_at")?,
        created_at: row.time("created_at")?,
    })
}
