//! Tests and bounds around a change of who may reach what.

use std::collections::BTreeSet;

use super::assertions::{PolicyTest, PolicyTestResult};
use super::error::PolicyError;
use super::fleet::{Difference, Fleet};
use super::model::Target;
use super::service::{InForce, policies_now};
use super::store;
use super::subject::Subject;
use crate::db::counter;
use crate::devices;
use crate::error::{ErrorKind, Result};
use crate::events::Change;
use crate::id::{DeviceId, PolicyTestId, UserId};
use crate::identity;
use crate::settings::registry;
use crate::unit::Unit;

/// What was so before a change.
pub(crate) struct Before {
    tests: Vec<PolicyTest>,
    passing: BTreeSet<PolicyTestId>,
    /// The fleet and what was in force, where a bound is set.
    bounded: Option<(Vec<Subject>, InForce)>,
}

impl Before {
    /// Leaves the tests out that the change itself takes away.
    pub(super) fn retain(&mut self, stays: impl FnMut(&PolicyTest) -> bool) {
        self.tests.retain(stays);
    }
}

/// Makes this the only change of policies, of whom they are about and of tests until its transaction ends: two changes that are each as
/// they should be could otherwise be against a test together.
pub(super) async fn alone(unit: &mut Unit) -> Result<()> {
    Ok(counter::next(&mut unit.tx, counter::POLICIES).await.map(drop)?)
}

/// Begins a change of policies or of whom they are about, alone.
pub(crate) async fn begin(unit: &mut Unit) -> Result<Before> {
    alone(unit).await?;
    let tests = store::all_tests(&mut unit.tx).await?;
    let settings = unit.settings().await?;
    let is_bounded = settings.number::<usize>(&registry::MOST_GAINING)? > 0
        || settings.number::<usize>(&registry::MOST_LOSING)? > 0
        || !settings.prefixes(&registry::PROTECTED)?.is_empty();
    if tests.is_empty() && !is_bounded {
        return Ok(Before { tests, passing: BTreeSet::new(), bounded: None });
    }
    let in_force = policies_now(unit).await?;
    let passing = run(unit, tests.clone(), &in_force).await?;
    let passing = passing.into_iter().filter(|result| result.passed).map(|result| result.test.id).collect();
    let bounded = match is_bounded {
        true => Some((devices::subjects(&mut unit.tx).await?, in_force)),
        false => None,
    };
    Ok(Before { tests, passing, bounded })
}

/// Refuses the change when a test fails that passed before it, or more devices gain or lose access than one change may give or take.
pub(crate) async fn end(unit: &mut Unit, before: Before) -> Result<()> {
    if before.tests.is_empty() && before.bounded.is_none() {
        return Ok(());
    }
    let in_force = policies_now(unit).await?;
    let results = run(unit, before.tests, &in_force).await?;
    let broken =
        results.into_iter().filter(|result| !result.passed && before.passing.contains(&result.test.id));
    refuse(broken.collect())?;
    let Some((subjects, old)) = before.bounded else { return Ok(()) };
    let now = devices::subjects(&mut unit.tx).await?;
    let resolutions = unit.resolutions();
    let was = Fleet::resolve_with(&resolutions, &subjects, &old.policies, &old.places, unit.now);
    let is = Fleet::resolve_with(&resolutions, &now, &in_force.policies, &in_force.places, unit.now);
    check_bounds(&unit.settings().await?, &was.diff(&is))
}

/// Refuses the change when one of these tests, which it brings along, does not hold.
pub(super) async fn hold(unit: &mut Unit, mut is_new: impl FnMut(&PolicyTest) -> bool) -> Result<()> {
    let mut tests = store::all_tests(&mut unit.tx).await?;
    tests.retain(|test| is_new(test));
    if tests.is_empty() {
        return Ok(());
    }
    let in_force = policies_now(unit).await?;
    let results = run(unit, tests, &in_force).await?;
    refuse(results.into_iter().filter(|result| !result.passed).collect())
}

fn refuse(broken: Vec<PolicyTestResult>) -> Result<()> {
    let names: Vec<_> = broken.into_iter().map(|result| result.test.name).collect();
    if names.is_empty() { Ok(()) } else { Err(PolicyError::TestsFail(names.join(", ")).into()) }
}

fn check_bounds(settings: &crate::settings::Values, differences: &[Difference<'_>]) -> Result<()> {
    let protected = settings.prefixes(&registry::PROTECTED)?;
    for Difference { subject, gained, .. } in differences {
        if let Some(range) = gained.addresses().intersection(&protected).ranges().first() {
            return Err(PolicyError::Protected { device: subject.device, range: *range }.into());
        }
    }
    let gaining = differences.iter().filter(|difference| !difference.gained.is_empty()).count();
    let losing = differences.iter().filter(|difference| !difference.lost.is_empty()).count();
    let bounds = [("gain", gaining, &registry::MOST_GAINING), ("lose", losing, &registry::MOST_LOSING)];
    for (change, count, bound) in bounds {
        let most = settings.number::<usize>(bound)?;
        if most > 0 && count > most {
            return Err(PolicyError::TooMany { change, count, most }.into());
        }
    }
    Ok(())
}

/// Runs tests against what is in force.
pub(super) async fn run(
    unit: &mut Unit,
    tests: Vec<PolicyTest>,
    in_force: &InForce,
) -> Result<Vec<PolicyTestResult>> {
    let mut results = Vec::with_capacity(tests.len());
    for test in tests {
        let subject = subject_of(unit, test.who).await?;
        let passed = test.holds(&subject, &in_force.policies, &in_force.places, unit.now);
        results.push(PolicyTestResult { test, passed });
    }
    Ok(results)
}

/// Begins something that no test may hold back, such as a suspension: the tests about whom it concerns that pass now.
pub(crate) async fn watch(unit: &mut Unit, concerns: impl Fn(Target) -> bool) -> Result<Vec<PolicyTest>> {
    let mut tests = store::all_tests(&mut unit.tx).await?;
    tests.retain(|test| concerns(test.who));
    let results = run_if_possible(unit, tests).await?;
    Ok(results.into_iter().filter(|result| result.passed).map(|result| result.test).collect())
}

/// Puts those of them that do not pass any more into the audit and among the events, for somebody to look after.
pub(crate) async fn note_failing(unit: &mut Unit, passed: Vec<PolicyTest>) -> Result<()> {
    for PolicyTestResult { test, .. } in
        run_if_possible(unit, passed).await?.into_iter().filter(|result| !result.passed)
    {
        let message = format!("policy test {} does not pass any more", test.name);
        unit.record(Change::PolicyTestFailed(test.id), message).await?;
    }
    Ok(())
}

/// None where what is in force cannot be said: that is no reason to let somebody in.
async fn run_if_possible(unit: &mut Unit, tests: Vec<PolicyTest>) -> Result<Vec<PolicyTestResult>> {
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let results = match policies_now(unit).await {
        Ok(in_force) => run(unit, tests, &in_force).await,
        Err(unsaid) => Err(unsaid),
    };
    match results {
        Err(unsaid) if unsaid.kind() == ErrorKind::Corrupt || unsaid.code() == "policy.place_unknown" => {
            tracing::warn!(error = %unsaid, "policy tests could not be run");
            Ok(Vec::new())
        }
        results => results,
    }
}

/// Somebody who stands for a target.
async fn subject_of(unit: &mut Unit, target: Target) -> Result<Subject> {
    let nobody = uuid::Uuid::nil();
    match target {
        Target::Device(id) => devices::subject_of(&mut unit.tx, id).await,
        Target::User(id) => {
            let groups = identity::groups_of(&mut unit.tx, id).await?;
            let status = identity::user_status(&mut unit.tx, id).await?;
            let subject = Subject::new(DeviceId::from_uuid(nobody), id).in_groups(groups);
            Ok(devices::standing(subject, status))
        }
        Target::Group(id) => {
            Ok(Subject::new(DeviceId::from_uuid(nobody), UserId::from_uuid(nobody)).in_groups([id]))
        }
    }
}
