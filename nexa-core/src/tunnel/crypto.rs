//! The Noise handshake and the transport encryption, behind types of our own. The only file that names boringtun.
//!
//! boringtun reads the monotonic clock inside. What depends on time here is decided on the caller's `now` instead:
//! which sessions exist and how old they are is kept in [`PeerCrypto::sessions`], and boringtun's own timers are only
//! moved ([`PeerCrypto::tick`]) so that it knows the order of its sessions; what they would send is not sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use boringtun::noise::errors::WireGuardError;
use boringtun::noise::handshake::parse_handshake_anon;
use boringtun::noise::rate_limiter::RateLimiter;
use boringtun::noise::{Packet, Tunn, TunnResult};

use super::counters::Drop;
use super::packet::array;
use crate::wireguard::{PresharedKey, PrivateKey, PublicKey};

/// Data under keys this old is neither sent nor accepted (whitepaper §6.1).
pub(super) const REJECT_AFTER_TIME: Duration = Duration::from_secs(180);
/// The initiator of a session makes a new one when it sends under keys this old.
const REKEY_AFTER_TIME: Duration = Duration::from_secs(120);
const REKEY_AFTER_MESSAGES: u64 = 1 << 60;
/// The replay window must be able to move past the highest counter it accepts.
const REJECT_AFTER_MESSAGES: u64 = u64::MAX - (1 << 13);

const MESSAGE_INITIATION: u8 = 1;
const MESSAGE_RESPONSE: u8 = 2;
const MESSAGE_COOKIE: u8 = 3;
const MESSAGE_DATA: u8 = 4;

/// Bytes that a data message adds to what it carries.
pub(super) const DATA_OVERHEAD: usize = 32;
/// The longest handshake message.
const HANDSHAKE_MAX: usize = 148;
/// boringtun keeps this many sessions per peer, by the index modulo this.
const SESSIONS: u32 = 8;

/// Our own key, and what is the same for every peer.
pub(super) struct Identity {
    private: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
    /// Checks the first MAC of handshake messages. Without a limit: boringtun counts all peers together, and would ask
    /// everybody for a cookie as soon as anybody floods.
    limiter: Arc<RateLimiter>,
}

/// Whose a datagram claims to be.
pub(super) enum Addressee {
    /// The peer with this key wants a session. That it holds the key is not yet proven.
    Key([u8; 32]),
    /// The peer with this index.
    Index(u32),
}

/// Who began the handshake of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Initiator,
    Responder,
}

/// A message that authenticated.
pub(super) enum Opened {
    /// A session was made; `reply` must go out. A responder's session may be used once its peer has used it.
    Established { role: Role, reply: Vec<u8> },
    /// Data: an IP packet without padding, or nothing, which is a keepalive. `confirms`: it is the first of a session
    /// in which we are the responder, and proves that the peer holds the keys.
    Data { packet: Vec<u8>, confirms: bool },
    /// A cookie for the next handshake.
    Cookie,
}

/// What became of a packet to be sent.
pub(super) enum Sealed {
    /// Encrypted. `rekey`: its keys are to be replaced.
    Data { datagram: Vec<u8>, rekey: bool },
    /// There are no keys to send it under.
    NoSession,
}

impl Identity {
    pub(super) fn new(key: &PrivateKey) -> Self {
        let private = key.to_dalek();
        let public = x25519_dalek::PublicKey::from(&private);
        Identity { limiter: Arc::new(RateLimiter::new(&public, u64::MAX)), private, public }
    }

    pub(super) fn public_key(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Tells whose a datagram is, having checked its form and, of a handshake message, the first MAC.
    pub(super) fn addressee(&self, datagram: &[u8]) -> Result<Addressee, Drop> {
        let mut cookie = [0; 64];
        let packet =
            self.limiter.verify_packet(None, datagram, &mut cookie).map_err(|result| match result {
                TunnResult::Err(error) => cause(&error),
                _ => Drop::BadMac,
            })?;
        match packet {
            Packet::HandshakeInit(initiation) => {
                parse_handshake_anon(&self.private, &self.public, &initiation)
                    .map(|half| Addressee::Key(half.peer_static_public))
                    .map_err(|error| cause(&error))
            }
            Packet::HandshakeResponse(response) => Ok(Addressee::Index(response.receiver_idx >> 8)),
            Packet::PacketCookieReply(reply) => Ok(Addressee::Index(reply.receiver_idx >> 8)),
            Packet::PacketData(data) => Ok(Addressee::Index(data.receiver_idx >> 8)),
        }
    }
}

/// The handshake state and the sessions with one peer.
pub(super) struct PeerCrypto {
    tunn: Tunn,
    sessions: Vec<Session>,
}

/// What boringtun does not tell of its sessions.
struct Session {
    local_index: u32,
    remote_index: u32,
    established: Instant,
    role: Role,
    /// The peer has proven that it holds the keys.
    confirmed: bool,
}

impl PeerCrypto {
    /// `index` has 24 bits; boringtun appends 8 for the session.
    pub(super) fn new(
        identity: &Identity,
        peer: &PublicKey,
        preshared: Option<&PresharedKey>,
        index: u32,
    ) -> Self {
        let tunn = Tunn::new(
            identity.private.clone(),
            x25519_dalek::PublicKey::from(*peer.as_bytes()),
            preshared.map(|key| *key.expose()),
            None,
            index,
            Some(Arc::clone(&identity.limiter)),
        );
        PeerCrypto { tunn, sessions: Vec::new() }
    }

    /// The first message of a new handshake.
    pub(super) fn initiate(&mut self) -> Option<Vec<u8>> {
        self.tick();
        let mut buffer = vec![0; HANDSHAKE_MAX];
        match self.tunn.format_handshake_initiation(&mut buffer, true) {
            TunnResult::WriteToNetwork(message) => Some(message.to_vec()),
            _ => None,
        }
    }

    /// Whether there are keys to send under.
    pub(super) fn can_seal(&self, now: Instant) -> bool {
        self.sessions.iter().any(|session| session.confirmed && session.is_alive(now))
    }

    /// When the newest session was made whose peer has proven that it holds the keys.
    pub(super) fn confirmed_at(&self) -> Option<Instant> {
        self.sessions.iter().filter(|session| session.confirmed).map(|session| session.established).max()
    }

    /// Encrypts one packet, which the caller has padded.
    pub(super) fn seal(&mut self, now: Instant, plaintext: &[u8]) -> Sealed {
        if !self.can_seal(now) {
            return Sealed::NoSession;
        }
        let mut datagram = vec![0; (plaintext.len() + DATA_OVERHEAD).max(HANDSHAKE_MAX)];
        let len = match self.tunn.encapsulate(plaintext, &mut datagram) {
            TunnResult::WriteToNetwork(message) => message.len(),
            _ => 0,
        };
        datagram.truncate(len);
        let Some((remote_index, counter)) = data_header(&datagram) else {
            // boringtun's clock counts the time that the machine slept, and has let go of its keys.
            self.sessions.clear();
            return Sealed::NoSession;
        };
        let used = self.sessions.iter().rev().find(|session| session.remote_index == remote_index);
        match used {
            Some(session) if session.is_alive(now) && counter < REJECT_AFTER_MESSAGES => Sealed::Data {
                rekey: session.wants_rekey(now, REKEY_AFTER_TIME) || counter >= REKEY_AFTER_MESSAGES,
                datagram,
            },
            _ => Sealed::NoSession,
        }
    }

    /// Whether we began the session in use, and it is so old that receiving alone should replace it.
    pub(super) fn wants_rekey_on_receive(&self, now: Instant, age: Duration) -> bool {
        let newest = self.sessions.iter().rev().find(|session| session.confirmed);
        newest.is_some_and(|session| session.is_alive(now) && session.wants_rekey(now, age))
    }

    /// Opens a message that [`Identity::addressee`] found to be this peer's.
    pub(super) fn open(&mut self, now: Instant, datagram: &[u8]) -> Result<Opened, Drop> {
        match datagram.first() {
            Some(&MESSAGE_INITIATION) => self.open_initiation(now, datagram),
            Some(&MESSAGE_RESPONSE) => self.open_response(now, datagram),
            Some(&MESSAGE_COOKIE) => self.open_cookie(datagram),
            _ => self.open_data(now, datagram),
        }
    }

    /// Lets go of every key. What was sent and not confirmed is lost.
    pub(super) fn expire(&mut self) {
        self.tick();
        self.sessions.clear();
    }

    fn open_initiation(&mut self, now: Instant, datagram: &[u8]) -> Result<Opened, Drop> {
        self.tick();
        let reply = self.handshake(datagram)?;
        let (local_index, remote_index) = (le32(&reply, 4), le32(datagram, 4));
        self.record(now, local_index, remote_index, Role::Responder)?;
        Ok(Opened::Established { role: Role::Responder, reply })
    }

    fn open_response(&mut self, now: Instant, datagram: &[u8]) -> Result<Opened, Drop> {
        self.tick();
        let reply = self.handshake(datagram)?;
        let (local_index, remote_index) = (le32(datagram, 8), le32(datagram, 4));
        self.record(now, local_index, remote_index, Role::Initiator)?;
        self.drain();
        Ok(Opened::Established { role: Role::Initiator, reply })
    }

    fn open_cookie(&mut self, datagram: &[u8]) -> Result<Opened, Drop> {
        let mut buffer = [0; HANDSHAKE_MAX];
        match self.tunn.decapsulate(None, datagram, &mut buffer) {
            TunnResult::Err(error) => Err(cause(&error)),
            _ => Ok(Opened::Cookie),
        }
    }

    fn open_data(&mut self, now: Instant, datagram: &[u8]) -> Result<Opened, Drop> {
        let local_index = le32(datagram, 4).ok_or(Drop::Malformed)?;
        let counter = array(datagram, 8).map(u64::from_le_bytes).ok_or(Drop::Malformed)?;
        let session = self.sessions.iter_mut().find(|session| session.local_index == local_index);
        let session = session.ok_or(Drop::UnknownSession)?;
        if !session.is_alive(now) || counter >= REJECT_AFTER_MESSAGES {
            return Err(Drop::Expired);
        }
        let mut buffer = vec![0; datagram.len()];
        let len = match self.tunn.decapsulate(None, datagram, &mut buffer) {
            TunnResult::Done => 0,
            TunnResult::WriteToTunnelV4(packet, _) | TunnResult::WriteToTunnelV6(packet, _) => packet.len(),
            TunnResult::WriteToNetwork(_) => return Err(Drop::Malformed),
            TunnResult::Err(error) => return Err(cause(&error)),
        };
        let confirms = !std::mem::replace(&mut session.confirmed, true);
        buffer.truncate(len);
        Ok(Opened::Data { packet: buffer, confirms })
    }

    /// Hands a handshake message to boringtun, whose answer must go out.
    fn handshake(&mut self, datagram: &[u8]) -> Result<Vec<u8>, Drop> {
        let mut buffer = vec![0; HANDSHAKE_MAX];
        match self.tunn.decapsulate(None, datagram, &mut buffer) {
            TunnResult::WriteToNetwork(message) => Ok(message.to_vec()),
            TunnResult::Err(error) => Err(cause(&error)),
            _ => Err(Drop::Malformed),
        }
    }

    fn record(
        &mut self,
        now: Instant,
        local: Option<u32>,
        remote: Option<u32>,
        role: Role,
    ) -> Result<(), Drop> {
        let (local_index, remote_index) = (local.ok_or(Drop::Malformed)?, remote.ok_or(Drop::Malformed)?);
        self.sessions.retain(|session| {
            session.is_alive(now) && session.local_index % SESSIONS != local_index % SESSIONS
        });
        let confirmed = role == Role::Initiator;
        self.sessions.push(Session { local_index, remote_index, established: now, role, confirmed });
        Ok(())
    }

    /// Brings boringtun's clock up to date, by which it orders sessions and lets go of old ones. Done before each
    /// handshake message, in or out. What it would send is not sent: our timers decide that.
    fn tick(&mut self) {
        let mut unsent = [0; HANDSHAKE_MAX + DATA_OVERHEAD];
        self.tunn.update_timers(&mut unsent);
    }

    /// Throws away what boringtun queued by itself; the engine stages packets.
    fn drain(&mut self) {
        const QUEUE: usize = 256;
        let mut unsent = vec![0; usize::from(u16::MAX) + DATA_OVERHEAD];
        for _ in 0..QUEUE {
            if matches!(self.tunn.decapsulate(None, &[], &mut unsent), TunnResult::Done) {
                break;
            }
        }
    }
}

impl Session {
    fn is_alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.established) < REJECT_AFTER_TIME
    }

    fn wants_rekey(&self, now: Instant, age: Duration) -> bool {
        self.role == Role::Initiator && now.saturating_duration_since(self.established) >= age
    }
}

/// The receiver's index and the counter of a data message.
fn data_header(datagram: &[u8]) -> Option<(u32, u64)> {
    if datagram.first() != Some(&MESSAGE_DATA) {
        return None;
    }
    Some((le32(datagram, 4)?, array(datagram, 8).map(u64::from_le_bytes)?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

const fn cause(error: &WireGuardError) -> Drop {
    match error {
        WireGuardError::InvalidMac => Drop::BadMac,
        WireGuardError::InvalidCounter
        | WireGuardError::DuplicateCounter
        | WireGuardError::WrongTai64nTimestamp => Drop::Replayed,
        WireGuardError::NoCurrentSession | WireGuardError::WrongIndex | WireGuardError::UnexpectedPacket => {
            Drop::UnknownSession
        }
        WireGuardError::ConnectionExpired => Drop::Expired,
        WireGuardError::InvalidAeadTag | WireGuardError::WrongKey => Drop::Unauthenticated,
        _ => Drop::Malformed,
    }
}
