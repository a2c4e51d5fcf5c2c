//! What would have to change.

use std::fmt;
use std::net::IpAddr;

use super::access::Infrastructure;
use super::destination::Place;
use super::explain::PolicySummary;
use super::model::{Effect, Policy};
use super::places::Places;
use super::resolve::Window;
use super::service_range::Protocol;
use super::subject::{Bar, Subject};
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// What would have to change for a device to reach something.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct WhyNot {
    /// It reaches it already.
    pub is_allowed: bool,
    /// The device has no access at all until this is lifted, whatever else is changed.
    pub barred: Option<Bar>,
    /// Changes, each of which is enough, beside lifting the bar; none where it is allowed then. The ones that touch one policy that
    /// is there come first, in the order of [`Remedy`].
    pub remedies: Vec<Remedy>,
}

/// One change that is enough.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Remedy {
    /// Turn a policy on that is not active.
    Activate(PolicySummary),
    /// Let a policy count at this moment, which its window leaves out.
    MoveWindow(PolicySummary),
    /// Make a policy target the device, its user or a group of the user.
    AddTarget(PolicySummary),
    /// Let a policy that has the address have this protocol and port too.
    AddService(PolicySummary),
    /// Take the one policy away that denies it.
    Remove(PolicySummary),
    /// Give a policy that allows it this priority, the weakest that suffices.
    Reprioritize {
        /// The policy.
        policy: PolicySummary,
        /// The priority number.
        priority: i64,
    },
    /// Create a policy that allows it, of this priority, the weakest that suffices or the usual one.
    Create {
        /// The priority number.
        priority: i64,
    },
}

/// What would have to change for a device to reach a port of an address at a moment. Each remedy, done alone, makes [`resolve`] allow it.
/// O(n) over the policies.
///
/// [`resolve`]: super::resolve
#[must_use]
pub fn why_not<'a>(
    subject: &Subject,
    policies: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    infrastructure: &Infrastructure,
    (address, protocol, port): (IpAddr, Protocol, u16),
    now: Timestamp,
) -> WhyNot {
    let barred = subject.bar(now);
    let asked = Asked { subject, places, address: address.to_canonical(), protocol, port, now };
    let mut found = Found::default();
    policies.into_iter().for_each(|policy| found.note(policy, &asked));
    if infrastructure.grants(asked.address).is_some() || found.is_allowed() {
        return WhyNot { is_allowed: barred.is_none(), barred, remedies: Vec::new() };
    }
    WhyNot { is_allowed: false, barred, remedies: found.remedies() }
}

struct Asked<'q> {
    subject: &'q Subject,
    places: &'q Places,
    address: IpAddr,
    protocol: Protocol,
    port: u16,
    now: Timestamp,
}

/// The remedy that a policy needs which one thing keeps from applying.
type Mend = fn(PolicySummary) -> Remedy;

/// What there is about one port of one address.
#[derive(Default)]
struct Found<'a> {
    /// The denies that apply, and the allows.
    denies: Vec<&'a Policy>,
    allows: Vec<&'a Policy>,
    /// Allows that one thing keeps from applying.
    nearly: Vec<(&'a Policy, Mend)>,
}

impl<'a> Found<'a> {
    fn note(&mut self, policy: &'a Policy, asked: &Asked<'_>) {
        let mut lacking: Vec<Mend> = Vec::new();
        if !policy.is_active {
            lacking.push(Remedy::Activate);
        }
        if policy.window(asked.now) != Window::Open {
            lacking.push(Remedy::MoveWindow);
        }
        if asked.subject.path_to(policy).is_none() {
            lacking.push(Remedy::AddTarget);
        }
        match policy.has(asked) {
            Has::It => {}
            Has::TheAddress => lacking.push(Remedy::AddService),
            Has::Nothing => return,
        }
        match (policy.effect, &lacking[..]) {
            (Effect::Deny, []) => self.denies.push(policy),
            (Effect::Allow, []) => self.allows.push(policy),
            (Effect::Allow, [only]) => self.nearly.push((policy, *only)),
            _ => {}
        }
    }

    /// The strictest priority that denies.
    fn denied_at(&self) -> Option<i64> {
        self.denies.iter().map(|policy| policy.priority).min()
    }

    /// Whether an allow of this priority would decide.
    fn suffices(&self, priority: i64) -> bool {
        self.denied_at().is_none_or(|denied| priority < denied)
    }

    fn is_allowed(&self) -> bool {
        self.allows.iter().any(|policy| self.suffices(policy.priority))
    }

    fn remedies(&self) -> Vec<Remedy> {
        let near = self.nearly.iter().filter(|(policy, _)| self.suffices(policy.priority));
        let mut remedies: Vec<_> = near.map(|(policy, remedy)| remedy(PolicySummary::of(policy))).collect();
        let allowed_at = self.allows.iter().map(|policy| policy.priority).min();
        let before = self.denies.iter().filter(|deny| allowed_at.is_some_and(|allow| deny.priority <= allow));
        if let [only] = before.collect::<Vec<_>>()[..] {
            remedies.push(Remedy::Remove(PolicySummary::of(only)));
        }
        // Nothing outranks a deny of the strictest priority.
        let above = self.denied_at().map(|denied| denied - 1);
        let above = above.filter(|priority| *priority >= Policy::PRIORITY_FIRST);
        remedies.extend(above.into_iter().flat_map(|priority| {
            self.allows
                .iter()
                .map(move |policy| Remedy::Reprioritize { policy: PolicySummary::of(policy), priority })
        }));
        let priority = if self.denies.is_empty() { Some(Policy::PRIORITY_DEFAULT) } else { above };
        remedies.extend(priority.map(|priority| Remedy::Create { priority }));
        remedies.sort();
        remedies
    }
}

enum Has {
    It,
    TheAddress,
    Nothing,
}

impl Policy {
    fn has(&self, asked: &Asked<'_>) -> Has {
        if self.full_tunnel {
            return Has::It;
        }
        let has =
            |to: &Place| asked.places.prefixes(to).iter().any(|cidr: &Cidr| cidr.contains(asked.address));
        let mut by_others = false;
        for destination in self.destinations.iter().filter(|destination| has(&destination.to)) {
            if destination.services.contains(asked.protocol, asked.port) {
                return Has::It;
            }
            by_others = true;
        }
        if by_others { Has::TheAddress } else { Has::Nothing }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::Activate(policy) => write!(f, "activate {policy}"),
            Remedy::MoveWindow(policy) => write!(f, "let {policy} count now"),
            Remedy::AddTarget(policy) => write!(f, "target the device by {policy}"),
            Remedy::AddService(policy) => write!(f, "let {policy} have this protocol and port too"),
            Remedy::Remove(policy) => write!(f, "remove {policy}"),
            Remedy::Reprioritize { policy, priority } => write!(f, "give {policy} the priority {priority}"),
            Remedy::Create { priority } => {
                write!(f, "create a policy that allows it, of priority {priority}")
            }
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_allowed, self.barred) {
            (true, _) => return f.write_str("it is allowed"),
            (_, Some(bar)) if self.remedies.is_empty() => return write!(f, "{bar}; it is allowed otherwise"),
            (_, Some(bar)) => write!(f, "{bar}; when that is lifted, one of these is enough:")?,
            (_, None) if self.remedies.is_empty() => {
                return f.write_str("no single change is enough");
            }
            (_, None) => f.write_str("one of these is enough:")?,
        }
        self.remedies.iter().try_for_each(|remedy| write!(f, "\n  {remedy}"))
    }
}
