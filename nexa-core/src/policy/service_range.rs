//! Which protocols and ports a rule is about.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// How many ports a protocol has; one without ports is at port 0 and takes all of them.
const PORTS: u32 = 1 << 16;
/// The highest number of a protocol and a port together.
const LAST: u32 = (1 << 24) - 1;

/// A protocol above IP, by its number (<https://www.iana.org/assignments/protocol-numbers>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Protocol(1);
    /// TCP.
    pub const TCP: Self = Protocol(6);
    /// UDP.
    pub const UDP: Self = Protocol(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Protocol(58);
    /// SCTP.
    pub const SCTP: Self = Protocol(132);

    const NAMED: [(Self, &'static str); 5] = [
        (Self::ICMP, "icmp"),
        (Self::TCP, "tcp"),
        (Self::UDP, "udp"),
        (Self::ICMPV6, "icmpv6"),
        (Self::SCTP, "sctp"),
    ];

    /// The protocol of this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Protocol(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether its packets name a port: TCP, UDP and SCTP do.
    #[must_use]
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP | Self::SCTP)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(named, _)| named == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Protocol {
    type Err = Error;

    /// A name (`tcp`, `udp`, `icmp`, `icmpv6`, `sctp`) or a number.
    fn from_str(text: &str) -> Result<Self> {
        if let Some((named, _)) = Self::NAMED.iter().find(|(_, name)| *name == text) {
            return Ok(*named);
        }
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_plain).map(Protocol).ok_or_else(|| {
            Error::invalid("protocol", format!("{text:?} is neither a protocol's name nor its number"))
        })
    }
}

/// Protocols, or ports of one protocol, that stand together: one range of (protocol, port).
///
/// Its text is `any`, `tcp`, `tcp/443`, `udp/5000-5999`, `47`, or `47-51` for several protocols.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceRange {
    first: u32,
    last: u32,
}

impl ServiceRange {
    /// Every port of every protocol.
    pub const ANY: Self = ServiceRange { first: 0, last: LAST };

    /// The highest, which no protocol has.
    pub(super) const LAST: Self = ServiceRange { first: LAST, last: LAST };

    /// Every port of a protocol.
    #[must_use]
    pub const fn protocol(protocol: Protocol) -> Self {
        let first = protocol.0 as u32 * PORTS;
        ServiceRange { first, last: first + (PORTS - 1) }
    }

    /// Ports of a protocol, from the first to the last, both included.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`ports`) when they are reversed, or the protocol has no ports.
    pub fn ports(protocol: Protocol, first: u16, last: u16) -> Result<Self> {
        if !protocol.has_ports() {
            return Err(Error::invalid("ports", format!("{protocol} has no ports")));
        }
        if last < first {
            return Err(Error::invalid("ports", format!("{first}-{last} is reversed")));
        }
        let base = u32::from(protocol.0) * PORTS;
        Ok(ServiceRange { first: base + u32::from(first), last: base + u32::from(last) })
    }

    /// Whether packets of a protocol to a port are in it. What has no ports is at port 0.
    #[must_use]
    pub const fn contains(&self, protocol: Protocol, port: u16) -> bool {
        let at = number(protocol, port);
        self.first <= at && at <= self.last
    }

    /// The range from one protocol × 65536 + port to another, as it is stored.
    #[cfg(feature = "control")]
    pub(super) fn from_numbers(first: i64, last: i64) -> Option<Self> {
        let (first, last) = (u32::try_from(first).ok()?, u32::try_from(last).ok()?);
        let range = (first <= last && last <= LAST).then_some(ServiceRange { first, last })?;
        // Nothing else has a text, so nothing else was ever given.
        let has_ports = range.lowest().0.has_ports();
        (range.spelled().eq([range]) && (has_ports || range.is_of_whole_protocols())).then_some(range)
    }

    /// Whether it leaves no port out of a protocol.
    #[cfg(feature = "control")]
    const fn is_of_whole_protocols(self) -> bool {
        self.first.is_multiple_of(PORTS) && self.last % PORTS == PORTS - 1
    }

    /// What is in both, if anything is.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(ServiceRange { first, last })
    }

    /// Whether all of the other is in this one.
    #[must_use]
    pub const fn has_all_of(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    pub(super) const fn of_numbers(first: u32, last: u32) -> Self {
        ServiceRange { first, last }
    }

    /// Its lowest protocol, and the port there.
    pub(super) fn lowest(self) -> (Protocol, u16) {
        let (protocol, port) = parts(self.first);
        (protocol, u16::try_from(port).unwrap_or(u16::MAX))
    }

    pub(super) const fn first(self) -> u32 {
        self.first
    }

    pub(super) const fn last(self) -> u32 {
        self.last
    }

    /// The same as ranges that have a text: ports of one protocol, or whole protocols. At most three.
    pub(super) fn spelled(self) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let ServiceRange { first, last } = rest?;
            let ends = last / PORTS;
            let end = match (first % PORTS, last % PORTS) {
                // Whole protocols as far as they go.
                (0, port) if port == PORTS - 1 => last,
                (0, _) if first / PORTS < ends => ends * PORTS - 1,
                _ => last.min(first - first % PORTS + (PORTS - 1)),
            };
            rest = (end < last).then(|| ServiceRange { first: end + 1, last });
            Some(ServiceRange { first, last: end })
        })
    }
}

/// A protocol and a port as one number, whose order is that of the protocols and then of the ports.
pub(super) const fn number(protocol: Protocol, port: u16) -> u32 {
    let port = if protocol.has_ports() { port } else { 0 };
    protocol.0 as u32 * PORTS + port as u32
}

fn parts(number: u32) -> (Protocol, u32) {
    (Protocol(u8::try_from(number / PORTS).unwrap_or(u8::MAX)), number % PORTS)
}

impl fmt::Display for ServiceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((protocol, first), (other, last)) = (parts(self.first), parts(self.last));
        let is_whole = first == 0 && last == PORTS - 1;
        match (protocol == other, is_whole) {
            _ if *self == Self::ANY => f.write_str("any"),
            (true, true) => write!(f, "{protocol}"),
            (true, false) if first == last => write!(f, "{protocol}/{first}"),
            (true, false) => write!(f, "{protocol}/{first}-{last}"),
            (false, true) => write!(f, "{}-{}", protocol.0, other.0),
            (false, false) => {
                let mut parts = self.spelled();
                parts.next().map_or(Ok(()), |first| write!(f, "{first}"))?;
                parts.try_for_each(|part| write!(f, ",{part}"))
            }
        }
    }
}

impl fmt::Debug for ServiceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ServiceRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "any" {
            return Ok(Self::ANY);
        }
        if let Some((protocol, ports)) = text.split_once('/') {
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            return Self::ports(protocol.parse()?, port(first)?, port(last)?);
        }
        let Some((first, last)) = text.split_once('-') else { return Ok(Self::protocol(text.parse()?)) };
        let (first, last): (Protocol, Protocol) = (first.parse()?, last.parse()?);
        if last < first {
            return Err(Error::invalid("protocol", format!("{text:?} is reversed")));
        }
        Ok(ServiceRange { first: Self::protocol(first).first, last: Self::protocol(last).last })
    }
}

fn port(text: &str) -> Result<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let refused = || Error::invalid("ports", format!("{text:?} is no port in 0-65535"));
    text.parse().ok().filter(|_| is_plain).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "control")]
    #[test]
    fn only_what_has_a_text_is_read_from_what_is_stored() {
        let icmp = i64::from(PORTS);
        let tcp = 6 * icmp;
        for (first, last) in
            [(icmp + 5, icmp + 9), (icmp, icmp + 9), (tcp + 9, tcp + icmp + 9), (9, 8), (-1, 3)]
        {
            assert_eq!(ServiceRange::from_numbers(first, last), None, "{first}-{last}");
        }
        for text in ["any", "icmp", "tcp", "tcp/443", "udp/5000-5999", "47-51"] {
            let range: ServiceRange = text.parse().unwrap();
            let stored = ServiceRange::from_numbers(range.first().into(), range.last().into());
            assert_eq!(stored, Some(range), "{text}");
        }
    }

    #[test]
    fn every_text_means_what_it_says_and_is_written_again() {
        for (text, first, last) in [
            ("any", 0, LAST),
            ("tcp", 6 << 16, 7 * PORTS - 1),
            ("tcp/443", (6 << 16) + 443, (6 << 16) + 443),
            ("tcp/0-1023", 6 << 16, (6 << 16) + 1023),
            ("udp/65535", (17 << 16) + 65_535, (17 << 16) + 65_535),
            ("0", 0, PORTS - 1),
            ("255", 255 * PORTS, LAST),
            ("47-51", 47 * PORTS, 52 * PORTS - 1),
            ("icmpv6", 58 * PORTS, 59 * PORTS - 1),
        ] {
            let range: ServiceRange = text.parse().unwrap();
            assert_eq!((range.first, range.last), (first, last), "{text}");
            assert_eq!(range.to_string(), text);
        }
        assert_eq!("tcp/0-65535".parse::<ServiceRange>().unwrap(), ServiceRange::protocol(Protocol::TCP));
    }

    #[test]
    fn what_is_none_is_refused_by_its_field() {
        for (text, field) in [
            ("", "protocol"),
            ("TCP", "protocol"),
            ("256", "protocol"),
            ("06", "protocol"),
            ("+6", "protocol"),
            ("51-47", "protocol"),
            ("icmp/8", "ports"),
            ("47/1", "ports"),
            ("tcp/", "ports"),
            ("tcp/65536", "ports"),
            ("tcp/90-80", "ports"),
            ("tcp/080", "ports"),
            ("tcp/1-2-3", "ports"),
            ("udp/-1", "ports"),
        ] {
            assert_eq!(text.parse::<ServiceRange>().unwrap_err().field(), Some(field), "{text:?}");
        }
    }

    #[test]
    fn a_range_over_several_protocols_is_spelled_in_pieces_that_are_it_again() {
        let edges =
            [0, 1, PORTS - 1, PORTS, PORTS + 1, 6 * PORTS + 80, 7 * PORTS - 1, 9 * PORTS, LAST - 1, LAST];
        for first in edges {
            for last in edges.into_iter().filter(|last| first <= *last) {
                let pieces: Vec<_> = ServiceRange { first, last }.spelled().collect();
                assert!(pieces.len() <= 3, "{pieces:?}");
                assert_eq!((pieces[0].first, pieces[pieces.len() - 1].last), (first, last));
                assert!(pieces.windows(2).all(|pair| pair[0].last + 1 == pair[1].first), "{pieces:?}");
                for ServiceRange { first, last } in pieces {
                    let is_whole = first % PORTS == 0 && last % PORTS == PORTS - 1;
                    assert!(is_whole || first / PORTS == last / PORTS);
                }
            }
        }
    }

    #[test]
    fn what_has_no_ports_is_the_same_at_each() {
        let icmp = ServiceRange::protocol(Protocol::ICMP);
        assert!(icmp.contains(Protocol::ICMP, 0) && icmp.contains(Protocol::ICMP, 8));
        let ssh: ServiceRange = "tcp/22".parse().unwrap();
        assert!(ssh.contains(Protocol::TCP, 22));
        assert!(!ssh.contains(Protocol::TCP, 23) && !ssh.contains(Protocol::UDP, 22));
    }
}
