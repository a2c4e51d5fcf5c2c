//! Setting an interface up: the three messages of rtnetlink (RFC 3549, `linux/rtnetlink.h`) that it takes.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use crate::net::{Cidr, Family, InterfaceAddress};

/// `struct nlmsghdr`: length, type, flags, sequence, port.
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_ACK: u16 = 0x04;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const IFF_UP: u32 = 1;
const IFLA_MTU: u16 = 4;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// Nobody else can have the address on a tunnel, so it need not be looked for.
const IFA_F_NODAD: u8 = 0x02;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A connection to the kernel's network configuration, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub(super) struct RtNetlink {
    socket: OwnedFd,
    sequence: u32,
}

impl RtNetlink {
    pub(super) fn open() -> io::Result<Self> {
        // Without a protocol it is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(RtNetlink { socket, sequence: 0 })
    }

    /// The number that messages know an interface by.
    pub(super) fn index(&self, interface: &str) -> io::Result<u32> {
        Ok(name_to_index(&self.socket, interface)?)
    }

    /// Sends a change and waits for the kernel's answer, which it gives at once.
    pub(super) fn change(&mut self, change: &Change) -> io::Result<()> {
        self.sequence += 1;
        // Not connected, it goes to the kernel.
        send(&self.socket, &change.to_bytes(self.sequence), SendFlags::empty())?;
        let mut buffer = [0; 4096];
        loop {
            let (len, _) = recv(&self.socket, &mut buffer, RecvFlags::empty())?;
            if let Some(result) = answer(buffer.get(..len).unwrap_or_default(), self.sequence) {
                return result;
            }
        }
    }
}

/// One change to the system's network.
#[derive(Debug)]
pub(super) struct Change {
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Change {
    /// Sets the MTU of an interface and brings it up.
    pub(super) fn bring_up(index: u32, mtu: u32) -> Self {
        // `struct ifinfomsg`: family, type, index, flags, which flags to change.
        let mut body = vec![0; 4];
        body.extend([index, IFF_UP, IFF_UP].map(u32::to_ne_bytes).as_flattened());
        attribute(&mut body, IFLA_MTU, &mtu.to_ne_bytes());
        Change { kind: RTM_NEWLINK, flags: 0, body }
    }

    /// Gives an interface an address, and with it the route to the address's network.
    pub(super) fn add_address(index: u32, address: &InterfaceAddress) -> Self {
        // `struct ifaddrmsg`: family, prefix length, flags, scope, index.
        let ip = address.address();
        let mut body = vec![family(ip), address.prefix_len(), IFA_F_NODAD, RT_SCOPE_UNIVERSE];
        body.extend(index.to_ne_bytes());
        attribute(&mut body, IFA_LOCAL, &octets(ip));
        attribute(&mut body, IFA_ADDRESS, &octets(ip));
        Change { kind: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL, body }
    }

    /// Routes a prefix to an interface. The route goes with the interface.
    pub(super) fn add_route(index: u32, prefix: &Cidr) -> Self {
        let scope = match prefix.family() {
            Family::V4 => RT_SCOPE_LINK,
            Family::V6 => RT_SCOPE_UNIVERSE,
        };
        // `struct rtmsg`: family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
        let ip = prefix.first();
        let (table, protocol) = (RT_TABLE_MAIN, RTPROT_STATIC);
        let mut body =
            vec![family(ip), prefix.prefix_len(), 0, 0, table, protocol, scope, RTN_UNICAST, 0, 0, 0, 0];
        attribute(&mut body, RTA_DST, &octets(ip));
        attribute(&mut body, RTA_OIF, &index.to_ne_bytes());
        Change { kind: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL, body }
    }

    fn to_bytes(&self, sequence: u32) -> Vec<u8> {
        // A length that does not fit would be refused by the kernel; none here is near.
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        bytes.extend(length.to_ne_bytes());
        bytes
            .extend([self.kind, NLM_F_REQUEST | NLM_F_ACK | self.flags].map(u16::to_ne_bytes).as_flattened());
        bytes.extend([sequence, 0].map(u32::to_ne_bytes).as_flattened());
        bytes.extend(&self.body);
        bytes
    }
}

/// Appends `struct rtattr`: length, type, value. Every value here is a multiple of four long, so none is padded.
fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    body.extend([length, kind].map(u16::to_ne_bytes).as_flattened());
    body.extend(value);
}

fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// What the kernel says of the request with this number; `None` when the message is about something else.
fn answer(message: &[u8], sequence: u32) -> Option<io::Result<()>> {
    let word = |at: usize| message.get(at..at + 4)?.try_into().map(i32::from_ne_bytes).ok();
    let kind = message.get(4..6)?.try_into().map(u16::from_ne_bytes).ok()?;
    let is_ours = word(8)?.cast_unsigned() == sequence && kind == NLMSG_ERROR;
    match word(HEADER)? {
        _ if !is_ours => None,
        0 => Some(Ok(())),
        errno => Some(Err(io::Error::from_raw_os_error(errno.wrapping_neg()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledgement(kind: u16, sequence: u32, errno: i32) -> Vec<u8> {
        let mut bytes = 36_u32.to_ne_bytes().to_vec();
        bytes.extend([kind, 0].map(u16::to_ne_bytes).as_flattened());
        bytes.extend([sequence, 77].map(u32::to_ne_bytes).as_flattened());
        bytes.extend(errno.to_ne_bytes());
        bytes.resize(36, 0);
        bytes
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_route_is_what_the_kernels_header_says() {
        let change = Change::add_route(7, &"10.8.0.0/16".parse().unwrap());
        let expected = [
            [44, 0, 0, 0],
            [24, 0, 5, 6],
            [1, 0, 0, 0],
            [0, 0, 0, 0],
            [2, 16, 0, 0],
            [254, 4, 253, 1],
            [0, 0, 0, 0],
            [8, 0, 1, 0],
            [10, 8, 0, 0],
            [8, 0, 4, 0],
            [7, 0, 0, 0],
        ];
        assert_eq!(change.to_bytes(1), expected.as_flattened());
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn an_address_is_what_the_kernels_header_says() {
        let change = Change::add_address(7, &"10.8.0.1/24".parse().unwrap());
        let expected = [
            [40, 0, 0, 0],
            [20, 0, 5, 6],
            [1, 0, 0, 0],
            [0, 0, 0, 0],
            [2, 24, 2, 0],
            [7, 0, 0, 0],
            [8, 0, 2, 0],
            [10, 8, 0, 1],
            [8, 0, 1, 0],
            [10, 8, 0, 1],
        ];
        assert_eq!(change.to_bytes(1), expected.as_flattened());
    }

    #[test]
    fn only_the_answer_to_the_request_counts() {
        assert!(answer(&acknowledgement(2, 5, 0), 5).unwrap().is_ok());
        let refused = answer(&acknowledgement(2, 5, -17), 5).unwrap().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert!(answer(&acknowledgement(2, 4, -17), 5).is_none());
        assert!(answer(&acknowledgement(16, 5, 0), 5).is_none());
    }

    #[test]
    fn a_cut_answer_is_no_answer() {
        let whole = acknowledgement(2, 5, 0);
        assert!((0..20).all(|len| answer(&whole[..len], 5).is_none()));
    }
}
