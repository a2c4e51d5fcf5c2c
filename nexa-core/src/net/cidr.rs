use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::{AddressRange, Family};
use crate::error::{Error, Result};

/// A prefix such as `10.20.0.0/16` or `fd00:20::/64`, without host bits.
///
/// An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is refused: it would be a second spelling of an IPv4 one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr(IpNet);

impl Cidr {
    /// `0.0.0.0/0`.
    pub const ALL_V4: Cidr = Cidr(IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0)));
    /// `::/0`.
    pub const ALL_V6: Cidr = Cidr(IpNet::V6(ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0)));

    /// Every address of a family.
    #[must_use]
    pub const fn all(family: Family) -> Self {
        match family {
            Family::V4 => Cidr::ALL_V4,
            Family::V6 => Cidr::ALL_V6,
        }
    }

    /// The prefix of `prefix_len` bits that starts at `address`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a length past 32 or 128, host bits, or a mapped address.
    pub fn new(address: IpAddr, prefix_len: u8) -> Result<Self> {
        let net = checked_net(address, prefix_len)?;
        if net.trunc() != net {
            return Err(Error::invalid(
                "cidr",
                format!("{net} has host bits; did you mean {}?", net.trunc()),
            ));
        }
        Ok(Cidr(net))
    }

    /// The prefix that is one address: /32 or /128. An IPv4-mapped address is taken for the IPv4 one that it spells.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Cidr(IpNet::from(address.to_canonical()))
    }

    /// The prefix of `prefix_len` bits that `address` lies in, cutting its host bits off.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a length past 32 or 128, or a mapped address.
    pub fn containing(address: IpAddr, prefix_len: u8) -> Result<Self> {
        let net = checked_net(address, prefix_len)?;
        Ok(Cidr(net.trunc()))
    }

    /// The prefix of `2^host_bits` addresses from `first` on, which the caller has aligned.
    pub(super) fn aligned(family: Family, first: u128, host_bits: u8) -> Self {
        Cidr(IpNet::new_assert(family.address(first), family.bits() - host_bits))
    }

    /// The lowest address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// The highest address; for IPv4 the broadcast address of a subnet.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.0.broadcast()
    }

    /// How many leading bits are fixed.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// IPv4 or IPv6.
    #[must_use]
    pub fn family(&self) -> Family {
        Family::of(self.first())
    }

    /// Whether `address` lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether any address lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Cidr) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// The same addresses as a range.
    #[must_use]
    pub fn range(&self) -> AddressRange {
        AddressRange::of(*self)
    }
}

/// The address with its length, host bits and all.
fn checked_net(address: IpAddr, prefix_len: u8) -> Result<IpNet> {
    let net = IpNet::new(address, prefix_len)
        .map_err(|_| Error::invalid("cidr", format!("/{prefix_len} is longer than an address")))?;
    if is_mapped(address) {
        return Err(Error::invalid("cidr", format!("{net} is an IPv4-mapped address; write it as IPv4")));
    }
    Ok(net)
}

/// Whether it is an IPv4 address in IPv6's spelling (RFC 4291 §2.5.5.2).
pub(crate) fn is_mapped(address: IpAddr) -> bool {
    address.to_canonical() != address
}

impl FromStr for Cidr {
    type Err = Error;

    /// Parses `address/length`; the length is required, so that a forgotten one is not taken for a host.
    fn from_str(text: &str) -> Result<Self> {
        let (address, len) = text.split_once('/').ok_or_else(|| Error::invalid("cidr", "has no /length"))?;
        if address.contains('%') {
            return Err(Error::invalid("cidr", "has a zone id, which is meaningful on one machine only"));
        }
        let address = address.parse().map_err(|_| Error::invalid("cidr", "is not an IP address"))?;
        if len.is_empty() || len.len() > 3 || !len.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid("cidr", "the length after the slash is not a number"));
        }
        let len = len.parse().map_err(|_| Error::invalid("cidr", "the length is longer than an address"))?;
        Cidr::new(address, len)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_meant() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "fd00::/64", "::/0", "::1/128"] {
            assert_eq!(good.parse::<Cidr>().unwrap().to_string(), good);
        }
        let refused = [
            ("10.0.0.1/24", "did you mean 10.0.0.0/24?"),
            ("10.0.0.0", "no /length"),
            ("10.0.0.0/33", "longer"),
            ("10.0.0.0/+8", "not a number"),
            ("10.0.0.0/", "not a number"),
            ("fe80::%eth0/64", "zone id"),
            ("::ffff:10.0.0.0/120", "IPv4-mapped"),
            ("010.0.0.0/8", "not an IP address"),
            ("", "no /length"),
        ];
        for (text, reason) in refused {
            let error = text.parse::<Cidr>().unwrap_err();
            assert!(error.to_string().contains(reason), "{text:?}: {error}");
        }
    }

    #[test]
    fn an_ipv4_mapped_address_is_never_a_second_spelling() {
        let [mapped, plain] = ["::ffff:10.0.0.1", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(Cidr::host(mapped), Cidr::host(plain));
        for prefix_len in [0, 64, 96, 120, 128] {
            let error = Cidr::containing(mapped, prefix_len).unwrap_err();
            assert!(error.to_string().contains("IPv4-mapped"), "/{prefix_len}: {error}");
        }
        assert_eq!(Cidr::containing(plain, 24).unwrap().to_string(), "10.0.0.0/24");
    }
}
