use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::ipam::value::{PoolKind, ValueRange};

/// What a pool can consist of: each is a number of a fixed width, and order and distance are the numbers'.
pub trait Assignable: Copy + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// How an error names one of them.
    const WHAT: &'static str;

    /// The number.
    fn number(self) -> u128;

    /// The one with this number, if there is one.
    fn of_number(number: u128) -> Option<Self>;
}

impl Assignable for Ipv4Addr {
    const WHAT: &'static str = "IPv4 address";

    fn number(self) -> u128 {
        self.to_bits().into()
    }

    fn of_number(number: u128) -> Option<Self> {
        u32::try_from(number).ok().map(Ipv4Addr::from_bits)
    }
}

impl Assignable for Ipv6Addr {
    const WHAT: &'static str = "IPv6 address";

    fn number(self) -> u128 {
        self.to_bits()
    }

    fn of_number(number: u128) -> Option<Self> {
        Some(Ipv6Addr::from_bits(number))
    }
}

/// A number in decimal digits of one kind, with its bounds.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($width:ty) = $what:literal, $field:literal, $lowest:literal..=$highest:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name($width);

        impl $name {
            /// The lowest there is.
            pub const MIN: $name = $name($lowest);
            /// The highest there is.
            pub const MAX: $name = $name($highest);

            /// The one with this number.
            ///
            /// # Errors
            #[doc = concat!("[`InvalidInput`](crate::ErrorKind::InvalidInput) (`", $field, "`) for a number that none has.")]
            pub fn new(number: u64) -> Result<Self> {
                Self::of_number(number.into()).ok_or_else(|| {
                    let (lowest, highest) = (Self::MIN, Self::MAX);
                    Error::invalid($field, format!("{number} is not from {lowest} to {highest}"))
                })
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> $width {
                self.0
            }
        }

        impl Assignable for $name {
            const WHAT: &'static str = $what;

            fn number(self) -> u128 {
                self.0.into()
            }

            fn of_number(number: u128) -> Option<Self> {
                let number = <$width>::try_from(number).ok()?;
                (Self::MIN.0..=Self::MAX.0).contains(&number).then_some($name(number))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text.parse::<u64>() {
                    Ok(number) if !text.starts_with('+') => Self::new(number),
                    _ => Err(Error::invalid($field, format!("{text:?} is not a number"))),
                }
            }
        }
    )*};
}

numbers! {
    /// A TCP or UDP port that something can listen on: 1 to 65535.
    Port(u16) = "port", "port", 1..=u16::MAX;
    /// The number of a Proxmox VE guest, its VMID: 100 to 999999999.
    Ctid(u32) = "CTID", "ctid", 100..=999_999_999;
    /// A user's or a group's number on Unix. 0 is root's, which is never handed out, and the highest that 32 bits can say is none:
    /// `chown` takes it for "as it is".
    UnixId(u32) = "uid or gid", "unix_id", 1..=4_294_967_294;
}

/// An Ethernet address (EUI-48).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// The prefix that Proxmox VE gives the interfaces of guests.
    pub const PVE_PREFIX: [u8; 3] = [0xBC, 0x24, 0x11];

    /// An address by its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 6]) -> Self {
        MacAddress(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Whether no manufacturer gave it out (IEEE 802, the second-lowest bit of the first byte).
    #[must_use]
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Whether it is a group's, which no interface has for its own.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl MacAddress {
    /// Every address with the prefix of Proxmox VE's guests.
    pub(in crate::ipam) fn with_pve_prefix() -> ValueRange {
        range_of([0xBC, 0x24, 0x11, 0, 0, 0], [0xBC, 0x24, 0x11, 0xFF, 0xFF, 0xFF])
    }

    /// The locally administered ones that begin with `02`.
    pub(in crate::ipam) fn locally_administered() -> ValueRange {
        range_of([2, 0, 0, 0, 0, 0], [2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
    }

    /// Whether a guest may have each of these: all are locally administered and no group's, or have Proxmox VE's prefix.
    pub(in crate::ipam) fn are_for_guests(range: &ValueRange) -> bool {
        let pve = MacAddress::with_pve_prefix();
        let is_pve = pve.contains(range.first()) && pve.contains(range.last());
        let (first, last) = (range.first().number() >> 40, range.last().number() >> 40);
        is_pve || (first == last && first & 3 == 2)
    }
}

fn range_of(first: [u8; 6], last: [u8; 6]) -> ValueRange {
    ValueRange::of_numbers(PoolKind::Mac, (MacAddress(first).number(), MacAddress(last).number()))
}

impl Port {
    /// The ports that are forwarded to services where nothing else is said: below those that Linux takes for outgoing connections.
    pub(in crate::ipam) const FORWARDED: (u16, u16) = (20_000, 32_767);
}

impl Assignable for MacAddress {
    const WHAT: &'static str = "MAC address";

    fn number(self) -> u128 {
        self.0.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    fn of_number(number: u128) -> Option<Self> {
        let bytes = u64::try_from(number).ok().filter(|number| number >> 48 == 0)?.to_be_bytes();
        let [_, _, bytes @ ..] = bytes;
        Some(MacAddress(bytes))
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MacAddress {
    type Err = Error;

    /// Six bytes of two hexadecimal digits each, with `:` or `-` between them.
    fn from_str(text: &str) -> Result<Self> {
        let bad =
            || Error::invalid("mac", format!("{text:?} is not a MAC address such as BC:24:11:00:00:01"));
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut parts = text.split(separator);
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(bad)?;
            let is_pair = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(part, 16).ok().filter(|_| is_pair).ok_or_else(bad)?;
        }
        if parts.next().is_some() { Err(bad()) } else { Ok(MacAddress(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_bounds_and_comes_back_as_it_was() {
        for (text, is_one) in
            [("0", false), ("1", true), ("65535", true), ("65536", false), ("+1", false), ("", false)]
        {
            assert_eq!(text.parse::<Port>().is_ok(), is_one, "{text}");
        }
        assert_eq!(Port::new(70_000).unwrap_err().field(), Some("port"));
        assert!(Ctid::new(99).unwrap_err().to_string().contains("from 100 to 999999999"));
        assert_eq!(UnixId::new(u32::MAX.into()).unwrap_err().field(), Some("unix_id"));
        for port in [Port::MIN, Port::MAX] {
            assert_eq!(Port::of_number(port.number()), Some(port));
        }
        assert_eq!(Ipv4Addr::of_number(1 << 32), None);
        assert_eq!(MacAddress::of_number(1 << 48), None);
        assert_eq!(Ipv6Addr::of_number(u128::MAX).map(Assignable::number), Some(u128::MAX));
    }

    #[test]
    fn a_mac_address_is_read_and_written_as_interfaces_have_it() {
        let mac: MacAddress = "bc:24:11:0a:00:ff".parse().unwrap();
        assert_eq!(mac.to_string(), "BC:24:11:0A:00:FF");
        assert_eq!("BC-24-11-0A-00-FF".parse::<MacAddress>().unwrap(), mac);
        assert_eq!(MacAddress::of_number(mac.number()), Some(mac));
        assert!(!mac.is_locally_administered() && !mac.is_multicast());
        for wrong in [
            "",
            "bc:24:11:0a:00",
            "bc:24:11:0a:00:ff:01",
            "bc:24:11:0a:00:f",
            "bc:24:11:0a:00:+f",
            "bc24110a00ff",
            "bc:24-11:0a:00:ff",
        ] {
            assert_eq!(wrong.parse::<MacAddress>().unwrap_err().field(), Some("mac"), "{wrong}");
        }
    }
}
