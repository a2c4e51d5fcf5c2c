use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::model::{Effect, Policy};
use super::places::Places;
#[cfg(feature = "control")]
use super::resolutions::Resolutions;
use super::rules::{Rule, resolve_rules};
use super::service_range::ServiceRange;
use super::subject::{Bar, Subject};
use super::traffic::Traffic;
use crate::net::{AddressRange, AddressSet, Cidr, Family, PerFamily};
use crate::runtime::Timestamp;

/// What a device may reach, by policies alone.
///
/// The one canonical result: what a gateway enforces and what a client routes are both derived from it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Access {
    /// What it may reach: addresses, and by which protocols and ports.
    pub allowed: Traffic,
    /// The addresses that a policy allows more narrowly than as a whole family, of those that may be reached.
    pub named: AddressSet,
    /// The addresses that a policy denies, by some service at least. Some of them may be reached all the same, by other services or
    /// because another policy's word is the last.
    pub denied: AddressSet,
    /// The moment from which this may be different although nobody changed anything: the next edge of a window or the
    /// device's expiry. Past it, resolve again or let nothing through.
    pub valid_until: Option<Timestamp>,
    /// Whether a policy that applies allows a whole family, be it as a full tunnel or by naming `0.0.0.0/0` or `::/0`, and be it by
    /// some services only; stricter policies may still take addresses away.
    pub full_tunnel: PerFamily<bool>,
    /// Why it has no access whatever policies say.
    pub barred: Option<Bar>,
}

impl Access {
    /// That of a device that is barred.
    pub(super) const fn none(barred: Bar) -> Self {
        Access {
            allowed: Traffic::empty(),
            named: AddressSet::empty(),
            denied: AddressSet::empty(),
            valid_until: None,
            full_tunnel: PerFamily::both(false),
            barred: Some(barred),
        }
    }

    /// How many ranges of addresses it is kept as.
    pub(super) fn range_count(&self) -> usize {
        let allowed = self.allowed.services().map(|(_, addresses)| addresses.ranges().len());
        allowed.sum::<usize>() + self.named.ranges().len() + self.denied.ranges().len()
    }

    /// The addresses that it may reach by any service.
    #[must_use]
    pub fn addresses(&self) -> AddressSet {
        self.allowed.addresses()
    }
}

/// What a device may reach at a moment, with `places` saying where that is which policies name. The order of `policies` does not matter.
/// O(k log k) for k destinations of the policies that apply; as much again for each of the services that they tell apart.
#[must_use]
pub fn resolve<'a>(
    subject: &Subject,
    policies: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    now: Timestamp,
) -> Access {
    if let Some(bar) = subject.bar(now) {
        return Access::none(bar);
    }
    let naming = policies.into_iter().filter(|policy| policy.is_active && subject.path_to(policy).is_some());
    let access = combined(naming, places, now);
    Access { valid_until: earliest(subject.expires_at, access.valid_until), ..access }
}

/// The same with a memory of what was resolved before.
#[cfg(feature = "control")]
pub(crate) fn resolve_with(
    resolutions: &Resolutions,
    subject: &Subject,
    policies: &[Policy],
    places: &Places,
    now: Timestamp,
) -> Access {
    let fleet = super::fleet::Fleet::resolve_with(resolutions, [subject], policies, places, now);
    let access = fleet.accesses().next().map(|(_, access)| access);
    access.unwrap_or_else(|| Access::none(Bar::DeviceRemoved))
}

/// What a device may reach that all of these policies name, whose windows may be open or not.
pub(super) fn combined<'a>(
    naming: impl Iterator<Item = &'a Policy>,
    places: &Places,
    now: Timestamp,
) -> Access {
    let mut valid_until = None;
    let mut rules = Vec::new();
    let mut full_tunnel = PerFamily::both(false);
    for policy in naming {
        valid_until = earliest(valid_until, policy.next_edge(now));
        if policy.window(now) != Window::Open {
            continue;
        }
        for rule in policy.rules(places) {
            let is_whole = rule.effect == Effect::Allow && rule.cidr.prefix_len() == 0;
            *full_tunnel.get_mut(rule.cidr.family()) |= is_whole;
            rules.push(rule);
        }
    }
    let of = |effect: Effect| rules.iter().filter(move |rule| rule.effect == effect).map(|rule| rule.cidr);
    let denied = of(Effect::Deny).collect();
    let narrow: Option<AddressSet> = (full_tunnel != PerFamily::both(false))
        .then(|| of(Effect::Allow).filter(|cidr| cidr.prefix_len() > 0).collect());
    let allowed = resolve_rules(rules);
    let addresses = allowed.addresses();
    let named = narrow.map_or_else(|| addresses.clone(), |narrow| narrow.intersection(&addresses));
    Access { allowed, named, denied, valid_until, full_tunnel, barred: None }
}

/// Where a moment lies in a policy's validity window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Window {
    NotYet(Timestamp),
    Open,
    Over(Timestamp),
}

impl Policy {
    pub(super) fn window(&self, now: Timestamp) -> Window {
        match (self.valid_from, self.valid_until) {
            (_, Some(until)) if until <= now => Window::Over(until),
            (Some(from), _) if now < from => Window::NotYet(from),
            _ => Window::Open,
        }
    }

    fn next_edge(&self, now: Timestamp) -> Option<Timestamp> {
        match self.window(now) {
            Window::NotYet(from) => Some(from),
            Window::Open => self.valid_until,
            Window::Over(_) => None,
        }
    }

    /// Its destinations, and both families whole for a full tunnel.
    pub(crate) fn rules<'a>(&'a self, places: &'a Places) -> impl Iterator<Item = Rule> + 'a {
        let whole = if self.full_tunnel { [Cidr::ALL_V4, Cidr::ALL_V6].as_slice() } else { &[] };
        let named = self.destinations.iter().flat_map(|destination| {
            places.prefixes(&destination.to).iter().map(|cidr| (destination.services, *cidr))
        });
        let (priority, effect) = (self.priority, self.effect);
        named.chain(whole.iter().map(|cidr| (ServiceRange::ANY, *cidr))).map(move |(services, cidr)| Rule {
            services,
            cidr,
            priority,
            effect,
        })
    }
}

/// What decides between two policies: the lesser rank wins, and [`Effect::Deny`] is the lesser effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Rank {
    pub(super) priority: i64,
    pub(super) effect: Effect,
}

impl Rank {
    pub(super) fn of(policy: &Policy) -> Self {
        Rank { priority: policy.priority, effect: policy.effect }
    }

    fn allows(self) -> bool {
        self.effect == Effect::Allow
    }
}

/// What one destination says of a range of addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    first: u128,
    last: u128,
    rank: Rank,
}

impl Claim {
    pub(super) fn new(rank: Rank, cidr: Cidr) -> Self {
        Claim { first: Family::number(cidr.first()), last: Family::number(cidr.last()), rank }
    }
}

/// Walks once over one family from low to high, with the claims that are open in a heap whose top is the winner, and
/// gives the ranges that an allow has won.
///
/// A claim that is over stays in the heap until it would win. Every step passes the first address of a claim or the
/// last address of a winner, so there are at most 2k of them.
pub(super) fn sweep(family: Family, mut claims: Vec<Claim>) -> Vec<AddressRange> {
    claims.sort_unstable_by_key(|claim| claim.first);
    let mut ahead = claims.into_iter().peekable();
    let mut open: BinaryHeap<Reverse<(Rank, u128)>> = BinaryHeap::new();
    let mut won = Vec::new();
    let mut next = ahead.peek().map(|claim| claim.first);
    while let Some(at) = next {
        while let Some(claim) = ahead.next_if(|claim| claim.first <= at) {
            open.push(Reverse((claim.rank, claim.last)));
        }
        while open.peek().is_some_and(|Reverse((_, last))| *last < at) {
            open.pop();
        }
        let upcoming = ahead.peek().map(|claim| claim.first);
        let Some(Reverse((rank, last))) = open.peek() else {
            next = upcoming;
            continue;
        };
        let end = upcoming.map_or(*last, |first| (*last).min(first - 1));
        if rank.allows() {
            won.push(AddressRange::of_numbers(family, at, end));
        }
        next = end.checked_add(1);
    }
    won
}

pub(super) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
