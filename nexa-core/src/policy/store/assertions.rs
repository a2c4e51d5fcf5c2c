use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use super::{target, target_columns};
use crate::actor::{Authorized, right};
use crate::db::{DbError, Row, Tx, insert_row, ip_bytes, page_by_id};
use crate::error::Result;
use crate::id::PolicyTestId;
use crate::name::Name;
use crate::page::Cursor;
use crate::policy::error::PolicyError;
use crate::policy::{PolicyTest, ServiceRange};
use crate::runtime::Timestamp;

pub(in crate::policy) async fn insert_test(
    tx: &mut Tx,
    _authorized: &Authorized<right::PoliciesWrite>,
    test: &PolicyTest,
    name: &Name,
    now: Timestamp,
) -> Result<()> {
    let [user, device, group] = target_columns(test.who);
    let statement = insert_row(
        "policy_tests",
        [
            ("id", test.id.into()),
            ("name", name.text.clone().into()),
            ("name_key", name.key.clone().into()),
            ("target_type", test.who.kind().into()),
            ("user_id", user.into()),
            ("device_id", device.into()),
            ("group_id", group.into()),
            ("address", ip_bytes(test.to).into()),
            ("services_first", i64::from(test.service.first()).into()),
            ("services_last", i64::from(test.service.last()).into()),
            ("expected", test.expect.as_str().into()),
            ("created_at", now.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("policy_tests", "name_key") => {
            Err(PolicyError::TestNameTaken(name.text.clone()).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes a test away; false when there is none.
pub(in crate::policy) async fn delete_test(
    tx: &mut Tx,
    _authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyTestId,
) -> Result<bool, DbError> {
    let statement = Query::delete().from_table("policy_tests").and_where(Expr::col("id").eq(id)).to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// What a test is called, though nothing else of it may be as it has to be.
pub(in crate::policy) async fn test_name(
    tx: &mut Tx,
    _authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyTestId,
) -> Result<String> {
    let query = tests().and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?;
    Ok(row.ok_or(PolicyError::NoTest(id))?.text("name")?)
}

pub(in crate::policy) async fn list_tests(
    tx: &mut Tx,
    _authorized: &Authorized<right::PoliciesRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<PolicyTest>, DbError> {
    let mut query = tests();
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(test).collect()
}

/// Every test, to see whether a change that the caller may make is against one.
pub(in crate::policy) async fn all_tests(tx: &mut Tx) -> Result<Vec<PolicyTest>, DbError> {
    tx.all(tests().order_by("id", Order::Asc)).await?.iter().map(test).collect()
}

fn tests() -> SelectStatement {
    Query::select()
        .columns(["id", "name", "target_type", "user_id", "device_id", "group_id", "address"])
        .columns(["services_first", "services_last", "expected"])
        .from("policy_tests")
        .to_owned()
}

/// What is damaged is named by its test: that is what can be removed.
fn test(row: &Row) -> Result<PolicyTest, DbError> {
    let id = PolicyTestId::from_uuid(row.uuid("id")?);
    test_of(row, id).map_err(|cause| cause.of_row(format_args!("policy test {id}")))
}

fn test_of(row: &Row, id: PolicyTestId) -> Result<PolicyTest, DbError> {
    let service = ServiceRange::from_numbers(row.number("services_first")?, row.number("services_last")?)
        .ok_or_else(|| DbError::corrupt("policy_tests.services_first", "is no range of services"))?;
    let to = row.opt_ip("address")?.ok_or_else(|| DbError::corrupt("policy_tests.address", "is missing"))?;
    Ok(PolicyTest {
        id,
        name: row.text("name")?,
        who: target(row)?,
        to,
        service,
        expect: row.parsed("expected")?,
    })
}
