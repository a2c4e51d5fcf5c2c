//! Changes of policies and of their tests.

use super::assertions::{NewPolicyTest, PolicyTest, PolicyTestResult};
use super::error::PolicyError;
use super::model::{NewPolicy, Policy, PolicyChanges, Target};
use super::{store, testing};
use crate::actor::{Authorized, right};
use crate::error::Result;
use crate::events::Change;
use crate::id::{PolicyId, PolicyTestId};
use crate::name::Name;
use crate::page::{Page, PageRequest};
use crate::unit::Unit;

pub(super) async fn create(unit: &mut Unit, name: &Name, policy: &NewPolicy) -> Result<Policy> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    authorized.unowned()?;
    let before = testing::begin(unit).await?;
    let created = insert(unit, &authorized, name, policy).await?;
    testing::end(unit, before).await?;
    Ok(created)
}

/// Creates one without a look at what must hold.
pub(super) async fn insert(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    name: &Name,
    policy: &NewPolicy,
) -> Result<Policy> {
    let policy = policy.clone().build(PolicyId::from_uuid(unit.new_uuid()?))?;
    let created_by = unit.actor().user();
    store::insert(&mut unit.tx, authorized, &policy, name, created_by, unit.now).await?;
    insert_parts(unit, &policy, &[]).await?;
    unit.record(Change::PolicyCreated(policy.id), format!("policy {} was created", name.text)).await?;
    Ok(policy)
}

/// Writes targets and destinations. A target that the policy had may be gone: it names nobody, and is no reason to keep the policy as it is.
async fn insert_parts(unit: &mut Unit, policy: &Policy, had: &[Target]) -> Result<()> {
    for target in policy.targets.iter().filter(|target| !had.contains(target)) {
        if !store::target_exists(&mut unit.tx, *target).await? {
            return Err(PolicyError::NoTarget(*target).into());
        }
    }
    let ids = policy.targets.iter().map(|_| unit.new_uuid()).collect::<Result<_>>()?;
    store::insert_targets(&mut unit.tx, ids, policy, unit.now).await?;
    let ids = policy.destinations.iter().map(|_| unit.new_uuid()).collect::<Result<_>>()?;
    Ok(store::insert_destinations(&mut unit.tx, ids, policy, unit.now).await?)
}

pub(super) async fn update(
    unit: &mut Unit,
    id: PolicyId,
    revision: i64,
    changes: &PolicyChanges,
) -> Result<Policy> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    let before = testing::begin(unit).await?;
    let policy = store::get(&mut unit.tx, &authorized, id).await?;
    if policy.revision != revision {
        return Err(PolicyError::Stale { id, asked: revision, now: policy.revision }.into());
    }
    let changed = changes.clone().of(&policy);
    let updated = replace(unit, &authorized, &policy, &changed).await?;
    testing::end(unit, before).await?;
    Ok(updated)
}

/// Makes one say something else, without a look at what must hold. Nothing is written where that is what it says already.
pub(super) async fn replace(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    policy: &Policy,
    changed: &NewPolicy,
) -> Result<Policy> {
    let name = Name::parse("name", &changed.name)?;
    let changed = Policy { revision: policy.revision, ..changed.clone().build(policy.id)? };
    if changed == *policy {
        return Ok(changed);
    }
    let changed = Policy { revision: policy.revision + 1, ..changed };
    store::update(&mut unit.tx, authorized, &changed, &name, unit.now).await?;
    store::clear(&mut unit.tx, policy.id).await?;
    insert_parts(unit, &changed, &policy.targets).await?;
    unit.record(Change::PolicyChanged(policy.id), format!("policy {} was changed", name.text)).await?;
    Ok(changed)
}

pub(super) async fn remove(unit: &mut Unit, id: PolicyId) -> Result<()> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    let before = testing::begin_removal(unit).await?;
    let name = store::name_of(&mut unit.tx, &authorized, id).await?;
    delete(unit, &authorized, id, &name).await?;
    testing::end_removal(unit, before).await
}

/// Removes one without a look at what must hold.
pub(super) async fn delete(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyId,
    name: &str,
) -> Result<()> {
    if !store::remove(&mut unit.tx, authorized, id, unit.now).await? {
        return Err(PolicyError::NoPolicy(id).into());
    }
    unit.record(Change::PolicyRemoved(id), format!("policy {name} was removed")).await
}

pub(super) async fn create_test(unit: &mut Unit, name: &Name, test: &NewPolicyTest) -> Result<PolicyTest> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    authorized.unowned()?;
    // Alone, as a change is: it would otherwise not know the test.
    testing::alone(unit).await?;
    insert_test(unit, &authorized, name, test).await
}

pub(super) async fn insert_test(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    name: &Name,
    test: &NewPolicyTest,
) -> Result<PolicyTest> {
    let NewPolicyTest { who, to, service, expect, .. } = *test;
    if !store::target_exists(&mut unit.tx, who).await? {
        return Err(PolicyError::NoTarget(who).into());
    }
    let id = PolicyTestId::from_uuid(unit.new_uuid()?);
    let test = PolicyTest { id, name: name.text.clone(), who, to: to.to_canonical(), service, expect };
    store::insert_test(&mut unit.tx, authorized, &test, name, unit.now).await?;
    unit.record(Change::PolicyTestCreated(id), format!("policy test {} was created", name.text)).await?;
    Ok(test)
}

pub(super) async fn remove_test(unit: &mut Unit, id: PolicyTestId) -> Result<()> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    authorized.unowned()?;
    let name = store::test_name(&mut unit.tx, &authorized, id).await?;
    delete_test(unit, &authorized, id, &name).await
}

pub(super) async fn delete_test(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    id: PolicyTestId,
    name: &str,
) -> Result<()> {
    if !store::delete_test(&mut unit.tx, authorized, id).await? {
        return Err(PolicyError::NoTest(id).into());
    }
    unit.record(Change::PolicyTestRemoved(id), format!("policy test {name} was removed")).await
}

pub(super) async fn list_tests(unit: &mut Unit, page: &PageRequest) -> Result<Page<PolicyTest>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let limit = page.checked_limit()?;
    let tests = store::list_tests(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(tests, limit, |test| test.id.as_uuid()))
}

pub(super) async fn run_tests(unit: &mut Unit) -> Result<Vec<PolicyTestResult>> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let tests = store::all_tests(&mut unit.tx).await?;
    testing::run(unit, tests).await
}
