//! The data plane in this program: no root, no network interface, TCP and ping inside the tunnel.
//!
//! A tunnel here is the core's tunnel and network stack together. Calls that wait run on threads of their own; a caller
//! that gives one up loses nothing: a connection, an event or bytes that came for it are given to the next one.

use std::collections::VecDeque;
use std::io::{ErrorKind as IoKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use nexa_core::net::Cidr;
use nexa_core::tunnel::{self, AnswerFor, Filter, NetStack, NetStackConfig, TunnelConfig, TunnelError};
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::outward::Outward;
use crate::runtime::{Given, Threaded, blocking, ending};
use crate::wireguard::{Conf, PrivateKey, Profile, parsed, parsed_all};

/// How long a connection or a ping may take when the caller does not say.
const USUAL_WAIT: Duration = Duration::from_secs(20);
/// How often a thread that waits looks whether anybody still waits for it.
const SLICE: Duration = Duration::from_millis(50);
/// The most that one read gives.
const MAX_READ: u32 = 1 << 20;

/// What may be changed about a device's tunnel.
#[record(input)]
#[derive(Default)]
pub struct TunnelOptions {
    /// The UDP address to listen on, such as `127.0.0.1:0`; any address and port without it.
    pub listen: Option<String>,
    /// What is sent into the tunnel, in place of what the profile says. It only routes: what may be reached, the gateway
    /// decides.
    pub allowed_ips: Option<Vec<String>>,
    /// The longest packet inside the tunnel in bytes.
    pub mtu: Option<u32>,
}

impl TunnelOptions {
    fn apply(self, config: &mut TunnelConfig, stack: &mut NetStackConfig) -> Result<()> {
        if let Some(listen) = self.listen {
            config.listen = parsed("listen", &listen)?;
        }
        if let Some(prefixes) = self.allowed_ips {
            let prefixes: Vec<Cidr> = parsed_all("allowed_ips", &prefixes)?;
            for peer in &mut config.peers {
                peer.allowed_ips.clone_from(&prefixes);
            }
        }
        if let Some(bytes) = self.mtu {
            config.mtu = usize::try_from(bytes).unwrap_or(usize::MAX);
            stack.mtu = config.mtu;
        }
        Ok(())
    }
}

/// A gateway that runs in this program. It lets nothing through until a desired state is applied to it.
#[record(input)]
pub struct GatewayOptions {
    /// The UDP address to listen on, such as `127.0.0.1:51820`; port 0 lets the system choose.
    pub listen: String,
    /// The gateway's own addresses inside the tunnel.
    pub addresses: Vec<String>,
    /// The longest packet inside the tunnel in bytes.
    pub mtu: Option<u32>,
}

/// What a tunnel has done since it was made. Every packet that goes in is delivered, sent, staged or counted as dropped,
/// under the cause that was found first.
#[record(from = tunnel::Counters)]
pub struct Counters {
    /// Datagrams handed to the engine.
    pub datagrams_received: i64,
    /// Datagrams handed out for sending.
    pub datagrams_sent: i64,
    /// Packets from peers handed out for the packet device.
    pub packets_delivered: i64,
    /// Packets from the packet device that left encrypted.
    pub packets_sent: i64,
    /// Sessions established, in either direction.
    pub handshakes_completed: i64,
    /// Handshakes given up after 90 s without an answer.
    pub handshakes_failed: i64,
    /// Keepalives received.
    pub keepalives_received: i64,
    /// Keepalives sent.
    pub keepalives_sent: i64,
    /// Not a WireGuard message, not an IP packet, or cut short.
    pub dropped_malformed: i64,
    /// A handshake message whose first MAC is not made for this key.
    pub dropped_bad_mac: i64,
    /// A message that does not authenticate.
    pub dropped_unauthenticated: i64,
    /// A handshake by a key that no peer has.
    pub dropped_unknown_peer: i64,
    /// A message to a session that does not exist.
    pub dropped_unknown_session: i64,
    /// A message that was received before, or is too old to tell.
    pub dropped_replayed: i64,
    /// A message under keys older than 180 s.
    pub dropped_expired: i64,
    /// A packet from a peer whose source address belongs to another peer or to none.
    pub dropped_source: i64,
    /// A packet to an address that belongs to no peer.
    pub dropped_no_route: i64,
    /// A packet to a peer whose endpoint is not known.
    pub dropped_no_endpoint: i64,
    /// A packet longer than the MTU.
    pub dropped_oversized: i64,
    /// A packet from a peer to a destination that the filter does not permit it.
    pub dropped_filter: i64,
    /// A packet to a peer that belongs to no flow which the peer was permitted to open.
    pub dropped_unsolicited: i64,
    /// A packet that came when the filter was no longer valid.
    pub dropped_filter_expired: i64,
    /// A fragment that cannot be matched to a permitted packet, or a packet made to deceive a filter.
    pub dropped_fragment: i64,
    /// A packet for which the filter had no room to remember its flow.
    pub dropped_flow_table: i64,
    /// A packet or datagram for which a queue of the engine had no room.
    pub dropped_queue_full: i64,
    /// A packet that waited for a handshake which was never answered, or whose peer was removed.
    pub dropped_no_session: i64,
    /// A packet that the packet device did not take.
    pub dropped_device: i64,
    /// A datagram that the operating system did not send.
    pub dropped_send: i64,
}

/// A peer as it is.
#[record]
pub struct PeerStatus {
    /// Who it is, in base64.
    pub public_key: String,
    /// Where its last authenticated packet came from, or where it was configured to be.
    pub endpoint: Option<String>,
    /// The prefixes it has at this moment, in order.
    pub allowed_ips: Vec<String>,
    /// Seconds between packets that keep a NAT's mapping open.
    pub persistent_keepalive: Option<u32>,
    /// How many milliseconds ago the last session was made.
    pub last_handshake_ms_ago: Option<i64>,
    /// Bytes received in authenticated datagrams.
    pub received_bytes: i64,
    /// Bytes sent in datagrams.
    pub sent_bytes: i64,
}

impl Outward<PeerStatus> for tunnel::PeerStatus {
    fn outward(self) -> PeerStatus {
        let ago = |at: Instant| i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        PeerStatus {
            public_key: self.public_key.outward(),
            endpoint: self.endpoint.outward(),
            allowed_ips: self.allowed_ips.outward(),
            persistent_keepalive: self.persistent_keepalive.outward(),
            last_handshake_ms_ago: self.last_handshake.map(ago),
            received_bytes: self.received_bytes.outward(),
            sent_bytes: self.sent_bytes.outward(),
        }
    }
}

/// What kind of thing happened to a tunnel.
#[enumeration]
pub enum TunnelEventType {
    /// A session was made with a peer.
    HandshakeCompleted,
    /// A peer did not answer for 90 s. Sending to it tries again.
    HandshakeFailed,
    /// Authenticated packets of a peer come from another address than before.
    EndpointChanged,
    /// The operating system took the UDP socket away: nothing is sent or received any more.
    SocketLost,
    /// The packet device failed: nothing is taken from it any more.
    DeviceLost,
    /// Something that this version of the bindings has no name for.
    Other,
}

/// Something that happened to a tunnel by itself.
#[record]
pub struct TunnelEvent {
    /// What kind of thing.
    pub event_type: TunnelEventType,
    /// The peer, in base64.
    pub peer: Option<String>,
    /// Where the peer is now.
    pub endpoint: Option<String>,
    /// What the operating system or the device said.
    pub reason: Option<String>,
}

impl Outward<TunnelEvent> for tunnel::Event {
    fn outward(self) -> TunnelEvent {
        let none =
            TunnelEvent { event_type: TunnelEventType::Other, peer: None, endpoint: None, reason: None };
        let of = |event_type, peer: nexa_core::wireguard::PublicKey| TunnelEvent {
            event_type,
            peer: Some(peer.outward()),
            ..none.clone()
        };
        match self {
            tunnel::Event::HandshakeCompleted { peer } => of(TunnelEventType::HandshakeCompleted, peer),
            tunnel::Event::HandshakeFailed { peer } => of(TunnelEventType::HandshakeFailed, peer),
            tunnel::Event::EndpointChanged { peer, endpoint } => TunnelEvent {
                endpoint: Some(endpoint.outward()),
                ..of(TunnelEventType::EndpointChanged, peer)
            },
            tunnel::Event::SocketLost { reason } => {
                TunnelEvent { event_type: TunnelEventType::SocketLost, reason: Some(reason), ..none }
            }
            tunnel::Event::DeviceLost { reason } => {
                TunnelEvent { event_type: TunnelEventType::DeviceLost, reason: Some(reason), ..none }
            }
            _ => none,
        }
    }
}

/// A running tunnel, with TCP and ping inside it. Dropping the last reference closes it.
#[object]
pub struct Tunnel {
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    local: SocketAddr,
    /// Nothing once it was closed.
    live: Mutex<Option<Threaded<Live>>>,
    /// As they were when it was closed.
    last: Mutex<tunnel::Counters>,
    /// Taken for a caller that had gone.
    unread: Mutex<VecDeque<tunnel::Event>>,
}

/// The core's two halves, and their threads.
#[derive(Debug)]
struct Live {
    tunnel: tunnel::Tunnel,
    net: NetStack,
}

/// Every tunnel that may still be open.
static OPEN: Mutex<Vec<Weak<Running>>> = Mutex::new(Vec::new());

/// Closes every tunnel of this process.
pub(crate) fn close_all() {
    let open = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    open.iter().filter_map(Weak::upgrade).for_each(|running| running.close());
}

impl Running {
    fn start(tunnel: tunnel::Tunnel, net: NetStack) -> Arc<Self> {
        let running = Arc::new(Running {
            local: tunnel.local_addr(),
            live: Mutex::new(Some(Threaded::new(Live { tunnel, net }))),
            last: Mutex::default(),
            unread: Mutex::default(),
        });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|running| running.strong_count() > 0);
        open.push(Arc::downgrade(&running));
        running
    }

    fn live(&self) -> Result<Threaded<Live>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(live.clone().ok_or(TunnelError::Closed)?)
    }

    /// Ends the threads and gives the UDP port back, once nobody is in the middle of a call.
    fn close(&self) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(live) = live {
            live.tunnel.close();
            live.net.close();
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = live.tunnel.counters();
        }
    }

    fn unread(&self) -> MutexGuard<'_, VecDeque<tunnel::Event>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[object]
impl Tunnel {
    /// Brings up the tunnel of a device with this profile.
    ///
    /// # Errors
    /// `invalid_input` (`private_key`) for a key that is not the profile's, or naming the option; `unavailable` when the
    /// gateway's name has no address or the system gives no socket.
    pub async fn up(
        profile: &Profile,
        private_key: &PrivateKey,
        options: Option<TunnelOptions>,
    ) -> Result<Arc<Tunnel>> {
        let (profile, key) = (profile.clone(), private_key.clone());
        ending(move || {
            let config = TunnelConfig::for_profile(profile.core(), key.core())?;
            start_device(config, NetStackConfig::for_profile(profile.core()), options)
        })
        .await
    }

    /// Brings up the tunnel that a configuration file describes.
    ///
    /// # Errors
    /// `invalid_input` (`private_key`) for a file without one, or naming the option; `unavailable` as for `up`.
    pub async fn up_conf(conf: &Conf, options: Option<TunnelOptions>) -> Result<Arc<Tunnel>> {
        let conf = conf.clone();
        ending(move || {
            let config = TunnelConfig::for_conf(conf.core())?;
            start_device(config, NetStackConfig::for_conf(conf.core()), options)
        })
        .await
    }

    /// Starts a gateway in this program: it answers for every address behind it, and lets nothing through until a
    /// desired state is applied to it.
    ///
    /// # Errors
    /// `invalid_input` naming the option, `unavailable` when the system gives no socket.
    pub async fn serve(private_key: &PrivateKey, options: GatewayOptions) -> Result<Arc<Tunnel>> {
        let key = private_key.clone();
        ending(move || {
            let mut config = TunnelConfig::new(key.core().clone(), Filter::deny_all());
            config.listen = parsed("listen", &options.listen)?;
            let mut stack = NetStackConfig::new(parsed_all("addresses", &options.addresses)?);
            stack.answer_for = AnswerFor::Any;
            let mtu = TunnelOptions { mtu: options.mtu, ..TunnelOptions::default() };
            start_device(config, stack, Some(mtu))
        })
        .await
    }

    /// Where datagrams are received.
    pub fn local_addr(&self) -> String {
        self.running.local.outward()
    }

    /// What was done since the start.
    pub fn counters(&self) -> Counters {
        let live = self.running.live().map(|live| live.tunnel.counters());
        live.unwrap_or_else(|_| *self.running.last.lock().unwrap_or_else(PoisonError::into_inner)).outward()
    }

    /// Every peer as it is, in the order of their keys; none once the tunnel is closed.
    pub fn peers(&self) -> Vec<PeerStatus> {
        let live = self.running.live().map(|live| live.tunnel.peers());
        let mut peers: Vec<PeerStatus> = live.unwrap_or_default().outward();
        peers.sort_by(|one, other| one.public_key.cmp(&other.public_key));
        peers
    }

    /// Waits at most `wait_ms` for something to happen to the tunnel; nothing when nothing did. The last 1,024 events
    /// wait to be read.
    ///
    /// # Errors
    /// `closed`.
    pub async fn next_event(&self, wait_ms: u32) -> Result<Option<TunnelEvent>> {
        let running = Arc::clone(&self.running);
        blocking(move |given| {
            let mut left = Duration::from_millis(wait_ms.into());
            loop {
                let slice = left.min(SLICE);
                left -= slice;
                let unread = running.unread().pop_front();
                let event =
                    if unread.is_some() { unread } else { running.live()?.tunnel.next_event(slice)? };
                if given.is_up() {
                    running.unread().extend(event);
                    return Ok(None);
                }
                if event.is_some() || left.is_zero() {
                    return Ok(event.outward());
                }
            }
        })
        .await
    }

    /// Sends an ICMP echo request and gives the milliseconds until its reply.
    ///
    /// # Errors
    /// `cancelled` when none came within `wait_ms`, 20 s without it; `invalid_input` (`to`, `destination`); `closed`.
    pub async fn ping(&self, to: String, wait_ms: Option<u32>) -> Result<f64> {
        let (running, to, wait) = (Arc::clone(&self.running), parsed("to", &to)?, wait(wait_ms));
        blocking(move |_| Ok(running.live()?.net.ping(to, wait)?.as_secs_f64() * 1e3)).await
    }

    /// Opens a TCP connection inside the tunnel, to an address and port such as `10.20.0.10:80`.
    ///
    /// # Errors
    /// `unavailable` when nobody listens there, `cancelled` when nothing answered within `wait_ms`, 20 s without it, also
    /// when the way there is denied; `invalid_input` (`to`, `destination`); `closed`.
    pub async fn connect(&self, to: String, wait_ms: Option<u32>) -> Result<Arc<TcpStream>> {
        let (running, to, wait) = (Arc::clone(&self.running), parsed("to", &to)?, wait(wait_ms));
        blocking(move |_| Ok(TcpStream::of(running.live()?.net.connect(to, wait)?))).await
    }

    /// Accepts TCP connections on a port inside the tunnel, to whichever address they come; port 0 lets the stack choose.
    ///
    /// # Errors
    /// `invalid_input` (`port`) past 65535, `already_exists` for a port in use, `closed`.
    pub async fn listen(&self, port: u32) -> Result<Arc<TcpListener>> {
        let port = u16::try_from(port).map_err(|_| Error::invalid("port", "is over 65535"))?;
        let listener = self.running.live()?.net.listen(port)?;
        Ok(Arc::new(TcpListener {
            listener: Arc::new(Mutex::new(Some(Threaded::new(listener)))),
            unclaimed: Arc::default(),
        }))
    }

    /// How many sockets are open inside the tunnel, with those that are still being closed.
    pub fn open_sockets(&self) -> u32 {
        let open = self.running.live().map(|live| live.net.open_sockets());
        u32::try_from(open.unwrap_or_default()).unwrap_or(u32::MAX)
    }

    /// Ends the tunnel and its connections, and waits for its threads. Every call that waits ends.
    ///
    /// # Errors
    /// None of its own.
    pub async fn close(&self) -> Result<()> {
        let running = Arc::clone(&self.running);
        ending(move || {
            running.close();
            Ok(())
        })
        .await
    }
}

#[cfg(feature = "control")]
impl Tunnel {
    /// What is done with the core's tunnel.
    pub(crate) fn with_core<T>(
        &self,
        work: impl FnOnce(&tunnel::Tunnel) -> nexa_core::Result<T>,
    ) -> Result<T> {
        Ok(work(&self.running.live()?.tunnel)?)
    }
}

fn start_device(
    mut config: TunnelConfig,
    mut stack: NetStackConfig,
    options: Option<TunnelOptions>,
) -> Result<Arc<Tunnel>> {
    options.unwrap_or_default().apply(&mut config, &mut stack)?;
    let (net, device) = NetStack::start(stack)?;
    let tunnel = tunnel::Tunnel::start(&config, device)?;
    Ok(Arc::new(Tunnel { running: Running::start(tunnel, net) }))
}

fn wait(wait_ms: Option<u32>) -> Duration {
    wait_ms.map_or(USUAL_WAIT, |millis| Duration::from_millis(millis.into()))
}

/// Accepts TCP connections on one port inside a tunnel.
#[object]
pub struct TcpListener {
    listener: Arc<Mutex<Option<Threaded<tunnel::TcpListener>>>>,
    /// Accepted for a caller that had gone.
    unclaimed: Arc<Mutex<VecDeque<tunnel::TcpStream>>>,
}

#[object]
impl TcpListener {
    /// The port on which it listens.
    ///
    /// # Errors
    /// `closed`.
    pub fn port(&self) -> Result<u32> {
        Ok(self.open()?.port().into())
    }

    /// The next connection, waiting until there is one. It knows which address was connected to.
    ///
    /// # Errors
    /// `closed` when the listener or the tunnel was closed, also while waiting.
    pub async fn accept(&self) -> Result<Arc<TcpStream>> {
        let this = self.clone();
        blocking(move |given| {
            loop {
                let listener = this.open()?;
                let unclaimed = this.unclaimed().pop_front();
                match unclaimed.map_or_else(|| listener.accept(Some(SLICE)), Ok) {
                    Ok(stream) if given.is_up() => {
                        this.unclaimed().push_back(stream);
                        return Err(Error::cancelled());
                    }
                    Ok(stream) => return Ok(TcpStream::of(stream)),
                    Err(TunnelError::TimedOut { .. }) if !given.is_up() => {}
                    Err(error) => return Err(error.into()),
                }
            }
        })
        .await
    }

    /// Stops listening; connections that were accepted go on.
    ///
    /// # Errors
    /// None of its own.
    pub async fn close(&self) -> Result<()> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.unclaimed().clear();
        Ok(())
    }
}

impl TcpListener {
    fn open(&self) -> Result<Threaded<tunnel::TcpListener>> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(listener.clone().ok_or(TunnelError::Closed)?)
    }

    fn unclaimed(&self) -> MutexGuard<'_, VecDeque<tunnel::TcpStream>> {
        self.unclaimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TCP connection inside a tunnel. One side may read while another writes.
#[object]
pub struct TcpStream {
    stream: Arc<Mutex<Option<Threaded<tunnel::TcpStream>>>>,
    local: SocketAddr,
    peer: SocketAddr,
    /// Read for a caller that had gone; the lock also keeps readers in order.
    unread: Arc<Mutex<Vec<u8>>>,
    /// Keeps writers in order.
    writing: Arc<Mutex<()>>,
}

#[object]
impl TcpStream {
    /// Our address and port. On a gateway that answers for others, the address that was connected to.
    pub fn local_addr(&self) -> String {
        self.local.outward()
    }

    /// The far side's address and port.
    pub fn peer_addr(&self) -> String {
        self.peer.outward()
    }

    /// Up to `max` bytes, waiting until there is one; empty when the far side has ended. At most 1 MiB at once.
    ///
    /// # Errors
    /// `unavailable` when the far side broke the connection off, `closed`.
    pub async fn read(&self, max: u32) -> Result<Vec<u8>> {
        let this = self.clone();
        blocking(move |given| this.read_some(max, given)).await
    }

    /// Everything until the far side ends, at most `max` bytes.
    ///
    /// # Errors
    /// `exhausted` when there is more than `max`, otherwise as `read`.
    pub async fn read_to_end(&self, max: u32) -> Result<Vec<u8>> {
        let this = self.clone();
        blocking(move |given| {
            let mut all = Vec::new();
            let outcome = this.read_everything(max, given, &mut all);
            // What a failed call has read is for the next one.
            outcome.inspect_err(|_| this.put_back(&mut all)).map(|()| all)
        })
        .await
    }

    /// Writes all of it, waiting for room. A call that is given up may have written a part.
    ///
    /// # Errors
    /// `unavailable` when the far side broke the connection off, `closed`.
    pub async fn write(&self, data: Vec<u8>) -> Result<()> {
        let this = self.clone();
        blocking(move |given| this.write_everything(&data, given)).await
    }

    /// Ends writing: the far side reads to the end of what was written. Reading goes on.
    ///
    /// # Errors
    /// `closed`.
    pub async fn finish(&self) -> Result<()> {
        Ok(self.open()?.shutdown(Shutdown::Write)?)
    }

    /// Closes the connection; what was written is still delivered.
    ///
    /// # Errors
    /// None of its own.
    pub async fn close(&self) -> Result<()> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(())
    }
}

impl TcpStream {
    fn of(stream: tunnel::TcpStream) -> Arc<Self> {
        stream.set_read_timeout(Some(SLICE));
        stream.set_write_timeout(Some(SLICE));
        Arc::new(TcpStream {
            local: stream.local_addr(),
            peer: stream.peer_addr(),
            stream: Arc::new(Mutex::new(Some(Threaded::new(stream)))),
            unread: Arc::default(),
            writing: Arc::default(),
        })
    }

    fn open(&self) -> Result<Threaded<tunnel::TcpStream>> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stream.clone().ok_or(TunnelError::Closed)?)
    }

    fn read_some(&self, max: u32, given: &Given) -> Result<Vec<u8>> {
        let max = usize::try_from(max.min(MAX_READ)).unwrap_or(usize::MAX);
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        if !unread.is_empty() {
            let taken = max.min(unread.len());
            let rest = unread.split_off(taken);
            return Ok(std::mem::replace(&mut *unread, rest));
        }
        let mut buffer = vec![0; max];
        loop {
            match (&*self.open()?).read(&mut buffer) {
                Ok(len) => {
                    buffer.truncate(len);
                    if given.is_up() {
                        unread.append(&mut buffer);
                    }
                    return Ok(buffer);
                }
                Err(waited) if waited.kind() == IoKind::TimedOut && !given.is_up() => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn read_everything(&self, max: u32, given: &Given, all: &mut Vec<u8>) -> Result<()> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        loop {
            let some = self.read_some(MAX_READ, given)?;
            if some.is_empty() {
                return Ok(());
            }
            all.extend(some);
            if all.len() > max {
                let message = format!("the far side sent more than {max} bytes");
                return Err(Error::new("tunnel.too_much", nexa_core::ErrorKind::Exhausted, message));
            }
        }
    }

    fn put_back(&self, read: &mut Vec<u8>) {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        read.append(&mut unread);
        std::mem::swap(read, &mut unread);
    }

    fn write_everything(&self, mut data: &[u8], given: &Given) -> Result<()> {
        let _in_order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        while !data.is_empty() {
            match (&*self.open()?).write(data) {
                Ok(len) => data = data.get(len..).unwrap_or_default(),
                Err(waited) if waited.kind() == IoKind::TimedOut && !given.is_up() => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}

/// The tunnel's own error inside what `Read` and `Write` give.
fn failed(error: std::io::Error) -> Error {
    let kind = error.kind();
    match error.downcast::<TunnelError>() {
        Ok(error) => error.into(),
        Err(_) => Error::new("tunnel.io", nexa_core::ErrorKind::Unavailable, kind.to_string()),
    }
}
