//! Who may reach what through the tunnel: the only part that protects.
//!
//! A rule permits sources to open flows to destinations. It is asked about packets that come from peers; a packet that
//! goes to a peer passes only as part of a flow that the filter permitted. What cannot be judged does not pass:
//! - A later fragment carries no ports, so it passes only behind its first fragment, which was judged as a whole packet
//!   is; a fragment that overtakes its first one is lost. A first fragment must hold the complete transport header, and
//!   no later one may overwrite it (RFC 1858).
//! - A packet that is routed elsewhere than its destination says (source routes, routing headers) is refused.
//! - Of ICMP, echo opens a flow, and an error passes when it is about a packet of a permitted flow and goes to that
//!   packet's sender. Redirects and everything else are refused.

mod classify;
mod flows;
mod rules;

use std::net::IpAddr;
use std::time::Instant;

use super::counters::Drop;
use super::packet::IpPacket;
use crate::net::AddressSet;
use classify::{Class, classify};
use flows::{FlowKey, Flows};
use rules::Rules;

/// What peers may reach. Without rules nothing passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    policy: Policy,
    valid_until: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Policy {
    AllowAll,
    Rules(Vec<FilterRule>),
}

impl Filter {
    /// Nothing passes.
    #[must_use]
    pub const fn deny_all() -> Self {
        Filter { policy: Policy::Rules(Vec::new()), valid_until: None }
    }

    /// Everything passes, in both directions, and no flow is remembered. For a client, whose gateway decides.
    #[must_use]
    pub const fn allow_all() -> Self {
        Filter { policy: Policy::AllowAll, valid_until: None }
    }

    /// What any of the rules permits passes, with the replies to it.
    pub fn from_rules(rules: impl IntoIterator<Item = FilterRule>) -> Self {
        Filter { policy: Policy::Rules(rules.into_iter().collect()), valid_until: None }
    }

    /// From `deadline` on nothing passes, until the filter is replaced.
    #[must_use]
    pub const fn valid_until(mut self, deadline: Instant) -> Self {
        self.valid_until = Some(deadline);
        self
    }
}

/// Permits every address of `source` to open flows to every address of `destination`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FilterRule {
    /// Who may.
    pub source: AddressSet,
    /// What may be reached.
    pub destination: AddressSet,
}

impl FilterRule {
    /// All protocols and ports, from `source` to `destination`.
    #[must_use]
    pub const fn new(source: AddressSet, destination: AddressSet) -> Self {
        FilterRule { source, destination }
    }
}

/// A [`Filter`] with the flows it permitted.
pub(super) struct FlowFilter {
    judge: Judge,
    valid_until: Option<Instant>,
    /// Counts replacements, so that a flow knows whether it was judged by the present filter.
    generation: u64,
    flows: Flows,
}

enum Judge {
    AllowAll,
    Rules(Rules),
}

impl Judge {
    fn new(policy: &Policy) -> Self {
        match policy {
            Policy::AllowAll => Judge::AllowAll,
            Policy::Rules(rules) => Judge::Rules(Rules::new(rules)),
        }
    }

    fn permits(&self, source: IpAddr, destination: IpAddr) -> bool {
        match self {
            Judge::AllowAll => true,
            Judge::Rules(rules) => rules.permits(source, destination),
        }
    }
}

impl FlowFilter {
    pub(super) fn new(filter: &Filter) -> Self {
        let judge = Judge::new(&filter.policy);
        FlowFilter { judge, valid_until: filter.valid_until, generation: 0, flows: Flows::new() }
    }

    /// From the next packet on the new filter decides, also about flows that the old one permitted.
    pub(super) fn replace(&mut self, filter: &Filter) {
        self.judge = Judge::new(&filter.policy);
        self.valid_until = filter.valid_until;
        self.generation += 1;
        self.flows.forget_fragments();
    }

    /// Forgets the flows of a peer that was removed.
    pub(super) fn forget(&mut self, origin: u32) {
        self.flows.forget(origin);
    }

    /// Judges a packet that came from the peer `origin`, whose source address was checked.
    pub(super) fn check_from_peer(
        &mut self,
        now: Instant,
        origin: u32,
        packet: &IpPacket<'_>,
    ) -> Result<(), Drop> {
        self.check(now, packet, Some(origin))
    }

    /// Judges a packet that is to go to a peer.
    pub(super) fn check_to_peer(&mut self, now: Instant, packet: &IpPacket<'_>) -> Result<(), Drop> {
        self.check(now, packet, None)
    }

    fn check(&mut self, now: Instant, packet: &IpPacket<'_>, origin: Option<u32>) -> Result<(), Drop> {
        if self.valid_until.is_some_and(|deadline| now >= deadline) {
            return Err(Drop::FilterExpired);
        }
        if matches!(self.judge, Judge::AllowAll) {
            return Ok(());
        }
        let refused = if origin.is_some() { Drop::Filter } else { Drop::Unsolicited };
        let classified = classify(packet)?;
        match classified.class {
            Class::Opening(flow) => self.pass_or_open(now, flow, origin)?,
            Class::ReplyOnly(flow) | Class::ErrorAbout(flow) => {
                self.passes(now, &flow).then_some(()).ok_or(refused)?;
            }
            Class::LaterFragment(fragment) => {
                return self.flows.knows_fragment(now, &fragment).then_some(()).ok_or(Drop::Fragment);
            }
            Class::Unknown => return Err(refused),
        }
        if let Some(fragment) = classified.first_of {
            self.flows.remember_fragment(now, fragment)?;
        }
        if let Some(ending) = classified.ending {
            self.flows.end(&classified.flow(), ending);
        }
        Ok(())
    }

    fn pass_or_open(&mut self, now: Instant, flow: FlowKey, origin: Option<u32>) -> Result<(), Drop> {
        if self.passes(now, &flow) {
            return Ok(());
        }
        let origin = origin.ok_or(Drop::Unsolicited)?;
        if !self.judge.permits(flow.source, flow.destination) {
            return Err(Drop::Filter);
        }
        self.flows.open(now, flow, origin, self.generation)
    }

    /// Whether the packet belongs to a flow, in either direction, that the present filter permits.
    fn passes(&mut self, now: Instant, flow: &FlowKey) -> bool {
        let FlowFilter { judge, generation, flows, .. } = self;
        flows.refresh(now, flow, *generation, |opened| judge.permits(opened.source, opened.destination))
    }
}

#[cfg(test)]
mod tests;
