use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::rules::Permit;
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
const TCP_HALF_CLOSED: Duration = Duration::from_secs(240);
const TCP_CLOSED: Duration = Duration::from_secs(10);
const OTHER_IDLE: Duration = Duration::from_secs(180);
const ICMP_IDLE: Duration = Duration::from_secs(60);
/// RFC 791 and RFC 8200 let a receiver wait up to a minute for the rest of a packet; senders send it at once.
const FRAGMENT_LIFE: Duration = Duration::from_secs(15);
/// How often the table is searched for what has expired.
const SWEEP: Duration = Duration::from_secs(30);
/// A flow used within this time is passed over, so many times, when one must make room.
const IN_USE: Duration = Duration::from_secs(30);
const PASSED_OVER: usize = 8;
/// Openings that a peer's queue may remember beside twice its flows before it is tidied.
const STALE_OPENINGS: usize = 64;

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
    opening: Opening,
    verdict: Verdict,
    last_used: Instant,
    closed: Closed,
}

/// What was last said of a flow.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    /// The filter that permitted it.
    pub(super) generation: u64,
    pub(super) permit: Permit,
}

/// Numbers the openings: a key that is opened anew is another flow.
type Opening = u64;

/// Which sides of a TCP connection have sent their FIN.
#[derive(Clone, Copy, Default)]
struct Closed {
    by_opener: bool,
    by_other: bool,
}

/// How a packet ends its flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// TCP FIN.
    Fin,
    /// TCP RST.
    Reset,
}

impl Flow {
    const fn idle(&self, key: &FlowKey) -> Duration {
        match (key.protocol, self.closed) {
            (protocol::TCP, Closed { by_opener: true, by_other: true }) => TCP_CLOSED,
            (protocol::TCP, Closed { by_opener: false, by_other: false }) => TCP_IDLE,
            (protocol::TCP, _) => TCP_HALF_CLOSED,
            (protocol::ICMP | protocol::ICMPV6, _) => ICMP_IDLE,
            _ => OTHER_IDLE,
        }
    }

    fn is_alive(&self, key: &FlowKey, now: Instant) -> bool {
        now.saturating_duration_since(self.last_used) < self.idle(key)
    }

    fn is_in_use(&self, key: &FlowKey, now: Instant) -> bool {
        self.is_alive(key, now) && now.saturating_duration_since(self.last_used) < IN_USE
    }
}

/// The permitted flows, bounded in all and per peer.
///
/// A peer that has its share loses its oldest unused flow for a new one. That costs little: the next packet from the
/// side that opened a flow opens it again.
pub(super) struct Flows {
    /// By the direction in which they were opened.
    flows: HashMap<FlowKey, Flow>,
    per_peer: HashMap<u32, Share>,
    fragmented: HashMap<FragmentKey, Instant>,
    next_opening: Opening,
    next_sweep: Option<Instant>,
}

/// What one peer has of the table.
#[derive(Default)]
struct Share {
    count: u32,
    /// In the order of opening. What is no longer in the table is passed over, and is never the most of it.
    opened: VecDeque<(FlowKey, Opening)>,
}

impl Share {
    /// Enters an opening. The queue is tidied when most of it is stale, so that each opening pays for itself.
    fn enter(&mut self, key: FlowKey, opening: Opening, flows: &HashMap<FlowKey, Flow>) {
        self.count += 1;
        self.opened.push_back((key, opening));
        let live = usize::try_from(self.count).unwrap_or(usize::MAX);
        if self.opened.len() > live.saturating_mul(2).saturating_add(STALE_OPENINGS) {
            self.tidy(flows);
        }
    }

    fn tidy(&mut self, flows: &HashMap<FlowKey, Flow>) {
        self.opened.retain(|(key, opening)| flows.get(key).is_some_and(|flow| flow.opening == *opening));
    }
}

impl Flows {
    pub(super) fn new() -> Self {
        Flows {
            flows: HashMap::new(),
            per_peer: HashMap::new(),
            fragmented: HashMap::new(),
            next_opening: 0,
            next_sweep: None,
        }
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        key: FlowKey,
        origin: u32,
        verdict: Verdict,
    ) -> Result<(), Drop> {
        self.remove(&key);
        self.sweep(now);
        if !self.has_room(origin) {
            self.evict(now, origin);
        }
        if !self.has_room(origin) {
            return Err(Drop::FlowTable);
        }
        let opening = self.next_opening;
        self.next_opening += 1;
        let flow = Flow { origin, opening, verdict, last_used: now, closed: Closed::default() };
        self.flows.insert(key, flow);
        self.per_peer.entry(origin).or_default().enter(key, opening, &self.flows);
        Ok(())
    }

    /// The leave of a packet that belongs to a flow; then the flow lives on. A flow that an earlier filter permitted, or
    /// a rule that has ended, is judged again, by the direction in which it was opened.
    pub(super) fn refresh(
        &mut self,
        now: Instant,
        packet: &FlowKey,
        generation: u64,
        judge: impl Fn(&FlowKey) -> Option<Permit>,
    ) -> Option<Permit> {
        let key = self.find(packet)?;
        let flow = self.flows.get_mut(&key)?;
        let permit = match flow.verdict {
            _ if !flow.is_alive(&key, now) => None,
            said if said.generation == generation && said.permit.holds(now) => Some(said.permit),
            _ => judge(&key),
        };
        match permit {
            Some(permit) => {
                flow.verdict = Verdict { generation, permit };
                flow.last_used = now;
            }
            None => self.remove(&key),
        }
        permit
    }

    /// Notes that a TCP connection ends. A reset ends it at once; after a FIN the other side may go on for long.
    pub(super) fn end(&mut self, packet: &FlowKey, ending: Ending) {
        let Some(key) = self.find(packet) else { return };
        match (ending, self.flows.get_mut(&key)) {
            (Ending::Reset, _) => self.remove(&key),
            (Ending::Fin, Some(flow)) if key == *packet => flow.closed.by_opener = true,
            (Ending::Fin, Some(flow)) => flow.closed.by_other = true,
            (Ending::Fin, None) => {}
        }
    }

    pub(super) fn forget(&mut self, origin: u32) {
        if self.per_peer.remove(&origin).is_some() {
            self.flows.retain(|_, flow| flow.origin != origin);
        }
    }

    /// Lets the later parts of a packet pass, no longer than the packet itself might.
    pub(super) fn remember_fragment(
        &mut self,
        now: Instant,
        key: FragmentKey,
        permit: Permit,
    ) -> Result<(), Drop> {
        if self.fragmented.len() >= MAX_FRAGMENTED {
            self.fragmented.retain(|_, expires| now < *expires);
        }
        if self.fragmented.len() >= MAX_FRAGMENTED {
            return Err(Drop::Fragment);
        }
        let expires = now + FRAGMENT_LIFE;
        self.fragmented.insert(key, permit.until.map_or(expires, |end| end.min(expires)));
        Ok(())
    }

    /// Fragments are not judged again, so none outlives the filter that permitted its first.
    pub(super) fn forget_fragments(&mut self) {
        self.fragmented.clear();
    }

    pub(super) fn knows_fragment(&self, now: Instant, key: &FragmentKey) -> bool {
        self.fragmented.get(key).is_some_and(|expires| now < *expires)
    }

    /// How many there are, alive or not yet found dead.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// How many openings all peers' queues remember.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.per_peer.values().map(|share| share.opened.len()).sum()
    }

    /// The key under which the flow of a packet is kept, whichever way the packet goes.
    fn find(&self, packet: &FlowKey) -> Option<FlowKey> {
        [*packet, packet.reversed()].into_iter().find(|key| self.flows.contains_key(key))
    }

    fn has_room(&self, origin: u32) -> bool {
        let share = self.per_peer.get(&origin).map_or(0, |share| share.count);
        self.flows.len() < MAX_FLOWS && share < MAX_FLOWS_PER_PEER
    }

    /// Takes the oldest unused flow of a peer out, or the oldest of a few that are all in use.
    fn evict(&mut self, now: Instant, origin: u32) {
        let mut passed_over = 0;
        while let Some(share) = self.per_peer.get_mut(&origin) {
            let Some((key, opening)) = share.opened.pop_front() else { return };
            match self.flows.get(&key).filter(|flow| flow.opening == opening) {
                None => {}
                Some(flow) if passed_over < PASSED_OVER && flow.is_in_use(&key, now) => {
                    share.opened.push_back((key, opening));
                    passed_over += 1;
                }
                Some(_) => return self.remove(&key),
            }
        }
    }

    /// Takes out what has expired, from time to time.
    fn sweep(&mut self, now: Instant) {
        if self.next_sweep.is_some_and(|next| now < next) {
            return;
        }
        self.next_sweep = Some(now + SWEEP);
        let expired: Vec<_> =
            self.flows.iter().filter(|(key, flow)| !flow.is_alive(key, now)).map(|(key, _)| *key).collect();
        for key in expired {
            self.remove(&key);
        }
        let Flows { flows, per_peer, .. } = self;
        for share in per_peer.values_mut() {
            share.tidy(flows);
        }
    }

    fn remove(&mut self, key: &FlowKey) {
        let Some(flow) = self.flows.remove(key) else { return };
        if let Some(share) = self.per_peer.get_mut(&flow.origin) {
            share.count = share.count.saturating_sub(1);
            if share.count == 0 {
                self.per_peer.remove(&flow.origin);
            }
        }
    }
}
