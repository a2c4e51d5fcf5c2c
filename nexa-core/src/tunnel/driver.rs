//! The engine on real sockets: one thread reads datagrams, one reads packets, one waits for the time.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::clock;
use super::counters::{Counters, Drop as Cause};
use super::device::PacketDevice;
use super::engine::{Engine, EngineConfig, Output};
use super::error::TunnelError;
use super::event::Event;
use super::filter::Filter;
use super::peer::{PeerConfig, PeerStatus};
use super::receive::receive;
use super::{DEFAULT_MTU, MAX_MTU};
use crate::runtime::SystemRandom;
use crate::wireguard::{PrivateKey, PublicKey};

/// What the operating system is asked to hold for the socket, each way; it may give less.
const SOCKET_BUFFER: usize = 4 << 20;
/// Events that wait to be read; past them the oldest go.
const MAX_EVENTS: usize = 1_024;
/// Receive errors in a row after which a socket that still seems usable is given up, so that none can make a thread
/// spin.
const MAX_ERRORS_IN_A_ROW: u32 = 1_000;
/// Linux wakes a thread that waits on a socket which is shut down. Elsewhere it looks this often whether to end.
const RECHECK: Option<Duration> =
    if cfg!(any(target_os = "linux", target_os = "android")) { None } else { Some(Duration::from_secs(1)) };

/// What a tunnel is made from.
#[derive(Clone, Debug)]
pub struct TunnelConfig {
    /// Our own key.
    pub private_key: PrivateKey,
    /// The UDP address to listen on; port 0 lets the system choose. `[::]` listens on IPv4 as well.
    pub listen: SocketAddr,
    /// The longest packet, in bytes, that goes through the tunnel; the packet device's, when that is less.
    pub mtu: usize,
    /// Whom to talk to at first.
    pub peers: Vec<PeerConfig>,
    /// What peers may reach. On a client, whose gateway decides, [`Filter::allow_all`].
    pub filter: Filter,
}

impl TunnelConfig {
    /// A tunnel with this key that listens on any IPv4 address and any port, with the usual MTU and no peers yet.
    #[must_use]
    pub fn new(private_key: PrivateKey, filter: Filter) -> Self {
        let listen = SocketAddr::from(([0, 0, 0, 0], 0));
        TunnelConfig { private_key, listen, mtu: DEFAULT_MTU, peers: Vec::new(), filter }
    }
}

/// A running tunnel. Dropping it closes it.
pub struct Tunnel {
    shared: Arc<Shared>,
    local_addr: SocketAddr,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Tunnel {
    /// Opens the UDP socket and starts the threads.
    ///
    /// # Errors
    /// [`TunnelError::Socket`] when the address cannot be listened on, and what [`Tunnel::start_on`] gives.
    pub fn start(config: &TunnelConfig, device: impl PacketDevice) -> Result<Self, TunnelError> {
        Self::start_on(open_socket(config.listen)?, config, device)
    }

    /// Starts the threads on a socket that the caller has opened and set up, as Android's `VpnService.protect` demands.
    /// `config.listen` is not looked at.
    ///
    /// # Errors
    /// [`TunnelError::Socket`] and [`TunnelError::Thread`] from the operating system, and what [`Engine::new`] and
    /// [`Engine::set_peer`] give. Then nothing runs.
    pub fn start_on(
        socket: UdpSocket,
        config: &TunnelConfig,
        device: impl PacketDevice,
    ) -> Result<Self, TunnelError> {
        let engine_config = EngineConfig {
            private_key: config.private_key.clone(),
            mtu: config.mtu.min(device.mtu()),
            filter: config.filter.clone(),
        };
        let engine = Engine::new(&engine_config, Arc::new(SystemRandom))?;
        let local_addr = prepare(&socket).map_err(|source| failed("setting up", source))?;
        let shared = Arc::new(Shared::new(engine, socket, local_addr.is_ipv6(), Box::new(device)));
        let tunnel = Tunnel { shared, local_addr, threads: Mutex::new(Vec::new()) };
        for peer in &config.peers {
            tunnel.set_peer(peer)?;
        }
        tunnel.spawn("nexa-udp", Shared::read_datagrams)?;
        tunnel.spawn("nexa-device", Shared::read_packets)?;
        tunnel.spawn("nexa-timer", Shared::keep_time)?;
        Ok(tunnel)
    }

    /// Where datagrams are received.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Adds a peer, or makes the one with this key as described.
    ///
    /// # Errors
    /// As [`Engine::set_peer`], and [`TunnelError::Closed`].
    pub fn set_peer(&self, peer: &PeerConfig) -> Result<(), TunnelError> {
        self.shared.check_open()?;
        self.shared.step(|engine, now| engine.set_peer(now, peer))
    }

    /// Removes a peer; nothing more passes to or from it. `false` when there was none.
    pub fn remove_peer(&self, public_key: &PublicKey) -> bool {
        self.shared.step(|engine, _| engine.remove_peer(public_key))
    }

    /// Puts a filter in force from the next packet on, also for flows that the one before permitted.
    pub fn set_filter(&self, filter: Filter) {
        self.shared.step(|engine, _| engine.set_filter(filter));
    }

    /// Makes exactly these the peers, and this the filter, in one step: no packet is judged by half of it.
    ///
    /// # Errors
    /// As [`Engine::replace`], and [`TunnelError::Closed`].
    pub fn replace(&self, peers: &[PeerConfig], filter: Filter) -> Result<(), TunnelError> {
        self.shared.check_open()?;
        self.shared.step(|engine, now| engine.replace(now, peers, filter))
    }

    /// What was done since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.lock().engine.counters()
    }

    /// Every peer as it is, in no order.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.shared.lock().engine.peers()
    }

    /// Waits at most `timeout` for something to happen. `None` when nothing did. The last 1,024 events wait to be read.
    ///
    /// # Errors
    /// [`TunnelError::Closed`], also for a call that waits.
    pub fn next_event(&self, timeout: Duration) -> Result<Option<Event>, TunnelError> {
        self.shared.events.next(timeout)
    }

    /// Ends the tunnel and its packet device, and waits for its threads. Every call that waits returns.
    pub fn close(&self) {
        self.shared.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has ended, which is all that is waited for.
            let _ = thread.join();
        }
    }

    fn spawn(&self, name: &str, run: fn(&Shared)) -> Result<(), TunnelError> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let guarded = CloseOnPanic(&shared);
            run(guarded.0);
        });
        let thread = thread.map_err(|source| TunnelError::Thread { source })?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

fn open_socket(listen: SocketAddr) -> Result<UdpSocket, TunnelError> {
    let open = || {
        let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        if listen.is_ipv6() {
            socket.set_only_v6(!listen.ip().is_unspecified())?;
        }
        socket.bind(&listen.into())?;
        Ok(socket.into())
    };
    open().map_err(|source| failed("binding", source))
}

fn prepare(socket: &UdpSocket) -> io::Result<SocketAddr> {
    let options = SockRef::from(socket);
    // The system may cap or refuse the size; the socket works with whatever it has.
    let _ = options.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = options.set_send_buffer_size(SOCKET_BUFFER);
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(RECHECK)?;
    socket.local_addr()
}

const fn failed(operation: &'static str, source: io::Error) -> TunnelError {
    TunnelError::Socket { operation, source }
}

/// What the threads and the handle have in common.
struct Shared {
    state: Mutex<State>,
    socket: UdpSocket,
    /// The socket speaks IPv6, and of IPv4 in IPv6's spelling.
    is_v6: bool,
    socket_lost: AtomicBool,
    device: Box<dyn PacketDevice>,
    timer: Timer,
    events: Events,
    closed: AtomicBool,
}

struct State {
    engine: Engine,
    /// The deadline that the timer thread was told of.
    armed: Option<Instant>,
}

impl Shared {
    fn new(engine: Engine, socket: UdpSocket, is_v6: bool, device: Box<dyn PacketDevice>) -> Self {
        Shared {
            state: Mutex::new(State { engine, armed: None }),
            socket,
            is_v6,
            socket_lost: AtomicBool::new(false),
            device,
            timer: Timer::default(),
            events: Events::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Lets the engine do one thing and does what comes of it, without holding the engine.
    fn step<R>(&self, act: impl FnOnce(&mut Engine, Instant) -> R) -> R {
        let (result, outputs) = {
            let mut state = self.lock();
            let result = act(&mut state.engine, clock::now());
            let outputs: Vec<_> = std::iter::from_fn(|| state.engine.poll_output()).collect();
            let deadline = state.engine.next_deadline();
            if deadline != state.armed {
                state.armed = deadline;
                self.timer.arm(deadline);
            }
            (result, outputs)
        };
        for output in outputs {
            self.perform(output);
        }
        result
    }

    fn perform(&self, output: Output) {
        match output {
            Output::Datagram { to, payload } => self.send(to, &payload),
            Output::Packet(packet) => {
                if self.device.write(&packet).is_err() {
                    self.lock().engine.count_drop(Cause::Device);
                }
            }
            Output::Event(event) => self.events.push(event),
        }
    }

    fn send(&self, to: SocketAddr, payload: &[u8]) {
        let Err(error) = self.socket.send_to(payload, self.in_socket_family(to)) else { return };
        self.lock().engine.count_drop(Cause::Send);
        if error.kind() == io::ErrorKind::BrokenPipe {
            self.lose_socket(&error);
        }
    }

    fn in_socket_family(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(v4) if self.is_v6 => SocketAddr::new(v4.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }

    fn read_datagrams(&self) {
        let mut buffer = vec![0; usize::from(u16::MAX)];
        let mut errors = 0;
        while !self.is_closed() {
            match receive(&self.socket, &mut buffer) {
                Ok((len, from)) => {
                    errors = 0;
                    let from = unmapped(from);
                    let datagram = buffer.get(..len).unwrap_or_default();
                    self.step(|engine, now| engine.handle_udp(now, from, datagram));
                }
                Err(error) if is_passing(error.kind()) && errors < MAX_ERRORS_IN_A_ROW => {
                    errors += u32::from(!is_timeout(error.kind()));
                }
                Err(error) => return self.lose_socket(&error),
            }
        }
    }

    fn read_packets(&self) {
        let mut buffer = vec![0; MAX_MTU];
        while !self.is_closed() {
            match self.device.read(&mut buffer) {
                Ok(len) => {
                    let packet = buffer.get(..len).unwrap_or_default();
                    self.step(|engine, now| engine.handle_tun(now, packet));
                }
                Err(error) => {
                    if !self.is_closed() {
                        self.events.push(Event::DeviceLost { reason: describe(&error) });
                    }
                    return;
                }
            }
        }
    }

    fn keep_time(&self) {
        while self.timer.wait() {
            self.step(|engine, now| engine.handle_timeout(now));
        }
    }

    /// Tells once that the socket is gone.
    fn lose_socket(&self, error: &io::Error) {
        if !self.is_closed() && !self.socket_lost.swap(true, Ordering::SeqCst) {
            self.events.push(Event::SocketLost { reason: error.to_string() });
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.device.close();
        // Wakes the reading thread where shutting down does; it fails on a socket without a peer and works all the same.
        let _ = SockRef::from(&self.socket).shutdown(std::net::Shutdown::Both);
        self.timer.close();
        self.events.close();
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn check_open(&self) -> Result<(), TunnelError> {
        if self.is_closed() { Err(TunnelError::Closed) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IPv4 address as such, when a socket for both families gave it in IPv6's spelling.
fn unmapped(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        // As it is: a link-local address is good only with its scope.
        IpAddr::V6(_) => address,
    }
}

/// A tunnel of which a thread panicked is closed rather than half alive.
struct CloseOnPanic<'a>(&'a Shared);

impl Drop for CloseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

const fn is_timeout(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// Whether receiving goes on after it: a timeout, or what the network said of a datagram sent before.
const fn is_passing(kind: io::ErrorKind) -> bool {
    is_timeout(kind)
        || matches!(
            kind,
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::OutOfMemory
        )
}

fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Wakes the timer thread when a deadline has come.
#[derive(Default)]
struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

#[derive(Default)]
struct TimerState {
    deadline: Option<Instant>,
    closed: bool,
}

impl Timer {
    fn arm(&self, deadline: Option<Instant>) {
        self.lock().deadline = deadline;
        self.changed.notify_one();
    }

    /// Waits for the deadline that is armed. `false` when the timer was closed.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.closed {
                return false;
            }
            let left = state.deadline.map(|at| at.saturating_duration_since(clock::now()));
            state = match left {
                Some(Duration::ZERO) => {
                    state.deadline = None;
                    return true;
                }
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, TimerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events that wait for the host to read them.
#[derive(Default)]
struct Events {
    state: Mutex<EventState>,
    changed: Condvar,
}

#[derive(Default)]
struct EventState {
    waiting: VecDeque<Event>,
    closed: bool,
}

impl Events {
    fn push(&self, event: Event) {
        let mut state = self.lock();
        if state.waiting.len() >= MAX_EVENTS {
            state.waiting.pop_front();
        }
        state.waiting.push_back(event);
        self.changed.notify_one();
    }

    fn next(&self, timeout: Duration) -> Result<Option<Event>, TunnelError> {
        let nothing = |state: &mut EventState| state.waiting.is_empty() && !state.closed;
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, nothing);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.closed { Err(TunnelError::Closed) } else { Ok(state.waiting.pop_front()) }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, EventState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
