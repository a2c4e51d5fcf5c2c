use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::{AnySocket, Socket, tcp};
use smoltcp::time::Instant as StackInstant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};

use super::link::{Link, Wire};
use super::{AnswerFor, NetStackConfig};
use crate::net::Family;
use crate::tunnel::clock;
use crate::tunnel::error::TunnelError;
use crate::tunnel::packet::{IpPacket, Transport, be16, protocol};

/// Packets taken in before what they caused is sent and callers get their turn.
const BATCH: usize = 64;
/// While the tunnel takes nothing, the stack looks this often; the tunnel also wakes it.
const CONGESTED: Duration = Duration::from_millis(100);
/// How long a closed connection may take to deliver what was written to it.
const LINGER: Duration = Duration::from_secs(30);
/// Connections of one listener that are being made or wait to be accepted.
const BACKLOG: usize = 128;
/// How long a connection may take to be made.
const HALF_OPEN: Duration = Duration::from_secs(10);
/// IANA's range for ports that nobody chose.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// What the stack's thread and the sockets have in common.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) wire: Arc<Wire>,
}

/// The stack and everything that hangs on it.
pub(super) struct State {
    pub(super) interface: Interface,
    pub(super) sockets: SocketSet<'static>,
    link: Link,
    pub(super) config: NetStackConfig,
    began: Instant,
    /// Whom to wake when the stack closes.
    signals: HashMap<SocketHandle, Arc<Signal>>,
    pub(super) listeners: BTreeMap<u16, Listener>,
    /// Closed by their owners, with data or a reset still to be sent.
    lingering: Vec<(SocketHandle, Instant)>,
    next_port: u16,
    pub(super) closed: bool,
}

/// A port on which connections are accepted.
pub(super) struct Listener {
    pub(super) signal: Arc<Signal>,
    half_open: Vec<SocketHandle>,
    pub(super) ready: VecDeque<SocketHandle>,
}

/// Wakes the callers that wait for one socket.
#[derive(Default)]
pub(super) struct Signal(Condvar);

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.0.notify_all();
    }
}

impl Shared {
    pub(super) fn new(config: NetStackConfig, seed: u64) -> Arc<Self> {
        let wire = Wire::new();
        let state = Mutex::new(State::new(config, Arc::clone(&wire), seed));
        Arc::new(Shared { state, wire })
    }

    /// Runs the stack until it is closed.
    pub(super) fn run(&self) {
        let _closes = CloseOnExit(self);
        loop {
            let wait = {
                let mut state = self.lock();
                if state.closed || self.wire.is_closed() {
                    return;
                }
                state.poll(clock::now())
            };
            match wait {
                Some(Duration::ZERO) => {}
                wait => self.wire.work.wait(wait),
            }
        }
    }

    /// Ends the stack: every call that waits returns, and nothing more is sent.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for signal in state.signals.values().chain(state.listeners.values().map(|listener| &listener.signal))
        {
            signal.0.notify_all();
        }
        drop(state);
        self.wire.close();
    }

    /// Waits until `ready` gives something, and lets the stack send what that caused. `ready` must leave a waker with
    /// what it waits for.
    pub(super) fn wait<T>(
        &self,
        signal: &Signal,
        timeout: Option<Duration>,
        operation: &'static str,
        mut ready: impl FnMut(&mut State) -> Option<Result<T, TunnelError>>,
    ) -> Result<T, TunnelError> {
        let mut outcome = None;
        let still_waiting = |state: &mut State| {
            outcome = if state.closed { Some(Err(TunnelError::Closed)) } else { ready(state) };
            outcome.is_none()
        };
        let state = self.lock();
        match timeout {
            None => drop(signal.0.wait_while(state, still_waiting)),
            Some(timeout) => drop(signal.0.wait_timeout_while(state, timeout, still_waiting)),
        }
        self.wire.work.raise();
        outcome.unwrap_or(Err(TunnelError::TimedOut { operation }))
    }

    /// Changes the state at once, and lets the stack send what that caused.
    pub(super) fn change<T>(
        &self,
        act: impl FnOnce(&mut State) -> Result<T, TunnelError>,
    ) -> Result<T, TunnelError> {
        let mut state = self.lock();
        let result = if state.closed { Err(TunnelError::Closed) } else { act(&mut state) };
        drop(state);
        self.wire.work.raise();
        result
    }

    /// Takes a socket out; a TCP connection goes on until what was written is delivered.
    pub(super) fn release(&self, handle: SocketHandle) {
        self.lock().release(handle);
        self.wire.work.raise();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stack whose thread ends, for whatever reason, leaves nobody waiting.
struct CloseOnExit<'a>(&'a Shared);

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl State {
    fn new(config: NetStackConfig, wire: Arc<Wire>, seed: u64) -> Self {
        let mut link = Link { wire, received: None, mtu: config.mtu };
        let mut settings = Config::new(HardwareAddress::Ip);
        settings.random_seed = seed;
        let mut interface = Interface::new(settings, &mut link, StackInstant::ZERO);
        interface.update_ip_addrs(|addresses| {
            for address in &config.addresses {
                // The number was checked; one too many would only not be answered for by its own route.
                let _ = addresses.push(IpCidr::new((*address).into(), Family::of(*address).bits()));
            }
        });
        // Which addresses are answered for is decided before smoltcp sees the packet.
        interface.set_any_ip(true);
        let spread = u16::try_from(seed % 16_384).unwrap_or(0);
        State {
            interface,
            sockets: SocketSet::new(Vec::new()),
            link,
            config,
            began: clock::now(),
            signals: HashMap::new(),
            listeners: BTreeMap::new(),
            lingering: Vec::new(),
            next_port: EPHEMERAL.start().saturating_add(spread),
            closed: false,
        }
    }

    pub(super) fn add<T: AnySocket<'static>>(&mut self, socket: T) -> (SocketHandle, Arc<Signal>) {
        let (handle, signal) = (self.sockets.add(socket), Arc::new(Signal::default()));
        self.signals.insert(handle, Arc::clone(&signal));
        (handle, signal)
    }

    pub(super) fn signal(&self, handle: SocketHandle) -> Arc<Signal> {
        self.signals.get(&handle).cloned().unwrap_or_default()
    }

    /// Our address for packets to `destination`.
    pub(super) fn source_for(&self, destination: IpAddr) -> Result<IpAddr, TunnelError> {
        let family = Family::of(destination);
        let own = self.config.addresses.iter().find(|address| Family::of(**address) == family);
        own.copied().ok_or(TunnelError::NoSourceAddress { family })
    }

    /// A port that `is_free` says yes to, in turn, so that a port just freed is used last.
    pub(super) fn ephemeral_port(
        &mut self,
        is_free: impl Fn(&State, u16) -> bool,
    ) -> Result<u16, TunnelError> {
        for _ in EPHEMERAL {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(*EPHEMERAL.start());
            if is_free(self, port) {
                return Ok(port);
            }
        }
        Err(TunnelError::PortsExhausted)
    }

    pub(super) fn tcp_port_is_free(&self, port: u16) -> bool {
        let uses = |socket: &tcp::Socket<'_>| socket.local_endpoint().is_some_and(|local| local.port == port);
        !self.listeners.contains_key(&port) && !self.sockets.iter().filter_map(as_tcp).any(uses)
    }

    pub(super) fn udp_port_is_free(&self, port: u16) -> bool {
        !self
            .sockets
            .iter()
            .any(|(_, socket)| matches!(socket, Socket::Udp(socket) if socket.endpoint().port == port))
    }

    pub(super) fn add_listener(&mut self, port: u16) -> Arc<Signal> {
        let signal = Arc::new(Signal::default());
        let listener =
            Listener { signal: Arc::clone(&signal), half_open: Vec::new(), ready: VecDeque::new() };
        self.listeners.insert(port, listener);
        signal
    }

    pub(super) fn remove_listener(&mut self, port: u16) {
        let Some(listener) = self.listeners.remove(&port) else { return };
        listener.signal.0.notify_all();
        for handle in listener.half_open.into_iter().chain(listener.ready) {
            self.give_up(handle);
        }
    }

    /// Gives up a connection; the far side, when there is one, is sent a reset.
    pub(super) fn give_up(&mut self, handle: SocketHandle) {
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
        socket.abort();
        if socket.remote_endpoint().is_some() {
            self.linger(handle);
        } else {
            self.remove(handle);
        }
    }

    pub(super) fn remove(&mut self, handle: SocketHandle) {
        self.signals.remove(&handle);
        self.sockets.remove(handle);
    }

    fn release(&mut self, handle: SocketHandle) {
        let is_tcp =
            self.sockets.iter().any(|(other, socket)| other == handle && as_tcp((other, socket)).is_some());
        if is_tcp {
            self.sockets.get_mut::<tcp::Socket<'_>>(handle).close();
            self.linger(handle);
        } else {
            self.remove(handle);
        }
    }

    fn linger(&mut self, handle: SocketHandle) {
        self.signals.remove(&handle);
        self.lingering.push((handle, clock::now() + LINGER));
    }

    /// Does what there is to do, and tells how long to wait: `None` until something comes.
    fn poll(&mut self, now: Instant) -> Option<Duration> {
        let stack_now = self.stack_time(now);
        let took_all = self.take_in(stack_now);
        self.settle_listeners();
        while self.link.wire.from_stack.has_room() {
            let sent = self.interface.poll_egress(stack_now, &mut self.link, &mut self.sockets);
            if sent == PollResult::None {
                break;
            }
        }
        self.reap(now);
        if !self.link.wire.from_stack.has_room() {
            return Some(CONGESTED);
        }
        if !took_all {
            return Some(Duration::ZERO);
        }
        let delay = self.interface.poll_delay(stack_now, &self.sockets).map(Duration::from);
        let reap = self.lingering.iter().map(|(_, until)| until.saturating_duration_since(now)).min();
        [delay, reap].into_iter().flatten().min()
    }

    /// Hands packets to smoltcp one by one. `false` when more are waiting.
    fn take_in(&mut self, now: StackInstant) -> bool {
        for _ in 0..BATCH {
            // A packet may cause one answer; without room for it the packet waits.
            if !self.link.wire.from_stack.has_room() {
                return true;
            }
            let Some(packet) = self.link.wire.to_stack.try_pop() else { return true };
            let Some(port) = self.admit(&packet) else { continue };
            let listening = port.and_then(|port| self.make_half_open(port));
            self.link.received = Some(packet);
            self.interface.poll_ingress_single(now, &mut self.link, &mut self.sockets);
            if let Some((port, handle)) = listening {
                self.keep_half_open(port, handle);
            }
        }
        self.link.wire.to_stack.is_empty()
    }

    /// Whether a packet is for us, and when it opens a connection, the port of the listener. smoltcp neither knows
    /// fragments here nor should it see addresses that nobody can have.
    fn admit(&self, bytes: &[u8]) -> Option<Option<u16>> {
        let packet = IpPacket::parse(bytes)?;
        let (source, destination) = (packet.source, packet.destination);
        if source.is_unspecified() || source.is_multicast() || !self.answers_for(destination) {
            return None;
        }
        let Transport::Whole { protocol, payload } = packet.transport().ok()? else { return None };
        if protocol != protocol::TCP {
            return Some(None);
        }
        let (from, to) = (be16(payload, 0)?, be16(payload, 2)?);
        let opens = payload.get(13)? & 0b1_0110 == 0b10;
        let Some(listener) = self.listeners.get(&to).filter(|_| opens) else { return Some(None) };
        if self.has_connection(SocketAddr::new(destination, to), SocketAddr::new(source, from)) {
            return Some(None);
        }
        // A full backlog drops the SYN, which will come again, where smoltcp would refuse the connection.
        (listener.half_open.len() + listener.ready.len() < BACKLOG).then_some(Some(to))
    }

    fn answers_for(&self, address: IpAddr) -> bool {
        if address.is_unspecified() || address.is_multicast() {
            return false;
        }
        self.config.addresses.contains(&address)
            || match &self.config.answer_for {
                AnswerFor::OwnAddresses => false,
                AnswerFor::Set(set) => set.contains(address),
                AnswerFor::Any => true,
            }
    }

    fn has_connection(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let (local, remote) = (IpEndpoint::from(local), IpEndpoint::from(remote));
        self.sockets
            .iter()
            .filter_map(as_tcp)
            .any(|socket| socket.local_endpoint() == Some(local) && socket.remote_endpoint() == Some(remote))
    }

    /// A socket for the connection that the next packet opens: smoltcp's listening sockets become the connection, so
    /// one is made when it is needed and none waits.
    fn make_half_open(&mut self, port: u16) -> Option<(u16, SocketHandle)> {
        let mut socket = self.new_tcp();
        socket.set_timeout(Some(HALF_OPEN.into()));
        socket.listen(port).ok()?;
        Some((port, self.add(socket).0))
    }

    fn keep_half_open(&mut self, port: u16, handle: SocketHandle) {
        let state = self.sockets.get::<tcp::Socket<'_>>(handle).state();
        match self.listeners.get_mut(&port) {
            Some(listener) if state == tcp::State::SynReceived => listener.half_open.push(handle),
            _ => self.remove(handle),
        }
    }

    fn settle_listeners(&mut self) {
        let State { listeners, sockets, signals, .. } = self;
        for listener in listeners.values_mut() {
            let mut half_open = std::mem::take(&mut listener.half_open);
            half_open.retain(|handle| match sockets.get::<tcp::Socket<'_>>(*handle).state() {
                tcp::State::SynReceived => true,
                tcp::State::Listen | tcp::State::Closed => {
                    sockets.remove(*handle);
                    signals.remove(handle);
                    false
                }
                _ => {
                    sockets.get_mut::<tcp::Socket<'_>>(*handle).set_timeout(None);
                    listener.ready.push_back(*handle);
                    listener.signal.0.notify_one();
                    false
                }
            });
            listener.half_open = half_open;
        }
    }

    /// Takes out connections that are over. In TIME-WAIT everything has been delivered both ways; should our last
    /// acknowledgement be lost, the peer's repeated FIN meets a reset, which ends it just the same.
    fn reap(&mut self, now: Instant) {
        let State { lingering, sockets, .. } = self;
        lingering.retain_mut(|(handle, until)| {
            let socket = sockets.get_mut::<tcp::Socket<'_>>(*handle);
            let is_over = match socket.state() {
                tcp::State::Closed => socket.remote_endpoint().is_none() || now >= *until,
                tcp::State::TimeWait => true,
                _ if now >= *until => {
                    socket.abort();
                    *until = now + CONGESTED;
                    false
                }
                _ => false,
            };
            if is_over {
                sockets.remove(*handle);
            }
            !is_over
        });
    }

    pub(super) fn new_tcp(&self) -> tcp::Socket<'static> {
        let buffer = || tcp::SocketBuffer::new(vec![0; self.config.tcp_buffer]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        socket.set_congestion_control(tcp::CongestionControl::Cubic);
        socket
    }

    fn stack_time(&self, now: Instant) -> StackInstant {
        let since = now.saturating_duration_since(self.began);
        StackInstant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

fn as_tcp<'a>((_, socket): (SocketHandle, &'a Socket<'static>)) -> Option<&'a tcp::Socket<'static>> {
    match socket {
        Socket::Tcp(socket) => Some(socket),
        _ => None,
    }
}

pub(super) fn waker(signal: &Arc<Signal>) -> Waker {
    Waker::from(Arc::clone(signal))
}

pub(super) fn to_std(endpoint: IpEndpoint) -> SocketAddr {
    SocketAddr::new(from_wire(endpoint.addr), endpoint.port)
}

pub(super) const fn from_wire(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4(v4) => IpAddr::V4(v4),
        IpAddress::Ipv6(v6) => IpAddr::V6(v6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::Cidr;
    use crate::tunnel::packet::{IPV4_HEADER, IPV6_HEADER};

    /// A stack without its thread, with a listener, a connection under way and a bound UDP port.
    fn stack() -> State {
        let config = NetStackConfig {
            answer_for: AnswerFor::Any,
            tcp_buffer: 4096,
            ..NetStackConfig::new(["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()])
        };
        let mut state = State::new(config, Wire::new(), 7);
        state.add_listener(80);
        let buffer = || {
            let meta = vec![smoltcp::socket::udp::PacketMetadata::EMPTY; 4];
            smoltcp::socket::udp::PacketBuffer::new(meta, vec![0; 4096])
        };
        let mut socket = smoltcp::socket::udp::Socket::new(buffer(), buffer());
        socket.bind(53).unwrap();
        state.add(socket);
        state
    }

    fn header(is_v6: bool, protocol: u8, len: usize) -> Vec<u8> {
        let len = u16::try_from(len).unwrap();
        if is_v6 {
            let len = len.to_be_bytes();
            let ends =
                ["fd00::2", "fd80::9"].map(|text| text.parse::<std::net::Ipv6Addr>().unwrap().octets());
            [&[0x60, 0, 0, 0, len[0], len[1], protocol, 64][..], &ends[0], &ends[1]].concat()
        } else {
            let total = (len + 20).to_be_bytes();
            let mut head = vec![0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0];
            head.extend([10, 0, 0, 2, 192, 168, 0, 9]);
            let mut sum: u32 =
                head.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
            sum = (sum & 0xffff) + (sum >> 16);
            let checksum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
            head[10..12].copy_from_slice(&checksum.to_be_bytes());
            head
        }
    }

    #[test]
    fn it_answers_at_its_own_addresses_and_where_it_is_told_to() {
        let mut state = stack();
        let addresses = ["10.0.0.1", "fd00::1", "192.168.0.9", "fd80::9"].map(|text| text.parse().unwrap());
        let answers = |state: &State| addresses.map(|address| state.answers_for(address));
        assert_eq!(answers(&state), [true; 4]);
        state.config.answer_for = AnswerFor::Set([Cidr::host(addresses[3])].into_iter().collect());
        assert_eq!(answers(&state), [true, true, false, true]);
        state.config.answer_for = AnswerFor::OwnAddresses;
        assert_eq!(answers(&state), [true, true, false, false]);
    }

    proptest! {
        #[test]
        fn no_packet_makes_the_stack_panic(
            packets in prop::collection::vec((
                any::<bool>(),
                prop::sample::select(vec![0u8, 1, 2, 6, 17, 43, 44, 50, 58, 59, 60]),
                prop::collection::vec(any::<u8>(), 0..120),
                prop::collection::vec((0usize..80, any::<u8>()), 0..4),
            ), 1..20),
        ) {
            let mut state = stack();
            let mut now = state.began;
            for (is_v6, protocol, payload, noise) in packets {
                let mut packet = header(is_v6, protocol, payload.len());
                prop_assert_eq!(packet.len(), if is_v6 { IPV6_HEADER } else { IPV4_HEADER });
                packet.extend(payload);
                for (at, byte) in noise {
                    if let Some(place) = packet.get_mut(at) {
                        *place = byte;
                    }
                }
                state.link.wire.to_stack.push(packet).unwrap();
                now += Duration::from_millis(10);
                state.poll(now);
            }
        }

        #[test]
        fn no_tcp_segment_makes_the_stack_panic_and_the_backlog_is_bounded(
            segments in prop::collection::vec(
                (0u16..400, 0u8..64, any::<u32>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..24)),
                1..600,
            ),
        ) {
            let mut state = stack();
            let mut now = state.began;
            for (port, flags, seq, ack, rest) in segments {
                let from = smoltcp::wire::Ipv4Address::new(10, 0, 0, 2);
                let to = smoltcp::wire::Ipv4Address::new(192, 168, 0, 9);
                let mut segment = [&port.saturating_add(1).to_be_bytes()[..], &80u16.to_be_bytes()].concat();
                segment.extend(seq.to_be_bytes());
                segment.extend(ack.to_be_bytes());
                segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
                segment.extend(rest);
                smoltcp::wire::TcpPacket::new_unchecked(&mut segment).fill_checksum(&from.into(), &to.into());
                let packet = [header(false, 6, segment.len()), segment].concat();
                state.link.wire.to_stack.push(packet).unwrap();
                now += Duration::from_millis(1);
                state.poll(now);
                while state.link.wire.from_stack.try_pop().is_some() {}
                prop_assert!(state.sockets.iter().count() <= BACKLOG + 1);
            }
            for _ in 0..100 {
                now += Duration::from_secs(1);
                state.poll(now);
                while state.link.wire.from_stack.try_pop().is_some() {}
            }
            let left = state.listeners.values().map(|listener| listener.ready.len()).sum::<usize>();
            prop_assert_eq!(state.sockets.iter().count(), left + 1, "connections that were never made are gone");
        }
    }
}
