use std::time::Instant;

use super::classify::{Class, classify};
use super::flows::{FlowKey, Flows, Verdict};
use super::model::{Filter, Policy};
use super::rules::{Permit, Rules};
use crate::tunnel::counters::Drop;
use crate::tunnel::packet::IpPacket;

/// A [`Filter`] with the flows it permitted.
pub(in crate::tunnel) struct FlowFilter {
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

    fn permit(&self, now: Instant, flow: &FlowKey) -> Option<Permit> {
        match self {
            Judge::AllowAll => Some(Permit { until: None }),
            Judge::Rules(rules) => rules.permit(now, flow),
        }
    }
}

impl FlowFilter {
    pub(in crate::tunnel) fn new(filter: &Filter) -> Self {
        let judge = Judge::new(&filter.policy);
        FlowFilter { judge, valid_until: filter.valid_until, generation: 0, flows: Flows::new() }
    }

    /// From the next packet on the new filter decides, also about flows that the old one permitted.
    pub(in crate::tunnel) fn replace(&mut self, filter: &Filter) {
        self.judge = Judge::new(&filter.policy);
        self.valid_until = filter.valid_until;
        self.generation += 1;
        self.flows.forget_fragments();
    }

    /// Forgets the flows of a peer that was removed.
    pub(in crate::tunnel) fn forget(&mut self, origin: u32) {
        self.flows.forget(origin);
    }

    /// Judges a packet that came from the peer `origin`, whose source address was checked.
    pub(in crate::tunnel) fn check_from_peer(
        &mut self,
        now: Instant,
        origin: u32,
        packet: &IpPacket<'_>,
    ) -> Result<(), Drop> {
        self.check(now, packet, Some(origin))
    }

    /// Judges a packet that is to go to a peer.
    pub(in crate::tunnel) fn check_to_peer(
        &mut self,
        now: Instant,
        packet: &IpPacket<'_>,
    ) -> Result<(), Drop> {
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
        let permit = match classified.class {
            Class::Opening(flow) => self.pass_or_open(now, flow, origin)?,
            Class::ReplyOnly(flow) | Class::ErrorAbout(flow) => self.pass(now, &flow).ok_or(refused)?,
            Class::LaterFragment(fragment) => {
                return self.flows.knows_fragment(now, &fragment).then_some(()).ok_or(Drop::Fragment);
            }
            Class::Unknown => return Err(refused),
        };
        if let Some(fragment) = classified.first_of {
            self.flows.remember_fragment(now, fragment, permit)?;
        }
        if let Some(ending) = classified.ending {
            self.flows.end(&classified.flow(), ending);
        }
        Ok(())
    }

    fn pass_or_open(&mut self, now: Instant, flow: FlowKey, origin: Option<u32>) -> Result<Permit, Drop> {
        if let Some(permit) = self.pass(now, &flow) {
            return Ok(permit);
        }
        let origin = origin.ok_or(Drop::Unsolicited)?;
        let permit = self.judge.permit(now, &flow).ok_or(Drop::Filter)?;
        self.flows.open(now, flow, origin, Verdict { generation: self.generation, permit })?;
        Ok(permit)
    }

    /// The leave of a packet that belongs to a flow, in either direction, which the present filter permits.
    fn pass(&mut self, now: Instant, flow: &FlowKey) -> Option<Permit> {
        let FlowFilter { judge, generation, flows, .. } = self;
        flows.refresh(now, flow, *generation, |opened| judge.permit(now, opened))
    }
}

#[cfg(test)]
mod tests;
