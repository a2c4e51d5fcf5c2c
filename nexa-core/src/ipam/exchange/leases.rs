//! The leases of dnsmasq: `expiry mac address hostname client-id`, and after a line `duid …` those of IPv6 with an IAID for the MAC.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::document::{Read, What, tidy};
use crate::error::{Error, Result};
use crate::ipam::value::Value;
use crate::net::is_mapped;
use crate::runtime::Timestamp;

pub(super) fn read(text: &str, now: Timestamp) -> Read {
    let mut read = Read::new();
    let mut leases = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let fields: Vec<_> = text.split_ascii_whitespace().collect();
        match fields[..] {
            [] | ["duid", _] => {}
            [expiry, mac, address, host, _client] => match Lease::parse(line, expiry, mac, address, host) {
                Ok(lease) if lease.is_over(now) => read.skip(),
                Ok(lease) => leases.push(lease),
                Err(refused) => read.report.refuse(line, "address", refused.to_string()),
            },
            _ => read.report.refuse(line, "lease", "has not the five fields of one"),
        }
    }
    let mut hosts: BTreeMap<_, u32> = BTreeMap::new();
    for lease in &leases {
        *hosts.entry((lease.value.kind(), lease.host)).or_default() += 1;
    }
    for lease in &leases {
        let is_one = hosts.get(&(lease.value.kind(), lease.host)) == Some(&1);
        // Without a name, and with one that several have, it is known by what its lease is bound to.
        let holder = match lease.host {
            "*" => lease.mac.to_owned(),
            host if is_one => host.to_owned(),
            host => format!("{host} {}", lease.mac),
        };
        let what = What::Held { range: lease.value.into(), holder: Some(tidy(&holder)) };
        read.take(lease.line, "address", Ok(what));
    }
    read
}

struct Lease<'a> {
    line: u64,
    /// In seconds since 1970; 0 for never.
    expiry: u64,
    mac: &'a str,
    value: Value,
    host: &'a str,
}

impl<'a> Lease<'a> {
    fn parse(line: u64, expiry: &str, mac: &'a str, address: &str, host: &'a str) -> Result<Self> {
        let expiry = expiry.parse().ok().filter(|_| !expiry.starts_with('+'));
        let expiry = expiry.ok_or_else(|| Error::invalid("expiry", "is no time in seconds"))?;
        let address: IpAddr = address
            .parse()
            .ok()
            .filter(|address| !is_mapped(*address))
            .ok_or_else(|| Error::invalid("address", format!("{address:?} is no address")))?;
        Ok(Lease { line, expiry, mac, value: Value::from(address), host })
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let expiry = i64::try_from(self.expiry).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        self.expiry != 0 && expiry <= now.as_micros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn shown(text: &str) -> (Vec<String>, Read) {
        let read = read(text, NOW);
        let shown = |what: &What| match what {
            What::Held { range, holder } => format!("{range} {}", holder.as_deref().unwrap_or("-")),
            other => format!("{other:?}"),
        };
        let entries = read.entries.iter().map(|entry| format!("{} {}", entry.line, shown(&entry.what)));
        (entries.collect(), read)
    }

    #[test]
    fn leases_of_both_families_are_read_with_their_lines() {
        let (entries, read) = shown(
            "1764200000 bc:24:11:00:00:05 10.0.0.5 printer 01:bc:24:11:00:00:05\n\
             0 bc:24:11:00:00:06 10.0.0.6 * *\n\
             duid 00:01:00:01:2c\n\
             1764200000 1234 fd00::5 printer 00:01:00:01\n\
             x bc:24:11:00:00:07 10.0.0.7 a *\n\
             1764200000 bc:24:11:00:00:07 10.0.0.777 a *\n\
             1 bc:24:11:00:00:07\n",
        );
        assert_eq!(entries, ["1 10.0.0.5 printer", "2 10.0.0.6 bc:24:11:00:00:06", "4 fd00::5 printer"]);
        let refused: Vec<_> = read.report.conflicts.iter().map(|conflict| conflict.line).collect();
        assert_eq!(refused, [5, 6, 7]);
    }

    #[test]
    fn a_lease_that_is_over_is_skipped_and_a_name_that_two_have_is_neithers() {
        let (entries, read) = shown(
            "1700000000 bc:24:11:00:00:05 10.0.0.5 gone *\n\
             1700000001 bc:24:11:00:00:06 10.0.0.6 laptop *\n\
             1700000001 bc:24:11:00:00:07 10.0.0.7 laptop *\n",
        );
        assert_eq!(entries, ["2 10.0.0.6 laptop bc:24:11:00:00:06", "3 10.0.0.7 laptop bc:24:11:00:00:07"]);
        assert_eq!(read.report.skipped, 1);
    }
}
