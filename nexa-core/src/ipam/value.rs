//! What pools consist of, whatever it is: an address or a number of some kind.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::space::{Assignable, Ctid, MacAddress, Port, UnixId};
use crate::error::{Error, Result};
use crate::idempotency::{Reader, Take, Unreadable, put};
use crate::net::{AddressRange, Cidr, Count, Family, is_mapped};

/// What a pool hands out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum PoolKind {
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 addresses.
    Ipv6,
    /// TCP ports, 1 to 65535.
    TcpPort,
    /// UDP ports, 1 to 65535.
    UdpPort,
    /// MAC addresses: locally administered ones, or of the prefix that Proxmox VE has.
    Mac,
    /// VMIDs of Proxmox VE's guests, 100 to 999999999.
    Ctid,
    /// uid and gid numbers.
    UnixId,
}

impl PoolKind {
    /// All there are.
    pub const ALL: [PoolKind; 7] = [
        PoolKind::Ipv4,
        PoolKind::Ipv6,
        PoolKind::TcpPort,
        PoolKind::UdpPort,
        PoolKind::Mac,
        PoolKind::Ctid,
        PoolKind::UnixId,
    ];

    /// The word for it: `ipv4`, `ipv6`, `tcp_port`, `udp_port`, `mac`, `ctid` or `unix_id`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PoolKind::Ipv4 => "ipv4",
            PoolKind::Ipv6 => "ipv6",
            PoolKind::TcpPort => "tcp_port",
            PoolKind::UdpPort => "udp_port",
            PoolKind::Mac => "mac",
            PoolKind::Ctid => "ctid",
            PoolKind::UnixId => "unix_id",
        }
    }

    /// The family of the addresses, where it is IP addresses.
    #[must_use]
    pub const fn family(self) -> Option<Family> {
        match self {
            PoolKind::Ipv4 => Some(Family::V4),
            PoolKind::Ipv6 => Some(Family::V6),
            _ => None,
        }
    }

    /// The kind of a family's addresses.
    #[must_use]
    pub const fn of(family: Family) -> Self {
        match family {
            Family::V4 => PoolKind::Ipv4,
            Family::V6 => PoolKind::Ipv6,
        }
    }

    /// What an error calls one of them.
    pub(super) const fn what(self) -> &'static str {
        match self {
            PoolKind::Ipv4 | PoolKind::Ipv6 => "address",
            PoolKind::TcpPort | PoolKind::UdpPort => "port",
            PoolKind::Mac => "MAC address",
            PoolKind::Ctid => "CTID",
            PoolKind::UnixId => "uid or gid",
        }
    }

    /// How many bits its numbers have.
    pub(super) const fn bits(self) -> u8 {
        match self {
            PoolKind::Ipv4 | PoolKind::Ctid | PoolKind::UnixId => 32,
            PoolKind::Ipv6 => 128,
            PoolKind::TcpPort | PoolKind::UdpPort => 16,
            PoolKind::Mac => 48,
        }
    }

    /// The first byte of a stored one: that of an address is its family, as everywhere.
    pub(super) const fn tag(self) -> u8 {
        match self {
            PoolKind::Ipv4 => 4,
            PoolKind::Ipv6 => 6,
            PoolKind::TcpPort => 16,
            PoolKind::UdpPort => 17,
            PoolKind::Mac => 20,
            PoolKind::Ctid => 24,
            PoolKind::UnixId => 28,
        }
    }

    /// Whether there is one with this number.
    fn has(self, number: u128) -> bool {
        self.show(number).is_some()
    }

    /// The one with this number, as people write it.
    fn show(self, number: u128) -> Option<String> {
        fn text<T: Assignable>(number: u128) -> Option<String> {
            T::of_number(number).map(|one| one.to_string())
        }
        match self {
            PoolKind::Ipv4 => text::<Ipv4Addr>(number),
            PoolKind::Ipv6 => text::<Ipv6Addr>(number),
            PoolKind::TcpPort | PoolKind::UdpPort => text::<Port>(number),
            PoolKind::Mac => text::<MacAddress>(number),
            PoolKind::Ctid => text::<Ctid>(number),
            PoolKind::UnixId => text::<UnixId>(number),
        }
    }
}

impl fmt::Display for PoolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for PoolKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = PoolKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Error::invalid("kind", format!("{text:?} is no kind of pool")))
    }
}

/// One thing that a pool can hand out: an address, a port, a number. Values of one kind are in order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    kind: PoolKind,
    number: u128,
}

impl Value {
    /// The one of a kind that has this number.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`value`) when none has it, such as port 65536.
    pub fn new(kind: PoolKind, number: u128) -> Result<Self> {
        if kind.has(number) {
            Ok(Value { kind, number })
        } else {
            Err(Error::invalid("value", format!("{number} is no {}", kind.what())))
        }
    }

    /// Reads one of a kind: `10.0.0.5`, `8080`, `BC:24:11:00:00:01`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`value`).
    pub fn parse(kind: PoolKind, text: &str) -> Result<Self> {
        let refused = || Error::invalid("value", format!("{text:?} is no {}", kind.what()));
        let number = match kind {
            PoolKind::Ipv4 | PoolKind::Ipv6 => {
                let address: IpAddr = text.parse().map_err(|_| refused())?;
                let fits = kind.family() == Some(Family::of(address)) && !is_mapped(address);
                fits.then(|| Family::number(address)).ok_or_else(refused)?
            }
            PoolKind::Mac => text.parse::<MacAddress>().map_err(|_| refused())?.number(),
            _ if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().map_err(|_| refused())?,
            _ => return Err(refused()),
        };
        Value::new(kind, number)
    }

    pub(super) const fn of_number(kind: PoolKind, number: u128) -> Self {
        Value { kind, number }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(self) -> PoolKind {
        self.kind
    }

    /// It as a number.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.number
    }

    /// The IP address, where it is one.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        self.kind.family().map(|family| family.address(self.number))
    }
}

impl From<IpAddr> for Value {
    /// An IPv4 address that is mapped into IPv6 is the IPv4 address.
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Value { kind: PoolKind::of(Family::of(address)), number: Family::number(address) }
    }
}

impl From<MacAddress> for Value {
    fn from(mac: MacAddress) -> Self {
        Value { kind: PoolKind::Mac, number: mac.number() }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.show(self.number) {
            Some(text) => f.pad(&text),
            None => fmt::Display::fmt(&self.number, f),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Values from one to another, both included. One that was given as a prefix (`10.0.0.0/24`) has the addresses of a subnet in it that
/// are never handed out; one that was given by its ends (`10.0.0.0-10.0.0.255`) has not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueRange {
    kind: PoolKind,
    first: u128,
    last: u128,
    prefix: Option<u8>,
}

impl ValueRange {
    /// From one value to another of its kind.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`range`) for two kinds, or ends in reversed order.
    pub fn new(first: Value, last: Value) -> Result<Self> {
        if first.kind != last.kind {
            return Err(Error::invalid("range", format!("{first} and {last} are of different kinds")));
        }
        if first > last {
            return Err(Error::invalid("range", format!("{first} is above {last}")));
        }
        Ok(ValueRange { kind: first.kind, first: first.number, last: last.number, prefix: None })
    }

    /// Reads one of a kind: `10.0.0.0/24`, `10.0.0.10-10.0.0.20`, `20000-32767`, or one value alone. A comma will do for the dash.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`range`).
    pub fn parse(kind: PoolKind, text: &str) -> Result<Self> {
        let refused = |why: &Error| Error::invalid("range", format!("{text:?}: {why}"));
        if text.contains('/') {
            let cidr: Cidr = text.parse().map_err(|why| refused(&why))?;
            return match kind.family() {
                Some(family) if family == cidr.family() => Ok(cidr.into()),
                _ => Err(Error::invalid("range", format!("{text:?} is no range of kind {kind}"))),
            };
        }
        // The dash also stands inside one of the two spellings of a MAC address; that one has to be given with a comma.
        let ends = text.split_once(',').or_else(|| match kind {
            PoolKind::Mac => text.split_once('-').filter(|(first, _)| first.contains(':')),
            _ => text.split_once('-'),
        });
        let value = |text: &str| Value::parse(kind, text.trim()).map_err(|why| refused(&why));
        match ends {
            Some((first, last)) => ValueRange::new(value(first)?, value(last)?),
            None => value(text).map(ValueRange::from),
        }
    }

    pub(super) const fn of_numbers(kind: PoolKind, (first, last): (u128, u128)) -> Self {
        ValueRange { kind, first, last, prefix: None }
    }

    pub(super) const fn with_prefix(self, prefix: Option<u8>) -> Self {
        ValueRange { prefix, ..self }
    }

    /// What it is a range of.
    #[must_use]
    pub const fn kind(&self) -> PoolKind {
        self.kind
    }

    /// The lowest.
    #[must_use]
    pub const fn first(&self) -> Value {
        Value { kind: self.kind, number: self.first }
    }

    /// The highest.
    #[must_use]
    pub const fn last(&self) -> Value {
        Value { kind: self.kind, number: self.last }
    }

    /// The prefix that it was given as.
    #[must_use]
    pub fn cidr(&self) -> Option<Cidr> {
        Cidr::new(self.first().address()?, self.prefix?).ok()
    }

    /// The same as a range of addresses, where it is one.
    #[must_use]
    pub fn addresses(&self) -> Option<AddressRange> {
        Some(AddressRange::of_numbers(self.kind.family()?, self.first, self.last))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> Count {
        (self.last - self.first).checked_add(1).map_or(Count::ALL_V6, Count::from)
    }

    /// Whether this value is in it.
    #[must_use]
    pub fn contains(&self, value: Value) -> bool {
        value.kind == self.kind && (self.first..=self.last).contains(&value.number)
    }

    /// How many bits the numbers of a block have in common.
    pub(super) fn block_len(&self) -> u8 {
        let span = self.last.wrapping_sub(self.first);
        self.kind.bits().saturating_sub(u8::try_from(span.count_ones()).unwrap_or(u8::MAX))
    }

    pub(super) const fn numbers(&self) -> (u128, u128) {
        (self.first, self.last)
    }

    pub(super) const fn prefix(&self) -> Option<u8> {
        self.prefix
    }
}

impl From<Cidr> for ValueRange {
    fn from(cidr: Cidr) -> Self {
        let (first, last) = (Family::number(cidr.first()), Family::number(cidr.last()));
        ValueRange { kind: PoolKind::of(cidr.family()), first, last, prefix: Some(cidr.prefix_len()) }
    }
}

impl From<AddressRange> for ValueRange {
    fn from(range: AddressRange) -> Self {
        let (first, last) = (Family::number(range.first()), Family::number(range.last()));
        ValueRange { kind: PoolKind::of(range.family()), first, last, prefix: None }
    }
}

impl From<Value> for ValueRange {
    fn from(value: Value) -> Self {
        ValueRange { kind: value.kind, first: value.number, last: value.number, prefix: None }
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cidr() {
            Some(cidr) => fmt::Display::fmt(&cidr, f),
            None if self.first == self.last => fmt::Display::fmt(&self.first(), f),
            None => write!(f, "{}-{}", self.first(), self.last()),
        }
    }
}

impl fmt::Debug for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

put! { Value { kind, number } }
put! { ValueRange { kind, first, last, prefix } }

impl Take for Value {
    fn take(from: &mut Reader<'_>) -> std::result::Result<Self, Unreadable> {
        Value::new(Take::take(from)?, Take::take(from)?).map_err(|_| Unreadable)
    }
}

impl Take for ValueRange {
    fn take(from: &mut Reader<'_>) -> std::result::Result<Self, Unreadable> {
        let (kind, first, last): (PoolKind, u128, u128) =
            (Take::take(from)?, Take::take(from)?, Take::take(from)?);
        let ends = Value::new(kind, first).and_then(|first| ValueRange::new(first, Value::new(kind, last)?));
        Ok(ends.map_err(|_| Unreadable)?.with_prefix(Take::take(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_in_every_spelling_of_its_kind_and_written_in_one() {
        for (kind, text, written) in [
            (PoolKind::Ipv4, "10.0.0.0/24", "10.0.0.0/24"),
            (PoolKind::Ipv4, "10.0.0.0-10.0.0.255", "10.0.0.0-10.0.0.255"),
            (PoolKind::Ipv4, "10.0.0.10, 10.0.0.20", "10.0.0.10-10.0.0.20"),
            (PoolKind::Ipv6, "fd00::1", "fd00::1"),
            (PoolKind::TcpPort, "20000-32767", "20000-32767"),
            (PoolKind::Mac, "bc:24:11:00:00:00-bc:24:11:00:00:ff", "BC:24:11:00:00:00-BC:24:11:00:00:FF"),
            (PoolKind::Mac, "bc-24-11-00-00-00,bc-24-11-00-00-ff", "BC:24:11:00:00:00-BC:24:11:00:00:FF"),
            (PoolKind::Mac, "bc-24-11-00-00-00", "BC:24:11:00:00:00"),
            (PoolKind::Ctid, "100-199", "100-199"),
        ] {
            let range = ValueRange::parse(kind, text).unwrap();
            assert_eq!(range.to_string(), written);
            assert_eq!(ValueRange::parse(kind, written).unwrap(), range);
        }
    }

    #[test]
    fn what_is_no_range_of_the_kind_is_refused_by_the_name_of_the_field() {
        for (kind, text) in [
            (PoolKind::Ipv4, "10.0.0.1/24"),
            (PoolKind::Ipv4, "10.0.0.9-10.0.0.1"),
            (PoolKind::Ipv4, "10.0.0.1-fd00::1"),
            (PoolKind::Ipv4, "fd00::/64"),
            (PoolKind::Ipv6, "::ffff:10.0.0.1"),
            (PoolKind::TcpPort, "20000-65536"),
            (PoolKind::TcpPort, "0-10"),
            (PoolKind::UdpPort, "+1-10"),
            (PoolKind::TcpPort, "10.0.0.0/24"),
            (PoolKind::Ctid, "99-200"),
            (PoolKind::UnixId, "4294967295"),
            (PoolKind::Mac, "bc:24:11"),
            (PoolKind::Ipv4, ""),
            (PoolKind::Ipv4, "-"),
        ] {
            assert_eq!(ValueRange::parse(kind, text).unwrap_err().field(), Some("range"), "{kind} {text:?}");
        }
        let all = ValueRange::parse(PoolKind::Ipv6, "::/0").unwrap();
        assert_eq!(all.count(), Count::ALL_V6);
    }

    #[test]
    fn every_kind_has_a_word_and_a_tag_of_its_own() {
        let tags: std::collections::BTreeSet<_> = PoolKind::ALL.iter().map(|kind| kind.tag()).collect();
        assert_eq!(tags.len(), PoolKind::ALL.len());
        for kind in PoolKind::ALL {
            assert_eq!(kind.as_str().parse::<PoolKind>().unwrap(), kind);
        }
    }
}
