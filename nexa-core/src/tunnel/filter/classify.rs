use std::net::IpAddr;

use super::flows::{Ending, FlowKey, FragmentKey};
use crate::tunnel::counters::Drop;
use crate::tunnel::packet::{IPV4_HEADER, IPV6_HEADER, IpPacket, Transport, array, be16, protocol};

/// What a packet is to the filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classified {
    pub(super) class: Class,
    /// The fragments that may follow, when this is the first.
    pub(super) first_of: Option<FragmentKey>,
    /// It ends its flow.
    pub(super) ending: Option<Ending>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// Belongs to a flow, or may open it.
    Opening(FlowKey),
    /// Belongs to a flow, or to none: an echo reply.
    ReplyOnly(FlowKey),
    /// An ICMP error to the sender of a packet of this flow.
    ErrorAbout(FlowKey),
    /// A fragment without ports.
    LaterFragment(FragmentKey),
    /// Nothing that passes.
    Unknown,
}

impl Classified {
    const fn plain(class: Class) -> Self {
        Classified { class, first_of: None, ending: None }
    }

    /// The flow it belongs to; that of nobody for what has none.
    pub(super) const fn flow(&self) -> FlowKey {
        match self.class {
            Class::Opening(flow) | Class::ReplyOnly(flow) | Class::ErrorAbout(flow) => flow,
            Class::LaterFragment(_) | Class::Unknown => FlowKey::NOBODYS,
        }
    }
}

pub(super) fn classify(packet: &IpPacket<'_>) -> Result<Classified, Drop> {
    let IpPacket { source, destination, .. } = *packet;
    match packet.transport().map_err(|_| Drop::Fragment)? {
        Transport::Whole { protocol, payload } => classify_transport(packet, protocol, payload),
        Transport::FirstFragment { protocol, id, payload } => {
            // An error quotes a packet and is never so long that it must be cut.
            if payload.len() < shortest_first_fragment(protocol) {
                return Err(Drop::Fragment);
            }
            let classified = classify_transport(packet, protocol, payload)?;
            if matches!(classified.class, Class::ErrorAbout(_)) {
                return Err(Drop::Fragment);
            }
            let key = FragmentKey { protocol, id, source, destination };
            Ok(Classified { first_of: Some(key), ..classified })
        }
        Transport::LaterFragment { protocol, id, offset } => {
            if usize::from(offset) * 8 < shortest_first_fragment(protocol) {
                return Err(Drop::Fragment);
            }
            let key = FragmentKey { protocol, id, source, destination };
            Ok(Classified::plain(Class::LaterFragment(key)))
        }
    }
}

/// How much of the transport must be in the first fragment, and must not be overwritten by a later one.
const fn shortest_first_fragment(protocol: u8) -> usize {
    match protocol {
        protocol::TCP => 20,
        _ => 8,
    }
}

fn classify_transport(packet: &IpPacket<'_>, protocol: u8, payload: &[u8]) -> Result<Classified, Drop> {
    let IpPacket { source, destination, .. } = *packet;
    match protocol {
        protocol::ICMP | protocol::ICMPV6 => classify_icmp(packet, protocol, payload),
        _ => {
            let (source_port, destination_port) = ports(protocol, payload).ok_or(Drop::Malformed)?;
            let flow = FlowKey { protocol, source, source_port, destination, destination_port };
            let ending = if protocol == protocol::TCP { tcp_ending(payload) } else { None };
            Ok(Classified { ending, ..Classified::plain(Class::Opening(flow)) })
        }
    }
}

fn tcp_ending(segment: &[u8]) -> Option<Ending> {
    match segment.get(13)? {
        flags if flags & 0b100 != 0 => Some(Ending::Reset),
        flags if flags & 0b001 != 0 => Some(Ending::Fin),
        _ => None,
    }
}

fn classify_icmp(packet: &IpPacket<'_>, protocol: u8, payload: &[u8]) -> Result<Classified, Drop> {
    let IpPacket { source, destination, .. } = *packet;
    let [kind, _code, ..] = *payload else { return Err(Drop::Malformed) };
    let echo = || {
        let id = be16(payload, 4).ok_or(Drop::Malformed)?;
        Ok(FlowKey { protocol, source, source_port: id, destination, destination_port: id })
    };
    let class = match (source, protocol, kind) {
        (IpAddr::V4(_), protocol::ICMP, 8) | (IpAddr::V6(_), protocol::ICMPV6, 128) => {
            Class::Opening(echo()?)
        }
        (IpAddr::V4(_), protocol::ICMP, 0) | (IpAddr::V6(_), protocol::ICMPV6, 129) => {
            Class::ReplyOnly(echo()?)
        }
        // Unreachable, time exceeded, parameter problem; for IPv6 also too big.
        (IpAddr::V4(_), protocol::ICMP, 3 | 11 | 12) | (IpAddr::V6(_), protocol::ICMPV6, 1..=4) => {
            let quoted = payload.get(8..).and_then(quoted_flow).ok_or(Drop::Malformed)?;
            if quoted.source == destination { Class::ErrorAbout(quoted) } else { Class::Unknown }
        }
        _ => Class::Unknown,
    };
    Ok(Classified::plain(class))
}

/// The flow of the packet that an ICMP error quotes; the quote may be cut after eight bytes of the transport.
fn quoted_flow(quote: &[u8]) -> Option<FlowKey> {
    let (source, destination, protocol, transport) = match quote.first()? >> 4 {
        4 => {
            let header_len = usize::from(quote.first()? & 0x0f) * 4;
            if header_len < IPV4_HEADER || be16(quote, 6)? & 0x1fff != 0 {
                return None;
            }
            let source = IpAddr::from(array::<4>(quote, 12)?);
            (source, IpAddr::from(array::<4>(quote, 16)?), *quote.get(9)?, quote.get(header_len..)?)
        }
        6 => {
            let source = IpAddr::from(array::<16>(quote, 8)?);
            (source, IpAddr::from(array::<16>(quote, 24)?), *quote.get(6)?, quote.get(IPV6_HEADER..)?)
        }
        _ => return None,
    };
    let (source_port, destination_port) = match (protocol, transport.first()?) {
        (protocol::ICMP, 0 | 8) | (protocol::ICMPV6, 128 | 129) => {
            let id = be16(transport, 4)?;
            (id, id)
        }
        // An error about an error is never sent (RFC 1122 §3.2.2, RFC 4443 §2.4).
        (protocol::ICMP | protocol::ICMPV6, _) => return None,
        _ => ports(protocol, transport)?,
    };
    Some(FlowKey { protocol, source, source_port, destination, destination_port })
}

/// The ports, or zeros for a protocol that has none.
fn ports(protocol: u8, transport: &[u8]) -> Option<(u16, u16)> {
    match protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP => Some((be16(transport, 0)?, be16(transport, 2)?)),
        _ => Some((0, 0)),
    }
}
