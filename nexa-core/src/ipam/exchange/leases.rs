//! The leases of dnsmasq: `expiry mac address hostname client-id`, and after a line `duid …` those of IPv6 with an IAID for the MAC.

use std::net::IpAddr;

use super::document::{Read, What};
use crate::error::{Error, Result};
use crate::ipam::value::Value;
use crate::net::is_mapped;

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::new();
    for (line, text) in (1..).zip(text.lines()) {
        let fields: Vec<_> = text.split_ascii_whitespace().collect();
        match fields[..] {
            [] | ["duid", _] => {}
            [expiry, mac, address, host, _client] => {
                read.take(line, "address", lease(expiry, mac, address, host));
            }
            _ => read.report.refuse(line, "lease", "has not the five fields of one"),
        }
    }
    read
}

fn lease(expiry: &str, mac: &str, address: &str, host: &str) -> Result<What> {
    if expiry.parse::<u64>().is_err() || expiry.starts_with('+') {
        return Err(Error::invalid("expiry", format!("{expiry:?} is no time in seconds")));
    }
    let address: IpAddr = address
        .parse()
        .ok()
        .filter(|address| !is_mapped(*address))
        .ok_or_else(|| Error::invalid("address", format!("{address:?} is no address")))?;
    // Without a name it is known by what its lease is bound to.
    let holder = if host == "*" { mac } else { host };
    Ok(What::Held { value: Value::from(address), holder: Some(holder.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_of_both_families_are_read_with_their_lines() {
        let read = read(
            "1764200000 bc:24:11:00:00:05 10.0.0.5 printer 01:bc:24:11:00:00:05\n\
             0 bc:24:11:00:00:06 10.0.0.6 * *\n\
             duid 00:01:00:01:2c\n\
             1764200000 1234 fd00::5 laptop 00:01:00:01\n\
             x bc:24:11:00:00:07 10.0.0.7 a *\n\
             1 bc:24:11:00:00:07 10.0.0.777 a *\n\
             1 bc:24:11:00:00:07\n",
        );
        let shown = |(value, holder): (&Value, &Option<String>)| {
            format!("{value} {}", holder.as_deref().unwrap_or("-"))
        };
        let entries: Vec<_> = read
            .entries
            .iter()
            .map(|entry| match &entry.what {
                What::Held { value, holder } => format!("{} {}", entry.line, shown((value, holder))),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(entries, ["1 10.0.0.5 printer", "2 10.0.0.6 bc:24:11:00:00:06", "4 fd00::5 laptop"]);
        let refused: Vec<_> = read.report.conflicts.iter().map(|conflict| conflict.line).collect();
        assert_eq!(refused, [5, 6, 7]);
    }
}
