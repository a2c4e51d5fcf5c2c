//! Setting an interface up: the four messages of rtnetlink (RFC 3549, `linux/rtnetlink.h`) that this takes.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::libc;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

use super::tun::InterfaceAddress;
use crate::net::{Cidr, Family};

/// `struct nlmsghdr`: length, type, flags, sequence, port.
const HEADER: usize = 16;
const REQUEST: u16 = 0x01;
const ACK: u16 = 0x04;
/// Refuse what exists, create what does not.
const NEW: u16 = 0x200 | 0x400;
/// `IFA_F_NODAD`: nobody else can have the address on a tunnel.
const NO_DAD: u8 = 0x02;

/// A connection to the kernel's network configuration, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub(super) struct RtNetlink {
    socket: OwnedFd,
    sequence: u32,
}

impl RtNetlink {
    pub(super) fn open() -> io::Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        Ok(RtNetlink { socket, sequence: 0 })
    }

    /// Sends a change and waits for the kernel's answer, which it gives at once.
    pub(super) fn change(&mut self, change: &Change) -> io::Result<()> {
        self.sequence += 1;
        // Not connected, it goes to the kernel.
        send(self.socket.as_raw_fd(), &change.to_bytes(self.sequence), MsgFlags::empty())?;
        let mut buffer = [0; 4096];
        loop {
            let len = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
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
        let up: u32 = 1;
        let mut body = vec![0; 4];
        body.extend([index, up, up].map(u32::to_ne_bytes).as_flattened());
        attribute(&mut body, libc::IFLA_MTU, &mtu.to_ne_bytes());
        Change { kind: libc::RTM_NEWLINK, flags: 0, body }
    }

    /// Gives an interface an address, and with it the route to the address's network.
    pub(super) fn add_address(index: u32, address: &InterfaceAddress) -> Self {
        // `struct ifaddrmsg`: family, prefix length, flags, scope, index.
        let ip = address.address();
        let mut body = vec![family(ip), address.prefix_len(), NO_DAD, libc::RT_SCOPE_UNIVERSE];
        body.extend(index.to_ne_bytes());
        attribute(&mut body, libc::IFA_LOCAL, &octets(ip));
        attribute(&mut body, libc::IFA_ADDRESS, &octets(ip));
        Change { kind: libc::RTM_NEWADDR, flags: NEW, body }
    }

    /// Routes a prefix to an interface. The route goes with the interface.
    pub(super) fn add_route(index: u32, prefix: &Cidr) -> Self {
        let scope = match prefix.family() {
            Family::V4 => libc::RT_SCOPE_LINK,
            Family::V6 => libc::RT_SCOPE_UNIVERSE,
        };
        // `struct rtmsg`: family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
        let ip = prefix.first();
        let (table, protocol) = (libc::RT_TABLE_MAIN, libc::RTPROT_STATIC);
        let mut body = vec![
            family(ip),
            prefix.prefix_len(),
            0,
            0,
            table,
            protocol,
            scope,
            libc::RTN_UNICAST,
            0,
            0,
            0,
            0,
        ];
        attribute(&mut body, libc::RTA_DST, &octets(ip));
        attribute(&mut body, libc::RTA_OIF, &index.to_ne_bytes());
        Change { kind: libc::RTM_NEWROUTE, flags: NEW, body }
    }

    fn to_bytes(&self, sequence: u32) -> Vec<u8> {
        // A length that does not fit would be refused by the kernel; none here is near.
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        bytes.extend(length.to_ne_bytes());
        bytes.extend([self.kind, REQUEST | ACK | self.flags].map(u16::to_ne_bytes).as_flattened());
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
        IpAddr::V4(_) => 2,
        IpAddr::V6(_) => 10,
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
    let is_ours = word(8)?.cast_unsigned() == sequence && i32::from(kind) == libc::NLMSG_ERROR;
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
