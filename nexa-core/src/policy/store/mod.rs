mod assertions;

use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

pub(super) use assertions::{all_tests, delete_test, insert_test, list_tests, test_name};

use super::error::PolicyError;
use super::{Destination, Effect, NewPolicy, Place, Policy, ServiceRange, Target};
use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, cidr_columns, insert_row, page_by_id, within};
use crate::error::Result;
use crate::id::{PolicyId, UserId};
use crate::name::Name;
use crate::page::Cursor;
use crate::runtime::Timestamp;

pub(super) async fn insert(
    tx: &mut Tx,
    _authorized: &Authorized<right::PoliciesWrite>,
    policy: &Policy,
    name: &Name,
    created_by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    let statement = insert_row(
        "policies",
        [
            ("id", policy.id.into()),
            ("name", name.text.clone().into()),
            ("name_key", name.key.clone().into()),
            ("description", policy.description.clone().into()),
            ("priority", policy.priority.into()),
            ("effect", policy.effect.as_str().into()),
            ("is_active", i64::from(policy.is_active).into()),
            ("full_tunnel", i64::from(policy.full_tunnel).into()),
            ("revision", policy.revision.into()),
            ("valid_from", policy.valid_from.into()),
            ("valid_until", policy.valid_until.into()),
            ("created_by", created_by.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    named(tx.execute(&statement).await, name).map(drop)
}

/// The outcome of giving a policy this name.
fn named(outcome: Result<u64, DbError>, name: &Name) -> Result<u64> {
    match outcome {
        Ok(rows) => Ok(rows),
        Err(taken) if taken.is_unique_on("policies", "name_key") => {
            Err(PolicyError::NameTaken(name.text.clone()).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Writes a policy as it is now over the one of the revision before.
pub(super) async fn update(
    tx: &mut Tx,
    authorized: &Authorized<right::PoliciesWrite>,
    policy: &Policy,
    name: &Name,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table("policies")
        .value("name", name.text.clone())
        .value("name_key", name.key.clone())
        .value("description", policy.description.clone())
        .value("priority", policy.priority)
        .value("effect", policy.effect.as_str())
        .value("is_active", i64::from(policy.is_active))
        .value("full_tunnel", i64::from(policy.full_tunnel))
        .value("revision", policy.revision)
        .value("valid_from", policy.valid_from)
        .value("valid_until", policy.valid_until)
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(policy.id))
        .and_where(Expr::col("revision").eq(policy.revision - 1))
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .to_owned();
    match named(tx.execute(&statement).await, name)? {
        1 => Ok(()),
        _ => Err(PolicyError::NoPolicy(policy.id).into()),
    }
}

/// Takes the targets and destinations of a policy away, to be written anew.
pub(super) async fn clear(tx: &mut Tx, policy: PolicyId) -> Result<(), DbError> {
    for table in ["policy_targets", "policy_destinations"] {
        let statement =
            Query::delete().from_table(table).and_where(Expr::col("policy_id").eq(policy)).to_owned();
        tx.execute(&statement).await?;
    }
    Ok(())
}

pub(super) async fn insert_targets(
    tx: &mut Tx,
    ids: Vec<Uuid>,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), DbError> {
    let columns = ["id", "policy_id", "target_type", "user_id", "device_id", "group_id", "created_at"];
    let rows = ids.into_iter().zip(&policy.targets).map(|(id, target)| {
        let [user, device, group] = target_columns(*target);
        vec![
            id.into(),
            policy.id.into(),
            target.kind().into(),
            user.into(),
            device.into(),
            group.into(),
            now.into(),
        ]
    });
    tx.insert_rows("policy_targets", &columns, rows.collect()).await
}

/// `user_id`, `device_id` and `group_id` of a target.
fn target_columns(target: Target) -> [Option<Uuid>; 3] {
    ["user", "device", "group"].map(|kind| (target.kind() == kind).then(|| target.as_uuid()))
}

pub(super) async fn insert_destinations(
    tx: &mut Tx,
    ids: Vec<Uuid>,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), DbError> {
    let columns = [
        "id",
        "policy_id",
        "destination_first",
        "destination_last",
        "destination_prefix",
        "destination_name",
        "services_first",
        "services_last",
        "description",
        "created_at",
    ];
    let rows =
        ids.into_iter().zip(&policy.destinations).map(|(id, Destination { to, services, description })| {
            let (cidr, named) = match to {
                Place::Cidr(cidr) => (Some(cidr_columns(cidr)), None),
                Place::Reference(reference) => (None, Some(reference)),
            };
            let (first, last, prefix) = cidr
                .map_or((None, None, None), |(first, last, prefix)| (Some(first), Some(last), Some(prefix)));
            vec![
                id.into(),
                policy.id.into(),
                first.into(),
                last.into(),
                prefix.into(),
                named.map(ToString::to_string).into(),
                i64::from(services.first()).into(),
                i64::from(services.last()).into(),
                description.clone().into(),
                now.into(),
            ]
        });
    tx.insert_rows("policy_destinations", &columns, rows.collect()).await
}

/// Whether what a policy wants to name is there and living.
pub(super) async fn target_exists(tx: &mut Tx, target: Target) -> Result<bool, DbError> {
    let table = match target {
        Target::User(_) => "users",
        Target::Device(_) => "devices",
        Target::Group(_) => "groups",
    };
    let query = Query::select()
        .column("id")
        .from(table)
        .and_where(Expr::col("id").eq(target.as_uuid()))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// Takes a policy away; false when there is none living.
pub(super) async fn remove(
    tx: &mut Tx,
    authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("policies")
        .value("deleted_at", now)
        .value("updated_at", now)
        .value("live", Option::<i64>::None)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

pub(super) async fn get<P: Right>(tx: &mut Tx, authorized: &Authorized<P>, id: PolicyId) -> Result<Policy> {
    let query = policies(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let found = assemble(tx, &query).await?.pop();
    found.ok_or_else(|| PolicyError::NoPolicy(id).into())
}

/// What a policy is called, though nothing else of it may be as it has to be.
pub(super) async fn name_of(
    tx: &mut Tx,
    authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyId,
) -> Result<String> {
    let query = policies(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?;
    Ok(row.ok_or(PolicyError::NoPolicy(id))?.text("name")?)
}

pub(super) async fn list(
    tx: &mut Tx,
    authorized: &Authorized<right::PoliciesRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Policy>> {
    let mut query = policies(authorized.scope());
    page_by_id(&mut query, after, limit);
    assemble(tx, &query).await
}

/// Every living policy, for a caller who may read them.
pub(super) async fn all_policies<P: Right>(tx: &mut Tx, _authorized: &Authorized<P>) -> Result<Vec<Policy>> {
    every_policy(tx).await
}

/// Every living policy, for resolving what somebody may reach.
pub(super) async fn every_policy(tx: &mut Tx) -> Result<Vec<Policy>> {
    assemble(tx, policies(Scope::All).order_by("id", Order::Asc)).await
}

fn policies(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(["id", "name", "description", "priority", "effect", "is_active", "full_tunnel"])
        .columns(["revision", "valid_from", "valid_until"])
        .from("policies")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::NoOne))
        .to_owned()
}

/// Policies with their targets and destinations. A row that does not parse fails the whole call: what cannot be read
/// must not be left out, because leaving out a deny would open something.
async fn assemble(tx: &mut Tx, query: &SelectStatement) -> Result<Vec<Policy>> {
    let heads = tx.all(query).await?;
    let ids: Vec<Uuid> = heads.iter().map(|row| row.uuid("id")).collect::<Result<_, _>>()?;
    let mut targets: BTreeMap<Uuid, Vec<Target>> = BTreeMap::new();
    let mut destinations: BTreeMap<Uuid, Vec<Destination>> = BTreeMap::new();
    for some in ids.chunks(500) {
        for row in tx.all(&targets_of(some)).await? {
            let (id, target) = part_of_policy(&row, target)?;
            targets.entry(id).or_default().push(target);
        }
        for row in tx.all(&destinations_of(some)).await? {
            let (id, destination) = part_of_policy(&row, destination)?;
            destinations.entry(id).or_default().push(destination);
        }
    }
    // Where others write meanwhile, each statement sees what is committed by then: a head could stand beside the destinations of its next
    // revision. That is read again as a whole.
    if !tx.is_the_only_writer() && revisions(&tx.all(query).await?)? != revisions(&heads)? {
        return Err(DbError::Contended("policies were changed while they were read".to_owned()).into());
    }
    let mut policies = Vec::with_capacity(heads.len());
    for (row, id) in heads.iter().zip(ids) {
        let targets = targets.remove(&id).unwrap_or_default();
        let destinations = destinations.remove(&id).unwrap_or_default();
        policies.push(policy(row, targets, destinations).map_err(|cause| of_policy(id, cause))?);
    }
    Ok(policies)
}

fn revisions(heads: &[Row]) -> Result<Vec<(Uuid, i64)>, DbError> {
    heads.iter().map(|row| Ok((row.uuid("id")?, row.number("revision")?))).collect()
}

fn part_of_policy<T>(row: &Row, read: impl FnOnce(&Row) -> Result<T, DbError>) -> Result<(Uuid, T), DbError> {
    let id = row.uuid("policy_id")?;
    read(row).map(|part| (id, part)).map_err(|cause| of_policy(id, cause))
}

/// What is damaged, by its policy: that is what can be removed.
fn of_policy(id: Uuid, cause: DbError) -> DbError {
    cause.of_row(format_args!("policy {id}"))
}

fn targets_of(policies: &[Uuid]) -> SelectStatement {
    Query::select()
        .columns(["policy_id", "target_type", "user_id", "device_id", "group_id"])
        .from("policy_targets")
        .and_where(Expr::col("policy_id").is_in(policies.iter().copied()))
        .to_owned()
}

fn destinations_of(policies: &[Uuid]) -> SelectStatement {
    Query::select()
        .columns(["policy_id", "destination_first", "destination_last"])
        .columns(["destination_prefix", "destination_name", "services_first", "services_last", "description"])
        .from("policy_destinations")
        .and_where(Expr::col("policy_id").is_in(policies.iter().copied()))
        .to_owned()
}

fn target(row: &Row) -> Result<Target, DbError> {
    let kind = row.text("target_type")?;
    let id = match kind.as_str() {
        "user" => row.uuid("user_id")?,
        "device" => row.uuid("device_id")?,
        _ => row.uuid("group_id")?,
    };
    Target::from_parts(&kind, id).map_err(|cause| DbError::corrupt("target_type", cause))
}

fn destination(row: &Row) -> Result<Destination, DbError> {
    let to = match row.opt_text("destination_name")? {
        None => Place::Cidr(row.cidr("destination_first", "destination_last", "destination_prefix")?),
        Some(name) => match name.parse() {
            Ok(Place::Reference(reference)) => Place::Reference(reference),
            _ => return Err(DbError::corrupt("policy_destinations.destination_name", "names nothing")),
        },
    };
    let services = ServiceRange::from_numbers(row.number("services_first")?, row.number("services_last")?)
        .ok_or_else(|| DbError::corrupt("policy_destinations.services_first", "is no range of services"))?;
    Ok(Destination::new(to).by(services).described(row.text("description")?))
}

fn policy(row: &Row, targets: Vec<Target>, destinations: Vec<Destination>) -> Result<Policy, DbError> {
    let name = row.text("name")?;
    let mut stored = match row.parsed("effect")? {
        Effect::Allow => NewPolicy::allow(name),
        Effect::Deny => NewPolicy::deny(name),
    };
    stored.description = row.text("description")?;
    stored.priority = row.number("priority")?;
    stored.is_active = row.flag("is_active")?;
    stored.full_tunnel = row.flag("full_tunnel")?;
    stored.valid_from = row.opt_time("valid_from")?;
    stored.valid_until = row.opt_time("valid_until")?;
    stored.targets = targets;
    stored.destinations = destinations;
    let id = PolicyId::from_uuid(row.uuid("id")?);
    let policy = stored.build(id).map_err(|cause| DbError::corrupt("policies", format!("{id}: {cause}")))?;
    Ok(Policy { revision: row.number("revision")?, ..policy })
}
