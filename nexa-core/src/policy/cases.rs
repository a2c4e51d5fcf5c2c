//! Whom a test is about, and when it holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use uuid::Uuid;

use super::assertions::PolicyTest;
use super::model::{Effect, Policy, Target};
use super::places::Places;
use super::service::InForce;
use super::subject::Subject;
use crate::id::{DeviceId, GroupId, UserId};
use crate::runtime::Timestamp;

/// Who there is and what is in force.
pub(super) struct World {
    /// Every device that there is.
    pub(super) devices: Vec<Subject>,
    /// Every person, as a device that is not there yet.
    pub(super) people: BTreeMap<UserId, Subject>,
    /// The group that everybody is in.
    pub(super) everybody: GroupId,
    pub(super) in_force: InForce,
}

impl World {
    /// As if everybody were active who can become so again. A change that is made while somebody is suspended would otherwise be seen by
    /// no test, and count on the day on which they come back.
    pub(super) fn if_active(mut self, now: Timestamp) -> Self {
        self.devices = self.devices.into_iter().filter_map(|subject| subject.if_active(now)).collect();
        let people = self.people.into_iter();
        let active = |(id, person): (UserId, Subject)| Some((id, person.if_active(now)?));
        self.people = people.filter_map(active).collect();
        self
    }

    /// Whoever stands for those whom a test is about.
    fn subjects(&self, test: &PolicyTest) -> Vec<Cow<'_, Subject>> {
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
                let newcomer = newcomer(UserId::from_uuid(Uuid::nil())).in_groups([self.everybody, id]);
                let members = self.people.values().chain(devices);
                let members = members.filter(|subject| all && subject.groups.contains(&id));
                iter::once(Cow::Owned(newcomer)).chain(members.map(Cow::Borrowed)).collect()
            }
        }
    }
}

/// A device of a person that is not there yet.
pub(super) const fn newcomer(user: UserId) -> Subject {
    Subject::new(DeviceId::from_uuid(Uuid::nil()), user)
}

/// A test with what decides it.
pub(super) struct Case<'w> {
    test: &'w PolicyTest,
    deciding: Vec<&'w Policy>,
    subjects: Vec<Cow<'w, Subject>>,
    places: &'w Places,
}

impl<'w> Case<'w> {
    pub(super) fn new(test: &'w PolicyTest, world: &'w World) -> Self {
        let InForce { policies, places } = &world.in_force;
        Case { test, deciding: test.deciding(policies, places), subjects: world.subjects(test), places }
    }

    /// Whether it holds at a moment. Somebody who is not there reaches nothing.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        if self.subjects.is_empty() {
            return self.test.expect == Effect::Deny;
        }
        self.subjects.iter().all(|subject| self.test.holds_by(&self.deciding, subject, self.places, at))
    }

    /// The moments ahead at which the answer can change.
    fn edges(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
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
pub(super) fn edges<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let edges = policies.into_iter().flat_map(|policy| [policy.valid_from, policy.valid_until]);
    edges.flatten().filter(move |at| *at > now)
}
