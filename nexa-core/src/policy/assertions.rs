//! What must hold of the policies, whoever changes them.

use std::fmt;
use std::net::IpAddr;

use super::model::{Effect, Policy, Target};
use super::places::Places;
use super::resolve::resolve;
use super::rules::Rule;
use super::service_range::ServiceRange;
use super::subject::Subject;
use super::traffic::Traffic;
use crate::id::PolicyTestId;
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
    pub(super) fn deciding<'p>(&self, policies: &'p [Policy], places: &Places) -> Vec<&'p Policy> {
        let to = self.to.to_canonical();
        let asks = |rule: Rule| rule.cidr.contains(to) && rule.services.intersection(self.service).is_some();
        policies.iter().filter(|policy| policy.is_active && policy.rules(places).any(asks)).collect()
    }

    pub(super) fn holds_by(
        &self,
        deciding: &[&Policy],
        subject: &Subject,
        places: &Places,
        now: Timestamp,
    ) -> bool {
        let asked: AddressSet = [self.to.to_canonical()].into_iter().collect();
        let asked = Traffic::new(self.service, asked);
        let allowed = resolve(subject, deciding.iter().copied(), places, now).allowed;
        match self.expect {
            Effect::Allow => asked.is_subset(&allowed),
            Effect::Deny => asked.intersection(&allowed).is_empty(),
        }
    }
}

impl fmt::Display for PolicyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.expect == Effect::Allow { "reaches" } else { "does not reach" };
        write!(f, "{}: {} {word} {} by {}", self.name, self.who, self.to, self.service)
    }
}
