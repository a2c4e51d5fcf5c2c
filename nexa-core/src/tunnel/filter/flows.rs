use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use crate::tunnel::counters::Drop;
use crate::tunnel::packet::protocol;

/// Flows in the table.
const MAX_FLOWS: usize = 262_144;
/// Flows that one peer may have, so that none can take the table from the others.
pub(super) const MAX_FLOWS_PER_PEER: u32 = 8_192;
/// Fragmented packets whose later parts are awaited.
const MAX_FRAGMENTED: usize = 4_096;

/// How long a flow lives without a packet. RFC 5382 asks for at least 2 h 4 min for TCP, RFC 4787 for two minutes for
/// UDP, RFC 5508 for one minute for ICMP.
const TCP_IDLE: Duration = Duration::from_secs(7_440);
const TCP_CLOSING: Duration = Duration::from_secs(240);
const OTHER_IDLE: Duration = Duration::from_secs(180);
const ICMP_IDLE: Duration = Duration::from_secs(60);
/// RFC 791 and RFC 8200 let a receiver wait up to a minute for the rest of a packet; senders send it at once.
const FRAGMENT_LIFE: Duration = Duration::from_secs(15);
/// How often the table is searched for what has expired, at most.
const SWEEP: Duration = Duration::from_secs(5);

/// A flow, in the direction of the packet it was read from. ICMP echo has its identifier in both ports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FlowKey {
    pub(super) protocol: u8,
    pub(super) source: IpAddr,
    pub(super) source_port: u16,
    pub(super) destination: IpAddr,
    pub(super) destination_port: u16,
}

impl FlowKey {
    /// A key that no flow has.
    pub(super) const NOBODYS: FlowKey = FlowKey {
        protocol: u8::MAX,
        source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        source_port: 0,
        destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        destination_port: 0,
    };

    const fn reversed(&self) -> FlowKey {
        FlowKey {
            protocol: self.protocol,
            source: self.destination,
            source_port: self.destination_port,
            destination: self.source,
            destination_port: self.source_port,
        }
    }

    const fn idle(&self) -> Duration {
        match self.protocol {
            protocol::TCP => TCP_IDLE,
            protocol::ICMP | protocol::ICMPV6 => ICMP_IDLE,
            _ => OTHER_IDLE,
        }
    }
}

/// What the parts of one packet have in common (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FragmentKey {
    pub(super) protocol: u8,
    pub(super) id: u32,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
}

struct Flow {
    origin: u32,
    /// The filter that last permitted it.
    generation: u64,
    expires: Instant,
    closing: bool,
}

/// The permitted flows, bounded in all and per peer.
pub(super) struct Flows {
    /// By the direction in which they were opened.
    flows: HashMap<FlowKey, Flow>,
    per_peer: HashMap<u32, u32>,
    fragmented: HashMap<FragmentKey, Instant>,
    next_sweep: Option<Instant>,
}

impl Flows {
    pub(super) fn new() -> Self {
        Flows {
            flows: HashMap::new(),
            per_peer: HashMap::new(),
            fragmented: HashMap::new(),
            next_sweep: None,
        }
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        key: FlowKey,
        origin: u32,
        generation: u64,
    ) -> Result<(), Drop> {
        self.remove(&key);
        if !self.has_room(origin) {
            self.sweep(now);
        }
        if !self.has_room(origin) {
            return Err(Drop::FlowTable);
        }
        *self.per_peer.entry(origin).or_default() += 1;
        self.flows.insert(key, Flow { origin, generation, expires: now + key.idle(), closing: false });
        Ok(())
    }

    /// Whether the packet belongs to a flow; then the flow lives on. A flow that an earlier filter permitted is judged
    /// again, by the direction in which it was opened.
    pub(super) fn refresh(
        &mut self,
        now: Instant,
        packet: &FlowKey,
        generation: u64,
        permits: impl Fn(&FlowKey) -> bool,
    ) -> bool {
        let Some(key) = self.find(packet) else { return false };
        let Some(flow) = self.flows.get_mut(&key) else { return false };
        let alive = now < flow.expires && (flow.generation == generation || permits(&key));
        if !alive {
            self.remove(&key);
            return false;
        }
        flow.generation = generation;
        if !flow.closing {
            flow.expires = now + key.idle();
        }
        true
    }

    /// A TCP flow that was closed from one side lives only as long as the rest of its packets may take.
    pub(super) fn close(&mut self, now: Instant, packet: &FlowKey) {
        if let Some(flow) = self.find(packet).and_then(|key| self.flows.get_mut(&key)) {
            flow.closing = true;
            flow.expires = now + TCP_CLOSING;
        }
    }

    pub(super) fn forget(&mut self, origin: u32) {
        if self.per_peer.remove(&origin).is_some() {
            self.flows.retain(|_, flow| flow.origin != origin);
        }
    }

    pub(super) fn remember_fragment(&mut self, now: Instant, key: FragmentKey) -> Result<(), Drop> {
        if self.fragmented.len() >= MAX_FRAGMENTED {
            self.fragmented.retain(|_, expires| now < *expires);
        }
        if self.fragmented.len() >= MAX_FRAGMENTED {
            return Err(Drop::Fragment);
        }
        self.fragmented.insert(key, now + FRAGMENT_LIFE);
        Ok(())
    }

    pub(super) fn knows_fragment(&self, now: Instant, key: &FragmentKey) -> bool {
        self.fragmented.get(key).is_some_and(|expires| now < *expires)
    }

    /// The key under which the flow of a packet is kept, whichever way the packet goes.
    fn find(&self, packet: &FlowKey) -> Option<FlowKey> {
        [*packet, packet.reversed()].into_iter().find(|key| self.flows.contains_key(key))
    }

    fn has_room(&self, origin: u32) -> bool {
        self.flows.len() < MAX_FLOWS
            && self.per_peer.get(&origin).is_none_or(|count| *count < MAX_FLOWS_PER_PEER)
    }

    fn sweep(&mut self, now: Instant) {
        if self.next_sweep.is_some_and(|next| now < next) {
            return;
        }
        self.next_sweep = Some(now + SWEEP);
        let expired: Vec<_> =
            self.flows.iter().filter(|(_, flow)| now >= flow.expires).map(|(key, _)| *key).collect();
        for key in expired {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &FlowKey) {
        let Some(flow) = self.flows.remove(key) else { return };
        if let Some(count) = self.per_peer.get_mut(&flow.origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_peer.remove(&flow.origin);
            }
        }
    }
}
