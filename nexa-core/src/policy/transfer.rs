//! The whole set of policies out as a text, and in from one.

use std::collections::{HashMap, HashSet};

use super::assertions::{NewPolicyTest, PolicyTest};
use super::document::{
    self, Document, DocumentFormat, DocumentPolicy, DocumentReport, DocumentTest, Fault, Who,
};
use super::error::PolicyError;
use super::model::{NewPolicy, Policy, Target};
use super::{changing, store, testing};
use crate::actor::{Authorized, right};
use crate::devices;
use crate::error::Result;
use crate::id::{DeviceId, GroupId, PolicyId, UserId};
use crate::identity;
use crate::name::Name;
use crate::unit::Unit;

pub(super) async fn export(unit: &mut Unit, format: DocumentFormat) -> Result<String> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let names = Names::load(unit).await?;
    let policies = store::all_policies(&mut unit.tx, &authorized).await?;
    let tests = store::all_tests(&mut unit.tx).await?;
    let document = Document {
        policies: policies.into_iter().map(|policy| names.policy(policy)).collect(),
        tests: Some(tests.into_iter().filter_map(|test| names.test(test)).collect()),
    };
    Ok(document::write(&document, format))
}

pub(super) async fn check(unit: &mut Unit, text: &str) -> Result<DocumentReport> {
    let authorized = unit.authorize::<right::PoliciesRead>()?;
    authorized.unowned()?;
    let stored = store::all_policies(&mut unit.tx, &authorized).await?;
    match plan(unit, text, stored).await? {
        Ok(plan) => Ok(plan.report()),
        Err(faults) => {
            Ok(DocumentReport { fault_count: faults.len() as u64, faults, ..DocumentReport::default() })
        }
    }
}

pub(super) async fn import(unit: &mut Unit, text: &str) -> Result<DocumentReport> {
    let authorized = unit.authorize::<right::PoliciesWrite>()?;
    authorized.unowned()?;
    let mut before = testing::begin(unit).await?;
    let stored = store::all_policies(&mut unit.tx, &authorized).await?;
    let plan = plan(unit, text, stored).await?.map_err(first_fault)?;
    let report = plan.report();
    before.retain(|old| plan.keeps(old));
    let brought = carry_out(unit, &authorized, &plan).await?;
    testing::end_with(unit, before, &brought).await?;
    Ok(report)
}

/// The policies that there would be, were a document imported. Those that it creates have ids that no policy has.
pub(super) async fn policies_of(unit: &mut Unit, text: &str, stored: Vec<Policy>) -> Result<Vec<Policy>> {
    let plan = plan(unit, text, stored.clone()).await?.map_err(first_fault)?;
    let gone = |policy: &&Policy| {
        let is = |other: &Policy| other.id == policy.id;
        !plan.remove.iter().any(is) && !plan.update.iter().any(|(old, _)| is(old))
    };
    let mut policies: Vec<_> = stored.iter().filter(gone).cloned().collect();
    for (old, new) in plan.update {
        policies.push(new.build(old.id)?);
    }
    for new in plan.create {
        policies.push(new.build(PolicyId::from_uuid(uuid::Uuid::from_u128(policies.len() as u128)))?);
    }
    Ok(policies)
}

/// The error of a text that is not as it has to be.
fn first_fault(faults: Vec<Fault>) -> PolicyError {
    PolicyError::Document(faults.into_iter().next().unwrap_or_else(document::refused))
}

/// What a document makes of what is stored.
struct Plan {
    create: Vec<NewPolicy>,
    update: Vec<(Policy, NewPolicy)>,
    remove: Vec<Policy>,
    unchanged: u64,
    /// None leaves the tests as they are.
    tests: Option<Vec<NewPolicyTest>>,
    stored_tests: Vec<PolicyTest>,
}

impl Plan {
    fn keeps(&self, old: &PolicyTest) -> bool {
        self.tests.as_ref().is_none_or(|tests| tests.iter().any(|new| is_same(old, new)))
    }

    fn removed_tests(&self) -> impl Iterator<Item = &PolicyTest> {
        self.stored_tests.iter().filter(|old| !self.keeps(old))
    }

    fn new_tests(&self) -> impl Iterator<Item = &NewPolicyTest> {
        let tests = self.tests.iter().flatten();
        tests.filter(|new| !self.stored_tests.iter().any(|old| is_same(old, new)))
    }

    fn report(&self) -> DocumentReport {
        DocumentReport {
            created: self.create.len() as u64,
            updated: self.update.len() as u64,
            removed: self.remove.len() as u64,
            unchanged: self.unchanged,
            tests: self.tests.as_ref().map_or(self.stored_tests.len(), Vec::len) as u64,
            tests_removed: self.removed_tests().count() as u64,
            faults: Vec::new(),
            fault_count: 0,
        }
    }
}

/// Compares a document with what is stored; policies are the same that have the same name.
async fn plan(unit: &mut Unit, text: &str, stored: Vec<Policy>) -> Result<Result<Plan, Vec<Fault>>> {
    let document = match document::read(text) {
        Ok(document) => document,
        Err(faults) => return Ok(Err(faults)),
    };
    let names = Names::load(unit).await?;
    let mut faults = Vec::new();
    let mut left: HashMap<String, Policy> =
        stored.into_iter().map(|policy| (Name::derived(&policy.name).key, policy)).collect();
    let mut plan = Plan {
        create: Vec::new(),
        update: Vec::new(),
        remove: Vec::new(),
        unchanged: 0,
        tests: document.tests.as_ref().map(|_| Vec::new()),
        stored_tests: store::all_tests(&mut unit.tx).await?,
    };
    for policy in &document.policies {
        let new = names.new_policy(policy, &mut faults);
        let key = Name::parse("name", &policy.name).map(|name| name.key);
        let Ok(key) =
            key.map_err(|refused| faults.push(Fault::new(policy.line, "name", refused.to_string())))
        else {
            continue;
        };
        match left.remove(&key) {
            None => plan.create.push(new),
            Some(old) => match new.clone().build(old.id)? {
                same if (Policy { revision: old.revision, ..same.clone() }) == old => plan.unchanged += 1,
                _ => plan.update.push((old, new)),
            },
        }
    }
    for test in document.tests.iter().flatten() {
        if let Err(refused) = Name::parse("name", &test.name) {
            faults.push(Fault::new(test.line, "name", refused.to_string()));
        }
        if let Some(who) = names.target(test.line, &test.who, "who", &mut faults) {
            let DocumentTest { to, service, expect, .. } = *test;
            let new = NewPolicyTest { name: test.name.clone(), who, to: to.to_canonical(), service, expect };
            plan.tests.get_or_insert_default().push(new);
        }
    }
    plan.remove = left.into_values().collect();
    plan.remove.sort_by_key(|policy| policy.id);
    faults.sort();
    faults.truncate(document::MOST_FAULTS);
    Ok(if faults.is_empty() { Ok(plan) } else { Err(faults) })
}

/// Gives the tests that were not there before.
async fn carry_out(
    unit: &mut Unit,
    authorized: &Authorized<right::PoliciesWrite>,
    plan: &Plan,
) -> Result<Vec<PolicyTest>> {
    // What goes first, so that its name is free.
    for policy in &plan.remove {
        changing::delete(unit, authorized, policy.id, &policy.name).await?;
    }
    for (old, new) in &plan.update {
        changing::replace(unit, authorized, old, new).await?;
    }
    for new in &plan.create {
        let name = Name::parse("name", &new.name)?;
        changing::insert(unit, authorized, &name, new).await?;
    }
    for old in plan.removed_tests() {
        changing::delete_test(unit, authorized, old.id, &old.name).await?;
    }
    let mut brought = Vec::new();
    for new in plan.new_tests() {
        let name = Name::parse("name", &new.name)?;
        brought.push(changing::insert_test(unit, authorized, &name, new).await?);
    }
    Ok(brought)
}

fn is_same(old: &PolicyTest, new: &NewPolicyTest) -> bool {
    (old.who, old.to, old.service, old.expect) == (new.who, new.to, new.service, new.expect)
        && old.name == new.name
}

/// People and groups by their ids and by their names.
struct Names {
    users: HashMap<UserId, String>,
    groups: HashMap<GroupId, String>,
    devices: HashSet<DeviceId>,
    user_ids: HashMap<String, UserId>,
    group_ids: HashMap<String, GroupId>,
}

impl Names {
    async fn load(unit: &mut Unit) -> Result<Self> {
        let users = identity::usernames(&mut unit.tx).await?;
        let groups = identity::group_names(&mut unit.tx).await?;
        let devices = devices::names(&mut unit.tx).await?;
        Ok(Names {
            user_ids: users.iter().map(|(id, name)| (name.key.clone(), *id)).collect(),
            group_ids: groups.iter().map(|(id, name)| (name.key.clone(), *id)).collect(),
            devices: devices.into_iter().map(|(id, ..)| id).collect(),
            users: users.into_iter().map(|(id, name)| (id, name.text)).collect(),
            groups: groups.into_iter().map(|(id, name)| (id, name.text)).collect(),
        })
    }

    /// Whom a target is about; nothing for somebody who is gone.
    fn who(&self, target: Target) -> Option<Who> {
        match target {
            Target::User(id) => self.users.get(&id).cloned().map(Who::User),
            Target::Group(id) => self.groups.get(&id).cloned().map(Who::Group),
            Target::Device(id) => self.devices.contains(&id).then_some(Who::Device(id)),
        }
    }

    fn policy(&self, policy: Policy) -> DocumentPolicy {
        DocumentPolicy {
            line: 0,
            name: policy.name,
            description: policy.description,
            priority: policy.priority,
            effect: policy.effect,
            is_active: policy.is_active,
            full_tunnel: policy.full_tunnel,
            targets: policy.targets.into_iter().filter_map(|target| Some((0, self.who(target)?))).collect(),
            destinations: policy.destinations,
            valid_from: policy.valid_from,
            valid_until: policy.valid_until,
        }
    }

    fn test(&self, test: PolicyTest) -> Option<DocumentTest> {
        let PolicyTest { name, who, to, service, expect, .. } = test;
        Some(DocumentTest { line: 0, name, who: self.who(who)?, to, service, expect })
    }

    fn target(&self, line: u64, who: &Who, field: &str, faults: &mut Vec<Fault>) -> Option<Target> {
        let found = match who {
            Who::User(name) => self.user_ids.get(&Name::derived(name).key).map(|id| Target::User(*id)),
            Who::Group(name) => self.group_ids.get(&Name::derived(name).key).map(|id| Target::Group(*id)),
            Who::Device(id) => self.devices.get(id).map(|id| Target::Device(*id)),
        };
        if found.is_none() {
            faults.push(Fault::new(line, field, format!("names {who}, who is not there")));
        }
        found
    }

    fn new_policy(&self, policy: &DocumentPolicy, faults: &mut Vec<Fault>) -> NewPolicy {
        let mut new = NewPolicy::allow(policy.name.clone());
        new.description.clone_from(&policy.description);
        (new.priority, new.effect) = (policy.priority, policy.effect);
        (new.is_active, new.full_tunnel) = (policy.is_active, policy.full_tunnel);
        (new.valid_from, new.valid_until) = (policy.valid_from, policy.valid_until);
        new.destinations.clone_from(&policy.destinations);
        for (line, who) in &policy.targets {
            new.targets.extend(self.target(*line, who, "targets", faults));
        }
        new
    }
}
