//! Just enough of IPv4 (RFC 791) and IPv6 (RFC 8200) to route, to filter, and to refuse what is made to deceive.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const IPV4_HEADER: usize = 20;
pub(super) const IPV6_HEADER: usize = 40;

/// IANA protocol numbers.
pub(super) mod protocol {
    pub(in crate::tunnel) const ICMP: u8 = 1;
    pub(in crate::tunnel) const TCP: u8 = 6;
    pub(in crate::tunnel) const UDP: u8 = 17;
    pub(in crate::tunnel) const ICMPV6: u8 = 58;
    pub(in crate::tunnel) const SCTP: u8 = 132;
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const DESTINATION_OPTIONS: u8 = 60;
}

/// More extension headers than this are refused. RFC 8200 §4.1 knows seven places for one.
const MAX_EXTENSION_HEADERS: usize = 8;

/// An IP packet whose header is consistent with its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpPacket<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The packet without what may follow it.
    pub(super) bytes: &'a [u8],
}

/// What follows the IP header or headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transport<'a> {
    /// All of it.
    Whole { protocol: u8, payload: &'a [u8] },
    /// The part that begins with the transport's own header.
    FirstFragment { protocol: u8, id: u32, payload: &'a [u8] },
    /// A later part, without ports. `offset` in units of 8 bytes.
    LaterFragment { protocol: u8, id: u32, offset: u16 },
}

/// The packet's headers contradict its length or each other, or route it elsewhere than its destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Deceptive;

impl<'a> IpPacket<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 => Self::parse_v4(bytes),
            6 => Self::parse_v6(bytes),
            _ => None,
        }
    }

    fn parse_v4(bytes: &'a [u8]) -> Option<Self> {
        let header_len = usize::from(bytes.first()? & 0x0f) * 4;
        let total_len = usize::from(be16(bytes, 2)?);
        if header_len < IPV4_HEADER || total_len < header_len {
            return None;
        }
        Some(IpPacket {
            source: IpAddr::V4(Ipv4Addr::from(array::<4>(bytes, 12)?)),
            destination: IpAddr::V4(Ipv4Addr::from(array::<4>(bytes, 16)?)),
            bytes: bytes.get(..total_len)?,
        })
    }

    fn parse_v6(bytes: &'a [u8]) -> Option<Self> {
        let total_len = IPV6_HEADER + usize::from(be16(bytes, 4)?);
        let [source, destination] = [array::<16>(bytes, 8)?, array::<16>(bytes, 24)?].map(Ipv6Addr::from);
        // Not for the wire (RFC 4038 §4.2): a socket behind the gateway would take it for the IPv4 address, which the
        // filter was not asked about.
        if source.to_ipv4_mapped().is_some() || destination.to_ipv4_mapped().is_some() {
            return None;
        }
        Some(IpPacket {
            source: IpAddr::V6(source),
            destination: IpAddr::V6(destination),
            bytes: bytes.get(..total_len)?,
        })
    }

    pub(super) fn transport(&self) -> Result<Transport<'a>, Deceptive> {
        match self.source {
            IpAddr::V4(_) => transport_v4(self.bytes),
            IpAddr::V6(_) => transport_v6(self.bytes),
        }
        .ok_or(Deceptive)
    }
}

fn transport_v4(bytes: &[u8]) -> Option<Transport<'_>> {
    let header_len = usize::from(bytes.first()? & 0x0f) * 4;
    if is_source_routed(bytes.get(IPV4_HEADER..header_len)?) {
        return None;
    }
    let protocol = *bytes.get(9)?;
    let payload = bytes.get(header_len..)?;
    let fragment = be16(bytes, 6)?;
    let (more, offset) = (fragment & 0x2000 != 0, fragment & 0x1fff);
    Some(part(protocol, u32::from(be16(bytes, 4)?), more, offset, payload))
}

/// Loose and strict source routes (RFC 791 §3.1) send a packet elsewhere than its destination says.
fn is_source_routed(mut options: &[u8]) -> bool {
    loop {
        match options {
            [] | [0, ..] => return false,
            [131 | 137, ..] => return true,
            [1, rest @ ..] => options = rest,
            [_, len, ..] if *len >= 2 && usize::from(*len) <= options.len() => {
                options = options.get(usize::from(*len)..).unwrap_or_default();
            }
            // An option that runs out of the header hides what follows it.
            _ => return true,
        }
    }
}

fn transport_v6(bytes: &[u8]) -> Option<Transport<'_>> {
    let mut next = *bytes.get(6)?;
    let mut rest = bytes.get(IPV6_HEADER..)?;
    for _ in 0..MAX_EXTENSION_HEADERS {
        match next {
            protocol::HOP_BY_HOP | protocol::DESTINATION_OPTIONS => {}
            // Segments left: the packet goes elsewhere than its destination says (RFC 8200 §4.4, RFC 5095).
            protocol::ROUTING if *rest.get(3)? == 0 => {}
            protocol::ROUTING => return None,
            protocol::FRAGMENT => return fragment_v6(rest),
            protocol => return Some(Transport::Whole { protocol, payload: rest }),
        }
        next = *rest.first()?;
        rest = rest.get((usize::from(*rest.get(1)?) + 1) * 8..)?;
    }
    None
}

/// RFC 8200 §4.5. What a fragment holds must be the transport itself: further extension headers behind a fragment
/// header have no use but to hide it.
fn fragment_v6(header: &[u8]) -> Option<Transport<'_>> {
    let next = *header.first()?;
    if matches!(
        next,
        protocol::HOP_BY_HOP | protocol::ROUTING | protocol::FRAGMENT | protocol::DESTINATION_OPTIONS
    ) {
        return None;
    }
    let placement = be16(header, 2)?;
    let id = u32::from_be_bytes(array::<4>(header, 4)?);
    Some(part(next, id, placement & 1 != 0, placement >> 3, header.get(8..)?))
}

const fn part(protocol: u8, id: u32, more: bool, offset: u16, payload: &[u8]) -> Transport<'_> {
    match (more, offset) {
        (false, 0) => Transport::Whole { protocol, payload },
        (true, 0) => Transport::FirstFragment { protocol, id, payload },
        _ => Transport::LaterFragment { protocol, id, offset },
    }
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array::<2>(bytes, at).map(u16::from_be_bytes)
}

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_packet_with_an_ipv4_mapped_address_is_none() {
        let packet = |source: &str, destination: &str| {
            let mut bytes = vec![0x60, 0, 0, 0, 0, 0, 59, 64];
            for address in [source, destination] {
                bytes.extend(address.parse::<Ipv6Addr>().unwrap().octets());
            }
            bytes
        };
        assert!(IpPacket::parse(&packet("fd00::1", "fd00::2")).is_some());
        assert!(IpPacket::parse(&packet("fd00::1", "::ffff:10.0.0.1")).is_none());
        assert!(IpPacket::parse(&packet("::ffff:10.0.0.1", "fd00::2")).is_none());
    }
}
