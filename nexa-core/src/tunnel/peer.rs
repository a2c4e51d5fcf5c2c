use std::collections::VecDeque;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use super::counters::Drop;
use super::crypto::{Identity, Opened, PeerCrypto, REJECT_AFTER_TIME, Role, Sealed};
use super::engine::Outbox;
use super::event::Event;
use crate::net::Cidr;
use crate::wireguard::{PresharedKey, PublicKey};

/// Whitepaper §6.
const REKEY_TIMEOUT: Duration = Duration::from_secs(5);
const REKEY_ATTEMPT_TIME: Duration = Duration::from_secs(90);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Past three times the reject time without a new session, keys are let go.
const KEYS_LIFE: Duration = Duration::from_secs(3 * REJECT_AFTER_TIME.as_secs());
/// Received under keys this old, the initiator makes new ones although it has nothing to send.
const REKEY_ON_RECEIVE: Duration =
    Duration::from_secs(REJECT_AFTER_TIME.as_secs() - KEEPALIVE_TIMEOUT.as_secs() - REKEY_TIMEOUT.as_secs());

/// Packets that wait for one peer's handshake.
const MAX_STAGED: usize = 128;

/// A peer as the caller wants it.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// Who it is.
    pub public_key: PublicKey,
    /// A further secret shared with it.
    pub preshared_key: Option<PresharedKey>,
    /// Where it is reached first. Authenticated packets from elsewhere move it. `None` leaves what was learned.
    pub endpoint: Option<SocketAddr>,
    /// The addresses behind it: what is sent to them goes to this peer, and only it may send from them. A prefix that
    /// another peer has is taken from that peer.
    pub allowed_ips: Vec<Cidr>,
    /// Seconds after which something is sent when nothing else is, to keep a way through a NAT open.
    pub persistent_keepalive: Option<NonZeroU16>,
}

impl PeerConfig {
    /// A peer with this key and nothing else.
    #[must_use]
    pub const fn new(public_key: PublicKey) -> Self {
        PeerConfig {
            public_key,
            preshared_key: None,
            endpoint: None,
            allowed_ips: Vec::new(),
            persistent_keepalive: None,
        }
    }
}

/// A peer as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PeerStatus {
    /// Who it is.
    pub public_key: PublicKey,
    /// Where its last authenticated packet came from, or where it was configured to be.
    pub endpoint: Option<SocketAddr>,
    /// The prefixes it has at this moment, in order.
    pub allowed_ips: Vec<Cidr>,
    /// As configured.
    pub persistent_keepalive: Option<NonZeroU16>,
    /// When the last session was made.
    pub last_handshake: Option<Instant>,
    /// Bytes received in authenticated datagrams.
    pub received_bytes: u64,
    /// Bytes sent in datagrams.
    pub sent_bytes: u64,
}

/// A configured peer. Silent, it is a record; [`Live`] comes with its first packet.
pub(super) struct Peer {
    pub(super) public_key: PublicKey,
    pub(super) preshared_key: Option<PresharedKey>,
    pub(super) endpoint: Option<SocketAddr>,
    pub(super) allowed_ips: Vec<Cidr>,
    pub(super) persistent_keepalive: Option<NonZeroU16>,
    pub(super) live: Option<Box<Live>>,
    /// The entry that the engine's timer queue holds for it.
    pub(super) scheduled: Option<Instant>,
    last_handshake: Option<Instant>,
    received_bytes: u64,
    sent_bytes: u64,
}

/// What a peer that has been heard of or spoken to has beside its configuration.
pub(super) struct Live {
    pub(super) index: u32,
    crypto: PeerCrypto,
    staged: VecDeque<Vec<u8>>,
    handshake: Option<Attempt>,
    /// When data was sent to which nothing has come back.
    unanswered_since: Option<Instant>,
    /// When something must be sent so that the peer sees its data arrive.
    keepalive_due: Option<Instant>,
    /// When anything authenticated last went either way.
    last_traffic: Instant,
    keys_expire: Option<Instant>,
}

/// A handshake that was begun and not answered.
struct Attempt {
    began: Instant,
    retry_at: Instant,
}

impl Live {
    pub(super) fn new(now: Instant, index: u32, crypto: PeerCrypto) -> Box<Self> {
        Box::new(Live {
            index,
            crypto,
            staged: VecDeque::new(),
            handshake: None,
            unanswered_since: None,
            keepalive_due: None,
            last_traffic: now,
            keys_expire: None,
        })
    }
}

impl Peer {
    pub(super) fn new(config: &PeerConfig) -> Self {
        Peer {
            public_key: config.public_key,
            preshared_key: config.preshared_key.clone(),
            endpoint: config.endpoint,
            allowed_ips: Vec::new(),
            persistent_keepalive: config.persistent_keepalive,
            live: None,
            scheduled: None,
            last_handshake: None,
            received_bytes: 0,
            sent_bytes: 0,
        }
    }

    pub(super) fn status(&self) -> PeerStatus {
        PeerStatus {
            public_key: self.public_key,
            endpoint: self.endpoint,
            allowed_ips: self.allowed_ips.clone(),
            persistent_keepalive: self.persistent_keepalive,
            last_handshake: self.last_handshake,
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
        }
    }

    pub(super) fn new_crypto(&self, identity: &Identity, index: u32) -> PeerCrypto {
        PeerCrypto::new(identity, &self.public_key, self.preshared_key.as_ref(), index)
    }

    /// Encrypts and sends a packet, or stages it and begins a handshake.
    pub(super) fn send_packet(&mut self, now: Instant, packet: &[u8], out: &mut Outbox) {
        if self.endpoint.is_none() {
            return out.count_drop(Drop::NoEndpoint);
        }
        if self.try_send(now, packet, out) {
            return;
        }
        let Some(live) = &mut self.live else { return };
        if live.staged.len() >= MAX_STAGED || !out.may_stage() {
            // The oldest goes: its sender has waited longest and will have sent again.
            out.staged -= live.staged.pop_front().map_or(0, |_| 1);
            out.count_drop(Drop::QueueFull);
        }
        if out.may_stage() {
            live.staged.push_back(packet.to_vec());
            out.staged += 1;
        }
        self.begin_handshake(now, out);
    }

    /// Sends a keepalive, or begins a handshake, after which the initiator sends one anyway.
    pub(super) fn send_keepalive(&mut self, now: Instant, out: &mut Outbox) {
        if self.endpoint.is_some() && !self.try_send(now, &[], out) {
            self.begin_handshake(now, out);
        }
    }

    /// Opens a datagram addressed to this peer. A packet in it is handed back, to be judged by the engine.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        out: &mut Outbox,
    ) -> Result<Option<Vec<u8>>, Drop> {
        let Some(live) = &mut self.live else { return Err(Drop::UnknownSession) };
        let opened = live.crypto.open(now, datagram)?;
        self.received_bytes += datagram.len() as u64;
        match opened {
            Opened::Established { role, reply } => {
                self.established(now, from, role, reply, out);
                Ok(None)
            }
            Opened::Cookie => Ok(None),
            Opened::Data { packet, confirms } => {
                if confirms {
                    self.completed(now, out);
                }
                self.received(now, from, out);
                Ok(self.unpacked(now, packet, out))
            }
        }
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) {
        self.retry_handshake(now, out);
        let Some(live) = &mut self.live else { return };
        if live.keys_expire.is_some_and(|at| now >= at) {
            live.keys_expire = None;
            live.crypto.expire();
        }
        let keepalive = live.keepalive_due.take_if(|at| now >= *at).is_some();
        let unanswered = live
            .unanswered_since
            .take_if(|since| now >= *since + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT)
            .is_some();
        if unanswered {
            self.begin_handshake(now, out);
        }
        if keepalive {
            self.try_send(now, &[], out);
        }
        if self.persistent_keepalive_due().is_some_and(|at| now >= at) {
            if let Some(live) = &mut self.live {
                live.last_traffic = now;
            }
            self.send_keepalive(now, out);
        }
    }

    /// When [`Peer::handle_timeout`] next has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let live = self.live.as_ref()?;
        let unanswered = live.unanswered_since.map(|since| since + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT);
        let retry = live.handshake.as_ref().map(|attempt| attempt.retry_at);
        let persistent = self.persistent_keepalive_due();
        [retry, unanswered, live.keys_expire, live.keepalive_due, persistent].into_iter().flatten().min()
    }

    /// Lets go of what waits for this peer.
    pub(super) fn abandon(&mut self, out: &mut Outbox) {
        for _ in self.live.iter_mut().flat_map(|live| live.staged.drain(..)) {
            out.staged -= 1;
            out.count_drop(Drop::NoSession);
        }
    }

    fn persistent_keepalive_due(&self) -> Option<Instant> {
        let live = self.live.as_ref()?;
        let interval =
            self.persistent_keepalive.filter(|_| self.endpoint.is_some() && live.handshake.is_none());
        interval.map(|seconds| live.last_traffic + Duration::from_secs(seconds.get().into()))
    }

    /// Whether it was encrypted and sent.
    fn try_send(&mut self, now: Instant, packet: &[u8], out: &mut Outbox) -> bool {
        let (Some(endpoint), Some(live)) = (self.endpoint, &mut self.live) else { return false };
        let Sealed::Data { datagram, rekey } = live.crypto.seal(now, &out.pad(packet)) else { return false };
        if packet.is_empty() {
            out.counters.keepalives_sent += 1;
        } else {
            out.counters.packets_sent += 1;
            live.unanswered_since.get_or_insert(now);
        }
        live.keepalive_due = None;
        live.last_traffic = now;
        self.sent_bytes += datagram.len() as u64;
        out.send(endpoint, datagram);
        if rekey {
            self.begin_handshake(now, out);
        }
        true
    }

    /// Begins a handshake unless one is under way.
    fn begin_handshake(&mut self, now: Instant, out: &mut Outbox) {
        let Some(live) = self.live.as_mut().filter(|live| live.handshake.is_none()) else { return };
        live.handshake = Some(Attempt { began: now, retry_at: now });
        self.send_initiation(now, out);
    }

    fn send_initiation(&mut self, now: Instant, out: &mut Outbox) {
        let Some(live) = &mut self.live else { return };
        if let Some(attempt) = &mut live.handshake {
            attempt.retry_at = now + REKEY_TIMEOUT + out.jitter();
        }
        let Some(endpoint) = self.endpoint else { return };
        if let Some(message) = live.crypto.initiate() {
            self.sent_bytes += message.len() as u64;
            out.send(endpoint, message);
        }
    }

    fn retry_handshake(&mut self, now: Instant, out: &mut Outbox) {
        let Some(live) = &mut self.live else { return };
        match &live.handshake {
            Some(attempt) if now.saturating_duration_since(attempt.began) >= REKEY_ATTEMPT_TIME => {
                live.handshake = None;
                live.last_traffic = now;
                out.counters.handshakes_failed += 1;
                out.event(Event::HandshakeFailed { peer: self.public_key });
                self.abandon(out);
            }
            Some(attempt) if now >= attempt.retry_at => self.send_initiation(now, out),
            _ => {}
        }
    }

    fn established(&mut self, now: Instant, from: SocketAddr, role: Role, reply: Vec<u8>, out: &mut Outbox) {
        let Some(live) = &mut self.live else { return };
        live.keys_expire = Some(now + KEYS_LIFE);
        live.last_traffic = now;
        self.sent_bytes += reply.len() as u64;
        out.send(from, reply);
        // A responder waits for the first data: until then the initiation may be a recording.
        if role == Role::Initiator {
            live.handshake = None;
            out.counters.keepalives_sent += 1;
            self.completed(now, out);
            self.received(now, from, out);
        }
    }

    /// Both sides are known to hold the keys of a new session.
    fn completed(&mut self, now: Instant, out: &mut Outbox) {
        self.last_handshake = Some(now);
        out.counters.handshakes_completed += 1;
        out.event(Event::HandshakeCompleted { peer: self.public_key });
    }

    /// The packet, if the data was more than a keepalive.
    fn unpacked(&mut self, now: Instant, packet: Vec<u8>, out: &mut Outbox) -> Option<Vec<u8>> {
        if packet.is_empty() {
            out.counters.keepalives_received += 1;
            return None;
        }
        if let Some(live) = &mut self.live {
            live.keepalive_due.get_or_insert(now + KEEPALIVE_TIMEOUT);
        }
        Some(packet)
    }

    /// After anything but an initiation authenticated.
    fn received(&mut self, now: Instant, from: SocketAddr, out: &mut Outbox) {
        if self.endpoint.replace(from) != Some(from) {
            out.event(Event::EndpointChanged { peer: self.public_key, endpoint: from });
        }
        let Some(live) = &mut self.live else { return };
        live.unanswered_since = None;
        live.last_traffic = now;
        // A session that the peer made meanwhile serves as well as the one we are asking for.
        let confirmed = live.crypto.confirmed_at();
        live.handshake.take_if(|attempt| confirmed.is_some_and(|at| at > attempt.began));
        let rekey = live.crypto.wants_rekey_on_receive(now, REKEY_ON_RECEIVE);
        self.flush(now, out);
        if rekey {
            self.begin_handshake(now, out);
        }
    }

    /// Sends what waited for a session.
    fn flush(&mut self, now: Instant, out: &mut Outbox) {
        let Some(live) = self.live.as_mut().filter(|live| live.crypto.can_seal(now)) else { return };
        for packet in std::mem::take(&mut live.staged) {
            out.staged -= 1;
            if !self.try_send(now, &packet, out) {
                out.count_drop(Drop::NoSession);
            }
        }
    }
}
