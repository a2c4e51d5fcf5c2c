//! Tests and bounds around a change of who may reach what.

use std::collections::BTreeSet;

use super::assertions::{PolicyTest, PolicyTestResult};
use super::cases::{Case, World, edges, newcomer};
use super::equivalent::gains_nothing;
use super::error::PolicyError;
use super::fleet::{Difference, Fleet};
use super::model::{Policy, Target};
use super::resolutions::Resolutions;
use super::service::{InForce, policies_now};
use super::store;
use crate::db::counter;
use crate::devices;
use crate::error::{ErrorKind, Result};
use crate::events::Change;
use crate::id::UserId;
use crate::identity::{self, UserStatus};
use crate::net::{AddressRange, AddressSet};
use crate::runtime::Timestamp;
use crate::settings::{Values, registry};
use crate::unit::Unit;

/// What was so before a change.
pub(crate) struct Before {
    /// None where nothing has to hold.
    world: Option<World>,
    tests: Vec<PolicyTest>,
}

impl Before {
    /// Leaves the tests out that the change itself takes away.
    pub(super) fn retain(&mut self, stays: impl FnMut(&PolicyTest) -> bool) {
        self.tests.retain(stays);
    }
}

async fn load(unit: &mut Unit) -> Result<World> {
    let in_force = policies_now(unit).await?;
    let devices = devices::subjects(&mut unit.tx).await?;
    let groups = identity::memberships(&mut unit.tx).await?;
    let statuses = identity::user_statuses(&mut unit.tx).await?;
    let person = |(user, status): (UserId, UserStatus)| {
        let own = groups.get(&user).into_iter().flatten().copied();
        (user, devices::standing(newcomer(user).in_groups(own), Some(status)))
    };
    let people = statuses.into_iter().map(person).collect();
    let everybody = identity::everybody(&mut unit.tx).await?;
    Ok(World { devices, people, everybody, in_force })
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
    let world = match is_bounded || !tests.is_empty() {
        true => Some(load(unit).await?.if_active(unit.now)),
        false => None,
    };
    Ok(Before { world, tests })
}

/// Refuses the change when a test fails that passed before it, now or from a moment ahead at which a window begins or ends, when somebody
/// gains what is protected, or when more devices gain or lose access than one change may give or take.
pub(crate) async fn end(unit: &mut Unit, before: Before) -> Result<()> {
    end_with(unit, before, &[]).await
}

/// The same of a change that brings tests along, which have to hold.
pub(super) async fn end_with(unit: &mut Unit, before: Before, brought: &[PolicyTest]) -> Result<()> {
    if before.world.is_none() && brought.is_empty() {
        return Ok(());
    }
    let is = load(unit).await?.if_active(unit.now);
    if let Before { world: Some(was), tests } = before {
        let is_broken =
            |test: &&PolicyTest| Case::new(test, &was).is_broken_by(&Case::new(test, &is), unit.now);
        refuse(tests.iter().filter(is_broken))?;
        let settings = unit.settings().await?;
        check_protected(&settings.prefixes(&registry::PROTECTED)?, (&was, &is), unit.now)?;
        check_counts(&settings, (&was, &is), unit)?;
    }
    refuse(brought.iter().filter(|test| !Case::new(test, &is).holds_from(unit.now)))
}

/// Begins taking a policy away. None where what is in force cannot be said, for which this policy may be the reason.
pub(super) async fn begin_removal(unit: &mut Unit) -> Result<Option<Before>> {
    match begin(unit).await {
        Err(damaged) if damaged.kind() == ErrorKind::Corrupt => Ok(None),
        begun => begun.map(Some),
    }
}

/// Where nothing could be said before, every test has to hold afterwards. Where nothing can be said still, nobody reaches anything.
pub(super) async fn end_removal(unit: &mut Unit, before: Option<Before>) -> Result<()> {
    if let Some(before) = before {
        return end(unit, before).await;
    }
    match policies_now(unit).await {
        Err(damaged) if damaged.kind() == ErrorKind::Corrupt => Ok(()),
        _ => {
            let tests = store::all_tests(&mut unit.tx).await?;
            end_with(unit, Before { world: None, tests: Vec::new() }, &tests).await
        }
    }
}

fn refuse<'t>(broken: impl Iterator<Item = &'t PolicyTest>) -> Result<()> {
    let names: Vec<_> = broken.map(|test| test.name.as_str()).collect();
    if names.is_empty() { Ok(()) } else { Err(PolicyError::TestsFail(names.join(", ")).into()) }
}

/// Refuses a change by which anybody there is, or could be, gains what is protected, now or at a moment ahead.
fn check_protected(protected: &AddressSet, (was, is): (&World, &World), now: Timestamp) -> Result<()> {
    if protected.is_empty() {
        return Ok(());
    }
    // Those that say nothing of it decide nothing of it.
    let of = |world: &World| -> Vec<Policy> {
        let places = &world.in_force.places;
        let touches = |policy: &&Policy| {
            let set: AddressSet = policy.rules(places).map(|rule| rule.cidr).collect();
            policy.is_active && !set.intersection(protected).is_empty()
        };
        world.in_force.policies.iter().filter(touches).cloned().collect()
    };
    let (old, new) = (of(was), of(is));
    let mut places = was.in_force.places.clone();
    places.extend(is.in_force.places.clone());
    let ahead = edges(old.iter().chain(&new), now);
    let resolutions = Resolutions::new();
    // Devices that there are first: they have names.
    for at in ahead.chain([now]).collect::<BTreeSet<_>>() {
        let before = Fleet::resolve_with(&resolutions, &was.devices, &old, &places, at);
        let after = Fleet::resolve_with(&resolutions, &is.devices, &new, &places, at);
        for Difference { subject, gained, .. } in before.diff(&after) {
            if let Some(range) = gained.addresses().intersection(protected).ranges().first() {
                let who = format!("device {}", subject.device);
                return Err(PolicyError::Protected { who, range: *range }.into());
            }
        }
        if old != new {
            gains_nothing(&old, &new, &places, at, protected).map_err(|gained| {
                let who: Vec<_> = gained.who.iter().map(ToString::to_string).collect();
                let who = if who.is_empty() { "anybody".to_owned() } else { who.join(" and ") };
                PolicyError::Protected { who, range: AddressRange::host(gained.address) }
            })?;
        }
    }
    Ok(())
}

/// Refuses a change by which more of the devices that there are gain or lose access than the settings let.
fn check_counts(settings: &Values, (was, is): (&World, &World), unit: &Unit) -> Result<()> {
    let gaining = settings.number::<usize>(&registry::MOST_GAINING)?;
    let losing = settings.number::<usize>(&registry::MOST_LOSING)?;
    if (gaining, losing) == (0, 0) {
        return Ok(());
    }
    let resolutions = unit.resolutions();
    let [before, after] =
        [was, is].map(|World { devices, in_force: InForce { policies, places }, .. }| {
            Fleet::resolve_with(&resolutions, devices, policies, places, unit.now)
        });
    let differences = before.diff(&after);
    let gains = differences.iter().filter(|difference| !difference.gained.is_empty()).count();
    let losses = differences.iter().filter(|difference| !difference.lost.is_empty()).count();
    for (change, count, most) in [("gain", gains, gaining), ("lose", losses, losing)] {
        if most > 0 && count > most {
            return Err(PolicyError::TooMany { change, count, most }.into());
        }
    }
    Ok(())
}

/// Runs tests against what is in force, and whoever has access now.
pub(super) async fn run(unit: &mut Unit, tests: Vec<PolicyTest>) -> Result<Vec<PolicyTestResult>> {
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let world = load(unit).await?;
    let result = |test: PolicyTest| {
        let passed = Case::new(&test, &world).holds(unit.now);
        PolicyTestResult { test, passed }
    };
    Ok(tests.into_iter().map(result).collect())
}

/// Begins something that no test may hold back, such as a suspension: the tests about whom it concerns that pass now.
pub(crate) async fn watch(unit: &mut Unit, concerns: impl Fn(Target) -> bool) -> Result<Vec<PolicyTest>> {
    let mut tests = if_sayable(store::all_tests(&mut unit.tx).await.map_err(Into::into))?;
    tests.retain(|test| concerns(test.who));
    let results = if_sayable(run(unit, tests).await)?;
    Ok(results.into_iter().filter(|result| result.passed).map(|result| result.test).collect())
}

/// Puts those of them that do not pass any more into the audit and among the events, for somebody to look after.
pub(crate) async fn note_failing(unit: &mut Unit, passed: Vec<PolicyTest>) -> Result<()> {
    let results = if_sayable(run(unit, passed).await)?;
    for PolicyTestResult { test, .. } in results.into_iter().filter(|result| !result.passed) {
        let message = format!("policy test {} does not pass any more", test.name);
        unit.record(Change::PolicyTestFailed(test.id), message).await?;
    }
    Ok(())
}

/// Nothing where it cannot be said, because something that is stored is damaged or nobody knows where a place is: that is no reason to let
/// somebody stay. What the database refuses goes on to be refused.
fn if_sayable<T>(results: Result<Vec<T>>) -> Result<Vec<T>> {
    match results {
        Err(unsaid) if unsaid.kind() == ErrorKind::Corrupt || unsaid.code() == "policy.place_unknown" => {
            tracing::warn!(error = %unsaid, "policy tests could not be run");
            Ok(Vec::new())
        }
        results => results,
    }
}
