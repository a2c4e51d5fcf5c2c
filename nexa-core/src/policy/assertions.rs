//! What must hold of the policies, whoever changes them.

use std::fmt;
use std::net::IpAddr;
#[cfg(feature = "control")]
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    iter,
};

#[cfg(feature = "control")]
use uuid::Uuid;

use super::model::{Effect, Policy, Target};
use super::places::Places;
use super::resolve::resolve;
use super::rules::Rule;
use super::service_range::ServiceRange;
use super::subject::Subject;
use super::traffic::Traffic;
use crate::id::PolicyTestId;
#[cfg(feature = "control")]
use crate::id::{DeviceId, GroupId, UserId};
use crate::net::AddressSet;
use crate::runtime::Timestamp;

/// Something that must hold of the policies: a change of policies, of their targets or of groups after which it would not hold any more,
/// now or from any moment at which a window begins or ends, is refused. Suspending, revoking, removing and expiring are never refused, and
/// nothing is let through because somebody is suspended: a change is judged as if everybody were active.
///
/// A group is asked about as a new device of somebody who is in it and in the group of everybody, a user as a new device of that person. What
/// must not be reached must not be reached by any device that there is of them either. The built-in rule does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PolicyTest {
    /// Its id.
    pub id: PolicyTestId,
    /// A name, unique among tests.
    pub name: String,
    /// Who tries.
    pub who: Target,
    /// The address.
    pub to: IpAddr,
    /// The protocols and ports: every one of them must be as expected.
    pub service: ServiceRange,
    /// What must come of it.
    pub expect: Effect,
}

/// A test to create.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NewPolicyTest {
    /// A name, unique among tests.
    pub name: String,
    /// Who tries.
    pub who: Target,
    /// The address.
    pub to: IpAddr,
    /// The protocols and ports.
    pub service: ServiceRange,
    /// What must come of it.
    pub expect: Effect,
}

impl NewPolicyTest {
    /// Somebody must reach an address, by every service unless [`NewPolicyTest::by`] says less.
    #[must_use]
    pub fn allow(name: impl Into<String>, who: impl Into<Target>, to: IpAddr) -> Self {
        NewPolicyTest {
            name: name.into(),
            who: who.into(),
            to,
            service: ServiceRange::ANY,
            expect: Effect::Allow,
        }
    }

    /// Somebody must not reach an address, by any service unless [`NewPolicyTest::by`] says less.
    #[must_use]
    pub fn deny(name: impl Into<String>, who: impl Into<Target>, to: IpAddr) -> Self {
        NewPolicyTest { expect: Effect::Deny, ..NewPolicyTest::allow(name, who, to) }
    }

    /// Narrows it to these protocols and ports.
    #[must_use]
    pub const fn by(mut self, service: ServiceRange) -> Self {
        self.service = service;
        self
    }
}

/// How a test came out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PolicyTestResult {
    /// The test.
    pub test: PolicyTest,
    /// Whether it holds.
    pub passed: bool,
}

impl PolicyTest {
    /// Whether it holds for this device, which stands for whoever tries.
    #[must_use]
    pub fn holds(&self, subject: &Subject, policies: &[Policy], places: &Places, now: Timestamp) -> bool {
        self.holds_by(&self.deciding(policies, places), subject, places, now)
    }

    /// The policies that say something of what it asks about, to anybody at any time.
    fn deciding<'p>(&self, policies: &'p [Policy], places: &Places) -> Vec<&'p Policy> {
        let to = self.to.to_canonical();
        let asks = |rule: Rule| rule.cidr.contains(to) && rule.services.intersection(self.service).is_some();
        policies.iter().filter(|policy| policy.is_active && policy.rules(places).any(asks)).collect()
    }

    fn holds_by(&self, deciding: &[&Policy], subject: &Subject, places: &Places, now: Timestamp) -> bool {
        let asked: AddressSet = [self.to.to_canonical()].into_iter().collect();
        let asked = Traffic::new(self.service, asked);
        let allowed = resolve(subject, deciding.iter().copied(), places, now).allowed;
        match self.expect {
            Effect::Allow => asked.is_subset(&allowed),
            Effect::Deny => asked.intersection(&allowed).is_empty(),
        }
    }
}

/// Everybody whom tests can be about, and the policies that they are tested against.
#[cfg(feature = "control")]
pub(super) struct Tested<'t> {
    /// Every device that there is.
    pub(super) devices: &'t [Subject],
    /// Every person, as a device that is not there yet.
    pub(super) people: &'t BTreeMap<UserId, Subject>,
    /// The group that everybody is in.
    pub(super) everybody: Option<GroupId>,
    pub(super) policies: &'t [Policy],
    pub(super) places: &'t Places,
}

/// A test with what decides it.
#[cfg(feature = "control")]
pub(super) struct Case<'t> {
    test: &'t PolicyTest,
    deciding: Vec<&'t Policy>,
    subjects: Vec<Cow<'t, Subject>>,
    places: &'t Places,
}

#[cfg(feature = "control")]
impl<'t> Case<'t> {
    pub(super) fn new(test: &'t PolicyTest, tested: &Tested<'t>) -> Self {
        let deciding = test.deciding(tested.policies, tested.places);
        Case { test, deciding, subjects: tested.subjects(test), places: tested.places }
    }

    /// Whether it holds at a moment. Somebody who is not there reaches nothing.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        if self.subjects.is_empty() {
            return self.test.expect == Effect::Deny;
        }
        self.subjects.iter().all(|subject| self.test.holds_by(&self.deciding, subject, self.places, at))
    }

    /// The moments ahead at which the answer can change.
    pub(super) fn edges(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        edges(self.deciding.iter().copied(), now)
    }

    /// Whether it holds now and, where it says that something must not be, from now on.
    pub(super) fn holds_from(&self, now: Timestamp) -> bool {
        let ahead = self.edges(now).filter(|_| self.test.expect == Effect::Deny);
        iter::once(now).chain(ahead).all(|at| self.holds(at))
    }

    /// Whether there is a moment from now on at which it holds and `after`, which is the same test after a change, does not.
    pub(super) fn is_broken_by(&self, after: &Case<'_>, now: Timestamp) -> bool {
        let moments: BTreeSet<_> = iter::once(now).chain(self.edges(now)).chain(after.edges(now)).collect();
        moments.into_iter().any(|at| self.holds(at) && !after.holds(at))
    }
}

/// The moments ahead at which a window of one of these begins or ends.
#[cfg(feature = "control")]
pub(super) fn edges<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let edges = policies.into_iter().flat_map(|policy| [policy.valid_from, policy.valid_until]);
    edges.flatten().filter(move |at| *at > now)
}

#[cfg(feature = "control")]
impl<'t> Tested<'t> {
    /// Whoever stands for those whom a test is about.
    fn subjects(&self, test: &PolicyTest) -> Vec<Cow<'t, Subject>> {
        let all = test.expect == Effect::Deny;
        let devices = self.devices.iter();
        match test.who {
            Target::Device(id) => devices.filter(|subject| subject.device == id).map(Cow::Borrowed).collect(),
            Target::User(id) => {
                let person = self.people.get(&id).into_iter();
                let own = devices.filter(|subject| all && subject.user == id);
                person.chain(own).map(Cow::Borrowed).collect()
            }
            Target::Group(id) => {
                let nobody = Subject::new(DeviceId::from_uuid(Uuid::nil()), UserId::from_uuid(Uuid::nil()));
                let newcomer = nobody.in_groups(self.everybody).in_groups([id]);
                let members = self.people.values().chain(devices);
                let members = members.filter(|subject| all && subject.groups.contains(&id));
                iter::once(Cow::Owned(newcomer)).chain(members.map(Cow::Borrowed)).collect()
            }
        }
    }
}

impl fmt::Display for PolicyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.expect == Effect::Allow { "reaches" } else { "does not reach" };
        write!(f, "{}: {} {word} {} by {}", self.name, self.who, self.to, self.service)
    }
}
