use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where a peer listens: a host name or an address, and a UDP port. Written `host:port`, IPv6 as `[address]:port`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    host: Host,
    port: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Endpoint {
    /// From a host name or an address, an IPv6 one with or without brackets, and a port.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for port 0 and for a host that is neither an address nor a
    /// name of letters, digits, `-` and `_` in labels of up to 63 characters.
    pub fn new(host: &str, port: u16) -> Result<Self> {
        if port == 0 {
            return Err(Error::invalid("endpoint", "port 0 cannot be reached"));
        }
        Ok(Endpoint { host: Host::parse(host)?, port })
    }

    /// The host as text, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Address(address) => address.to_string(),
            Host::Name(name) => name.clone(),
        }
    }

    /// The address, when it is one and needs no look-up.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Address(address) => Some(*address),
            Host::Name(_) => None,
        }
    }

    /// The UDP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (host, port) = text.rsplit_once(':').ok_or_else(|| Error::invalid("endpoint", "has no :port"))?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(Error::invalid("endpoint", "an IPv6 address needs brackets before its port"));
        }
        if port.is_empty() || port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid("endpoint", "the port is not a number"));
        }
        let port = port.parse().map_err(|_| Error::invalid("endpoint", "the port is over 65535"))?;
        Endpoint::new(host, port)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}:{}", self.port),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self> {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match bracketed.unwrap_or(text).parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
                Err(Error::invalid("endpoint", "is an IPv4-mapped address; write it as IPv4"))
            }
            Ok(IpAddr::V4(_)) if bracketed.is_some() => {
                Err(Error::invalid("endpoint", "brackets are for IPv6"))
            }
            Ok(address) if address.is_unspecified() || address.is_multicast() => {
                Err(Error::invalid("endpoint", "is not the address of one host"))
            }
            Ok(address) => Ok(Host::Address(address)),
            Err(_) => Host::parse_name(text),
        }
    }

    fn parse_name(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > 253 || !text.split('.').all(is_label) {
            return Err(Error::invalid(
                "endpoint",
                "the host is neither an address nor a name of letters, digits, - and _; \
                 write others in their xn-- form, and no zone id",
            ));
        }
        // inet_aton would read `1.2`, `010.0.0.1` and `0x7f000001` as addresses that look like others.
        if text.rsplit('.').next().is_some_and(looks_numeric) {
            return Err(Error::invalid("endpoint", "the host ends in a number but is no IPv4 address"));
        }
        Ok(Host::Name(text.to_ascii_lowercase()))
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn looks_numeric(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_survives_its_text() {
        for text in [
            "vpn.example.org:51820",
            "192.0.2.1:1",
            "[2001:db8::1]:65535",
            "gw_1:51820",
            "xn--bcher-kva.de:1",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("VPN.Example.org:1".parse::<Endpoint>().unwrap().host(), "vpn.example.org");
        assert_eq!(Endpoint::new("2001:db8::1", 51820).unwrap().to_string(), "[2001:db8::1]:51820");
        assert_eq!("[2001:db8::1]:5".parse::<Endpoint>().unwrap().host(), "2001:db8::1");
    }

    #[test]
    fn a_host_that_could_mean_something_else_is_refused() {
        let hosts = [
            "",
            " ",
            "a b",
            "a\nPostUp = reboot",
            "a\r",
            "a\0b",
            "a#b",
            "a,b",
            "bücher.de",
            "-a",
            "a-",
            "a..b",
            "a.",
            ".a",
            "256.1.1.1",
            "1.2.3",
            "010.0.0.1",
            "0x7f000001",
            "7",
            "[1.2.3.4]",
            "[a]",
            "[::1",
            "::1]",
            "fe80::1%eth0",
            "::ffff:10.0.0.1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "a:b",
        ];
        for host in hosts.into_iter().map(str::to_owned).chain(["a".repeat(64), "a.".repeat(127) + "b"]) {
            let error = Endpoint::new(&host, 51820).unwrap_err();
            assert_eq!(error.field(), Some("endpoint"), "{host:?}");
            assert!(format!("{host}:51820").parse::<Endpoint>().is_err(), "{host:?}");
        }
    }

    #[test]
    fn a_port_is_one_to_65535_in_digits() {
        for text in ["a", "a:", "a:0", "a:65536", "a:+1", "a: 1", "a:1\n", "a:00000001", "2001:db8::1:51820"]
        {
            assert_eq!(text.parse::<Endpoint>().unwrap_err().field(), Some("endpoint"), "{text:?}");
        }
    }
}
