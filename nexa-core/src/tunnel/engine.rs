//! WireGuard for one or many peers, without a socket, a thread or a clock.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::{Counters, Drop};
use super::crypto::{Addressee, Identity};
use super::error::TunnelError;
use super::event::Event;
use super::filter::{Filter, FlowFilter};
use super::packet::IpPacket;
use super::peer::{Live, Peer, PeerConfig, PeerStatus};
use super::routes::Routes;
use super::{MAX_MTU, MIN_MTU};
use crate::net::Cidr;
use crate::runtime::{Random, random_bytes};
use crate::wireguard::{PresharedKey, PrivateKey, PublicKey};

/// Outputs that wait to be polled.
const MAX_OUTPUTS: usize = 4_096;
/// Packets that wait for a handshake, of all peers together.
const MAX_STAGED: usize = 4_096;
/// Peers with a session or a handshake, of the 2^24 that boringtun's indices can tell apart: few enough that a random
/// index is soon a free one.
const MAX_LIVE_PEERS: usize = 1 << 22;
/// Whitepaper §5.4.6: what is encrypted is a multiple of this long, so that its length tells less.
const PADDING: usize = 16;

/// What an engine is made from.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Our own key.
    pub private_key: PrivateKey,
    /// The longest packet, in bytes, that goes through the tunnel.
    pub mtu: usize,
    /// What peers may reach.
    pub filter: Filter,
}

/// Something for the caller to do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Send it over UDP.
    Datagram {
        /// Where to.
        to: SocketAddr,
        /// What.
        payload: Vec<u8>,
    },
    /// Write it to the packet device.
    Packet(Vec<u8>),
    /// Tell whom it concerns.
    Event(Event),
}

/// The data plane: packets, datagrams and the time go in, packets, datagrams and events come out.
///
/// A client is an engine with one peer; a gateway is one with many. After each call of a `handle_*` function
/// [`Engine::poll_output`] is called until it has nothing more, and [`Engine::handle_timeout`] is called when
/// [`Engine::next_deadline`] has come. `now` may stand still, and never goes back.
pub struct Engine {
    identity: Identity,
    random: Arc<dyn Random>,
    peers: Vec<Option<Peer>>,
    free: Vec<PeerId>,
    by_key: HashMap<[u8; 32], PeerId>,
    by_index: HashMap<u32, PeerId>,
    routes: Routes<PeerId>,
    filter: FlowFilter,
    timers: BTreeSet<(Instant, PeerId)>,
    out: Outbox,
}

/// A place in the engine's table of peers; reused after removal.
type PeerId = u32;

impl Engine {
    /// An engine without peers. `random` gives session indices and the jitter of retries.
    ///
    /// # Errors
    /// [`TunnelError::MtuOutOfRange`].
    pub fn new(config: &EngineConfig, random: Arc<dyn Random>) -> Result<Self, TunnelError> {
        if !(MIN_MTU..=MAX_MTU).contains(&config.mtu) {
            return Err(TunnelError::MtuOutOfRange { mtu: config.mtu });
        }
        Ok(Engine {
            identity: Identity::new(&config.private_key),
            out: Outbox::new(config.mtu, Arc::clone(&random)),
            random,
            peers: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            by_index: HashMap::new(),
            routes: Routes::new(),
            filter: FlowFilter::new(&config.filter),
            timers: BTreeSet::new(),
        })
    }

    /// Adds a peer, or makes the one with this key as described. A session survives unless the preshared key changes.
    ///
    /// # Errors
    /// [`TunnelError::OwnKey`] and [`TunnelError::TooManyPeers`]. [`TunnelError::Randomness`] when a persistent keepalive
    /// should have been begun; the peer is set all the same.
    pub fn set_peer(&mut self, now: Instant, config: &PeerConfig) -> Result<(), TunnelError> {
        if config.public_key.as_bytes() == self.identity.public_key() {
            return Err(TunnelError::OwnKey);
        }
        let id = match self.by_key.get(config.public_key.as_bytes()).copied() {
            Some(id) => id,
            None => self.add(config)?,
        };
        self.update(id, config);
        self.give_prefixes(id, &config.allowed_ips);
        let is_silent = self.slot(id).and_then(Option::as_mut).is_some_and(|peer| peer.live.is_none());
        if is_silent && config.persistent_keepalive.is_some() {
            self.with_live(now, id, |peer, out| peer.send_keepalive(now, out))?;
        }
        self.reschedule(id);
        Ok(())
    }

    /// Removes a peer with its sessions, prefixes, flows and what waited for it. `false` when there was none.
    pub fn remove_peer(&mut self, public_key: &PublicKey) -> bool {
        let Some(id) = self.by_key.remove(public_key.as_bytes()) else { return false };
        let Some(mut peer) = self.slot(id).and_then(Option::take) else { return false };
        peer.abandon(&mut self.out);
        for prefix in &peer.allowed_ips {
            self.routes.remove(*prefix);
        }
        if let Some(live) = &peer.live {
            self.by_index.remove(&live.index);
        }
        if let Some(at) = peer.scheduled {
            self.timers.remove(&(at, id));
        }
        self.filter.forget(id);
        self.free.push(id);
        true
    }

    /// Puts a filter in force from the next packet on, also for flows that the one before permitted.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter.replace(&filter);
    }

    /// Makes exactly these the peers, and this the filter. Peers that stay keep their sessions, as with
    /// [`Engine::set_peer`]; the others are removed first.
    ///
    /// # Errors
    /// The first that [`Engine::set_peer`] gives; the other peers and the filter are set all the same.
    pub fn replace(&mut self, now: Instant, peers: &[PeerConfig], filter: Filter) -> Result<(), TunnelError> {
        let wanted: HashSet<_> = peers.iter().map(|peer| *peer.public_key.as_bytes()).collect();
        let gone: Vec<_> = self.peers.iter().flatten().map(|peer| peer.public_key).collect();
        for key in gone.iter().filter(|key| !wanted.contains(key.as_bytes())) {
            self.remove_peer(key);
        }
        self.set_filter(filter);
        // Each is tried, whatever became of the one before.
        let refused: Vec<_> = peers.iter().filter_map(|peer| self.set_peer(now, peer).err()).collect();
        refused.into_iter().next().map_or(Ok(()), Err)
    }

    /// Takes an IP packet from the packet device.
    pub fn handle_tun(&mut self, now: Instant, packet: &[u8]) {
        if let Err(cause) = self.route(now, packet) {
            self.out.count_drop(cause);
        }
    }

    /// Takes a datagram from the UDP socket.
    pub fn handle_udp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.out.counters.datagrams_received += 1;
        if let Err(cause) = self.receive(now, from, datagram) {
            self.out.count_drop(cause);
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, id)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            let Engine { peers, out, .. } = self;
            let Some(peer) = slot(peers, id).and_then(Option::as_mut) else { continue };
            peer.scheduled = None;
            peer.handle_timeout(now, out);
            self.reschedule(id);
        }
    }

    /// The next thing for the caller to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.queue.pop_front()
    }

    /// When [`Engine::handle_timeout`] is next to be called; `None` while nothing can become due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Every peer as it is, in no order.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.peers.iter().flatten().map(Peer::status).collect()
    }

    /// One peer as it is.
    #[must_use]
    pub fn peer(&self, public_key: &PublicKey) -> Option<PeerStatus> {
        let id = self.by_key.get(public_key.as_bytes())?;
        self.peers.get(usize::try_from(*id).ok()?)?.as_ref().map(Peer::status)
    }

    /// What was done since the engine was made.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.out.counters
    }

    /// Counts what the caller could not do with an output.
    pub(super) const fn count_drop(&mut self, cause: Drop) {
        self.out.counters.count_drop(cause);
    }

    fn add(&mut self, config: &PeerConfig) -> Result<PeerId, TunnelError> {
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let id = PeerId::try_from(self.peers.len()).map_err(|_| TunnelError::TooManyPeers)?;
                self.peers.push(None);
                id
            }
        };
        if let Some(slot) = self.slot(id) {
            *slot = Some(Peer::new(config));
        }
        self.by_key.insert(*config.public_key.as_bytes(), id);
        Ok(id)
    }

    fn update(&mut self, id: PeerId, config: &PeerConfig) {
        let Engine { peers, out, by_index, .. } = self;
        let Some(peer) = slot(peers, id).and_then(Option::as_mut) else { return };
        peer.endpoint = config.endpoint.or(peer.endpoint);
        peer.persistent_keepalive = config.persistent_keepalive;
        let [before, after] =
            [&peer.preshared_key, &config.preshared_key].map(|key| key.as_ref().map(PresharedKey::expose));
        if before != after {
            peer.preshared_key.clone_from(&config.preshared_key);
            peer.abandon(out);
            if let Some(live) = peer.live.take() {
                by_index.remove(&live.index);
            }
        }
    }

    /// Makes exactly these the peer's prefixes, taking them from whoever has them. Who loses one loses its flows, so that
    /// no reply to it goes to the next owner; its next packets open again what it may still have.
    fn give_prefixes(&mut self, id: PeerId, prefixes: &[Cidr]) {
        let mut wanted = prefixes.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        for prefix in &wanted {
            let before = self.routes.insert(*prefix, id).filter(|owner| *owner != id);
            let Some(owner) = before else { continue };
            self.filter.forget(owner);
            if let Some(owner) = self.slot(owner).and_then(Option::as_mut) {
                owner.allowed_ips.retain(|other| other != prefix);
            }
        }
        let Engine { peers, routes, filter, .. } = self;
        let Some(peer) = slot(peers, id).and_then(Option::as_mut) else { return };
        for given_up in peer.allowed_ips.iter().filter(|prefix| wanted.binary_search(prefix).is_err()) {
            routes.remove(*given_up);
            filter.forget(id);
        }
        peer.allowed_ips = wanted;
    }

    fn route(&mut self, now: Instant, bytes: &[u8]) -> Result<(), Drop> {
        let packet = IpPacket::parse(bytes).ok_or(Drop::Malformed)?;
        if packet.bytes.len() > self.out.mtu {
            return Err(Drop::Oversized);
        }
        let id = self.routes.lookup(packet.destination).ok_or(Drop::NoRoute)?;
        self.filter.check_to_peer(now, &packet)?;
        self.with_live(now, id, |peer, out| peer.send_packet(now, packet.bytes, out))
            .map_err(|_| Drop::QueueFull)
    }

    fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Result<(), Drop> {
        let id = match self.identity.addressee(datagram)? {
            Addressee::Key(key) => *self.by_key.get(&key).ok_or(Drop::UnknownPeer)?,
            Addressee::Index(index) => *self.by_index.get(&index).ok_or(Drop::UnknownSession)?,
        };
        let was_silent = self.slot(id).and_then(Option::as_mut).is_some_and(|peer| peer.live.is_none());
        let received = self
            .with_live(now, id, |peer, out| peer.receive(now, from, datagram, out))
            .map_err(|_| Drop::QueueFull)
            .flatten();
        if was_silent && received.is_err() {
            // The initiation proved nothing: anybody who knows both public keys can send it.
            self.silence(id);
        }
        let Some(packet) = received? else { return Ok(()) };
        self.deliver(now, id, packet)
    }

    /// Judges a packet that a peer sent, and hands it out.
    fn deliver(&mut self, now: Instant, id: PeerId, bytes: Vec<u8>) -> Result<(), Drop> {
        let packet = IpPacket::parse(&bytes).ok_or(Drop::Malformed)?;
        if self.routes.lookup(packet.source) != Some(id) {
            return Err(Drop::Source);
        }
        self.filter.check_from_peer(now, id, &packet)?;
        self.out.deliver(bytes);
        Ok(())
    }

    /// Runs `act` on a peer that is live, making it so first, and keeps its timer.
    fn with_live<R>(
        &mut self,
        now: Instant,
        id: PeerId,
        act: impl FnOnce(&mut Peer, &mut Outbox) -> R,
    ) -> Result<R, TunnelError> {
        let silent = self.slot(id).and_then(Option::as_mut).is_none_or(|peer| peer.live.is_none());
        let index = if silent { Some(self.free_index()?) } else { None };
        let Engine { peers, identity, by_index, out, .. } = self;
        let peer = slot(peers, id).and_then(Option::as_mut).ok_or(TunnelError::TooManyPeers)?;
        if let Some(index) = index {
            peer.live = Some(Live::new(now, index, peer.new_crypto(identity, index)));
            by_index.insert(index, id);
        }
        let result = act(peer, out);
        self.reschedule(id);
        Ok(result)
    }

    fn silence(&mut self, id: PeerId) {
        let Some(live) = self.slot(id).and_then(Option::as_mut).and_then(|peer| peer.live.take()) else {
            return;
        };
        self.by_index.remove(&live.index);
        self.reschedule(id);
    }

    /// A random index that no live peer has; 24 bits, as boringtun wants.
    fn free_index(&self) -> Result<u32, TunnelError> {
        if self.by_index.len() >= MAX_LIVE_PEERS {
            return Err(TunnelError::TooManyPeers);
        }
        loop {
            let bytes: [u8; 4] =
                random_bytes(&*self.random).map_err(|source| TunnelError::Randomness { source })?;
            let index = u32::from_le_bytes(bytes) >> 8;
            if !self.by_index.contains_key(&index) {
                return Ok(index);
            }
        }
    }

    /// Brings the timer queue up to the peer's deadline. A later deadline is left to the earlier entry, which will find
    /// nothing due: so a packet that moves a deadline costs nothing.
    fn reschedule(&mut self, id: PeerId) {
        let Engine { peers, timers, .. } = self;
        let Some(peer) = slot(peers, id).and_then(Option::as_mut) else { return };
        let Some(at) = peer.deadline() else { return };
        if peer.scheduled.is_some_and(|scheduled| scheduled <= at) {
            return;
        }
        if let Some(scheduled) = peer.scheduled.replace(at) {
            timers.remove(&(scheduled, id));
        }
        timers.insert((at, id));
    }

    fn slot(&mut self, id: PeerId) -> Option<&mut Option<Peer>> {
        slot(&mut self.peers, id)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("peers", &self.by_key.len())
            .field("counters", &self.out.counters)
            .finish_non_exhaustive()
    }
}

fn slot(peers: &mut [Option<Peer>], id: PeerId) -> Option<&mut Option<Peer>> {
    peers.get_mut(usize::try_from(id).ok()?)
}

/// Where everything that leaves the engine is put, and counted.
pub(super) struct Outbox {
    pub(super) counters: Counters,
    /// Packets that the peers hold back.
    pub(super) staged: usize,
    queue: VecDeque<Output>,
    mtu: usize,
    random: Arc<dyn Random>,
}

impl Outbox {
    fn new(mtu: usize, random: Arc<dyn Random>) -> Self {
        Outbox { counters: Counters::default(), staged: 0, queue: VecDeque::new(), mtu, random }
    }

    pub(super) const fn count_drop(&mut self, cause: Drop) {
        self.counters.count_drop(cause);
    }

    /// Whether another packet may wait for a handshake.
    pub(super) const fn may_stage(&self) -> bool {
        self.staged < MAX_STAGED
    }

    pub(super) fn send(&mut self, to: SocketAddr, payload: Vec<u8>) {
        if self.push(Output::Datagram { to, payload }) {
            self.counters.datagrams_sent += 1;
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    fn deliver(&mut self, packet: Vec<u8>) {
        if self.push(Output::Packet(packet)) {
            self.counters.packets_delivered += 1;
        }
    }

    /// The packet with zeros behind it, but never past the MTU.
    pub(super) fn pad(&self, packet: &[u8]) -> Vec<u8> {
        let len = packet.len().next_multiple_of(PADDING).min(self.mtu.max(packet.len()));
        let mut padded = Vec::with_capacity(len);
        padded.extend_from_slice(packet);
        padded.resize(len, 0);
        padded
    }

    /// Between 0 and 333 ms (whitepaper §6.1), so that peers that lost a gateway do not return at one moment.
    pub(super) fn jitter(&self) -> Duration {
        let bytes = random_bytes(&*self.random).unwrap_or([0; 2]);
        Duration::from_millis(u64::from(u16::from_le_bytes(bytes)) % 334)
    }

    fn push(&mut self, output: Output) -> bool {
        let has_room = self.queue.len() < MAX_OUTPUTS;
        if has_room {
            self.queue.push_back(output);
        } else {
            self.count_drop(Drop::QueueFull);
        }
        has_room
    }
}

#[cfg(test)]
mod tests;
