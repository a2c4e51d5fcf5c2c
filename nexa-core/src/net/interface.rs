use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Cidr, Family, is_mapped};
use crate::error::{Error, Result};

/// An address of an interface with the length of its network, such as `10.0.0.2/24`: unlike a [`Cidr`] it may have host
/// bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceAddress {
    address: IpAddr,
    prefix_len: u8,
}

impl InterfaceAddress {
    /// From an address and the length of its network's prefix.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a length past 32 or 128, or an IPv4-mapped address.
    pub fn new(address: IpAddr, prefix_len: u8) -> Result<Self> {
        if prefix_len > Family::of(address).bits() {
            return Err(Error::invalid("address", format!("/{prefix_len} is longer than an address")));
        }
        if is_mapped(address) {
            return Err(Error::invalid("address", "is an IPv4-mapped address; write it as IPv4"));
        }
        Ok(InterfaceAddress { address, prefix_len })
    }

    /// An address in a network of its own: /32 or /128.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        InterfaceAddress { address, prefix_len: Family::of(address).bits() }
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits its network has.
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix_len
    }
}

impl From<InterfaceAddress> for Cidr {
    /// The network it lies in.
    fn from(InterfaceAddress { address, prefix_len }: InterfaceAddress) -> Self {
        Cidr::containing(address, prefix_len).unwrap_or_else(|_| Cidr::host(address))
    }
}

impl FromStr for InterfaceAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::invalid("address", "is no address with a prefix length");
        let (address, prefix_len) = text.split_once('/').ok_or_else(malformed)?;
        let address = address.parse().map_err(|_| malformed())?;
        InterfaceAddress::new(address, prefix_len.parse().map_err(|_| malformed())?)
    }
}

impl fmt::Display for InterfaceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

impl fmt::Debug for InterfaceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_host_bits_and_knows_its_network() {
        let address = InterfaceAddress::new("10.0.0.2".parse().unwrap(), 24).unwrap();
        assert_eq!(address.to_string(), "10.0.0.2/24");
        assert_eq!(Cidr::from(address).to_string(), "10.0.0.0/24");
        assert_eq!(InterfaceAddress::host("fd00::2".parse().unwrap()).to_string(), "fd00::2/128");
    }

    #[test]
    fn it_reads_what_it_prints_and_refuses_what_is_none() {
        for text in ["10.8.0.1/24", "10.8.0.1/32", "fd00::1/64"] {
            assert_eq!(text.parse::<InterfaceAddress>().unwrap().to_string(), text);
        }
        let refused =
            ["", "10.8.0.1", "10.8.0.1/33", "fd00::1/129", "10.8.0/24", "10.8.0.1/-1", "::ffff:10.0.0.2/96"];
        for text in refused {
            assert_eq!(text.parse::<InterfaceAddress>().unwrap_err().field(), Some("address"), "{text}");
        }
    }
}
