//! JSON as NetBox's API gives it. Its lists may stand alone, in a page (`results`), or together under their own names.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{Lines, Read, What, holder, pool_name};
use crate::error::{Error, Result};
use crate::ipam::value::{PoolKind, Value, ValueRange};
use crate::net::{Cidr, InterfaceAddress, is_mapped};

/// A prefix, a range or an address, of which what does not matter here is left out.
#[derive(Deserialize, Default)]
struct Item {
    prefix: Option<String>,
    start_address: Option<String>,
    end_address: Option<String>,
    address: Option<String>,
    status: Option<Choice>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    dns_name: Option<String>,
}

/// A choice, alone or with its label.
#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Word(String),
    Labelled { value: String },
}

impl Choice {
    fn word(&self) -> &str {
        match self {
            Choice::Word(word) | Choice::Labelled { value: word } => word,
        }
    }
}

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::new();
    let lines = Lines::of(text);
    match lists(text) {
        Ok(items) => {
            for item in items {
                let offset = (item.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
                let line = lines.at(offset);
                match serde_json::from_str::<Item>(item.get()) {
                    Ok(item) => take(&mut read, line, &item),
                    Err(bad) => read.report.refuse(line, "item", bad.to_string()),
                }
            }
        }
        Err(bad) => read.report.refuse(bad.line() as u64, "text", bad.to_string()),
    }
    read
}

/// Every item of every list, in order.
fn lists(text: &str) -> serde_json::Result<Vec<&RawValue>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text);
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    let mut items = Vec::new();
    for name in ["prefixes", "ip_ranges", "ip_addresses", "results"] {
        if let Some(list) = members.get(name) {
            items.extend(serde_json::from_str::<Vec<&RawValue>>(list.get())?);
        }
    }
    Ok(items)
}

fn take(read: &mut Read, line: u64, item: &Item) {
    let status = item.status.as_ref().map_or("active", Choice::word);
    let description = item.description.as_deref().unwrap_or("");
    if let Some(prefix) = &item.prefix {
        // A container is there to be divided, and nothing is handed out of it.
        if status != "container" {
            read.take(line, "prefix", of_prefix(prefix, description));
        }
    } else if let (Some(first), Some(last)) = (&item.start_address, &item.end_address) {
        read.take(line, "start_address", of_range(first, last, status, description));
    } else if let Some(address) = &item.address {
        let name = item.dns_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(description);
        read.take(line, "address", of_address(address, status, name));
    } else {
        read.report.refuse(line, "item", "is neither a prefix, nor a range, nor an address");
    }
}

pub(super) fn of_prefix(prefix: &str, description: &str) -> Result<What> {
    let range = ValueRange::from(prefix.trim().parse::<Cidr>()?);
    Ok(What::Pool { name: pool_name(&range, description), ranges: vec![range] })
}

/// A range that is reserved is a reservation, any other a pool.
pub(super) fn of_range(first: &str, last: &str, status: &str, description: &str) -> Result<What> {
    let range = ValueRange::new(host(first)?, host(last)?)?;
    match status {
        "reserved" | "deprecated" => Ok(What::Reservation { range, reason: reason(status, description) }),
        _ => Ok(What::Pool { name: pool_name(&range, description), ranges: vec![range] }),
    }
}

/// An address that is reserved or deprecated is kept out of its pool; any other, also one of DHCP or SLAAC, is held.
pub(super) fn of_address(address: &str, status: &str, name: &str) -> Result<What> {
    let value = host(address)?;
    match status {
        "reserved" | "deprecated" => {
            Ok(What::Reservation { range: value.into(), reason: reason(status, name) })
        }
        _ => Ok(What::Held { value, holder: holder(name) }),
    }
}

fn reason(status: &str, description: &str) -> String {
    if description.trim().is_empty() { status.to_owned() } else { description.trim().to_owned() }
}

/// An address, with or without the length of its network.
fn host(text: &str) -> Result<Value> {
    let text = text.trim();
    let address = match text.contains('/') {
        true => text.parse::<InterfaceAddress>()?.address(),
        false => {
            let address: Option<IpAddr> = text.parse().ok();
            address
                .filter(|address| !is_mapped(*address))
                .ok_or_else(|| Error::invalid("address", format!("{text:?} is no address")))?
        }
    };
    Ok(Value::from(address))
}

/// Pools, reservations and what is held, in the lists of NetBox. Only addresses have a place there.
pub(super) fn write(entries: &[What]) -> String {
    let mut lists: BTreeMap<&str, Vec<serde_json::Value>> =
        [("prefixes", vec![]), ("ip_ranges", vec![]), ("ip_addresses", vec![])].into();
    let mut push = |list: &str, item: serde_json::Value| {
        if let Some(items) = lists.get_mut(list) {
            items.push(item);
        }
    };
    for entry in entries {
        match entry {
            What::Pool { name, ranges } => {
                for range in ranges.iter().filter(|range| range.kind().family().is_some()) {
                    let description = name.strip_prefix(&range.to_string()).unwrap_or(name).trim();
                    match range.cidr() {
                        Some(cidr) => push(
                            "prefixes",
                            serde_json::json!({
                                "prefix": cidr.to_string(), "status": choice("active"), "description": description,
                            }),
                        ),
                        None => push(
                            "ip_ranges",
                            serde_json::json!({
                                "start_address": with_length(range.first()), "end_address": with_length(range.last()),
                                "status": choice("active"), "description": description,
                            }),
                        ),
                    }
                }
            }
            What::Reservation { range, reason } if range.kind().family().is_some() => {
                if range.first() == range.last() {
                    push(
                        "ip_addresses",
                        serde_json::json!({
                            "address": with_length(range.first()), "status": choice("reserved"), "description": reason,
                        }),
                    );
                } else {
                    push(
                        "ip_ranges",
                        serde_json::json!({
                            "start_address": with_length(range.first()), "end_address": with_length(range.last()),
                            "status": choice("reserved"), "description": reason,
                        }),
                    );
                }
            }
            What::Held { value, holder } if value.address().is_some() => {
                push(
                    "ip_addresses",
                    serde_json::json!({
                        "address": with_length(*value), "status": choice("active"),
                        "dns_name": "", "description": holder.as_deref().unwrap_or(""),
                    }),
                );
            }
            What::Reservation { .. } | What::Held { .. } => {}
        }
    }
    serde_json::to_string_pretty(&lists).unwrap_or_default()
}

fn choice(word: &str) -> serde_json::Value {
    let label: String =
        word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    serde_json::json!({ "value": word, "label": label })
}

fn with_length(value: Value) -> String {
    format!("{value}/{}", if value.kind() == PoolKind::Ipv4 { 32 } else { 128 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_netbox_is_read_with_the_lines_of_its_items() {
        let text = r#"{"count": 5, "next": null, "results": [
  {"id": 1, "family": {"value": 4, "label": "IPv4"}, "prefix": "10.0.0.0/24", "status": {"value": "active", "label": "Active"}, "description": "lab"},
  {"prefix": "10.0.0.0/8", "status": {"value": "container", "label": "Container"}},
  {"address": "10.0.0.5/24", "status": "dhcp", "dns_name": "printer.example.org"},
  {"address": "10.0.0.9/24", "status": "reserved", "description": "router"},
  {"prefix": "10.0.0.1/24"},
  {"start_address": "10.1.0.1/16", "end_address": "10.1.0.9/16"},
  7
]}"#;
        let read = read(text);
        let shown: Vec<_> =
            read.entries.iter().map(|entry| (entry.line, format!("{:?}", entry.what))).collect();
        assert_eq!(
            shown,
            [
                (2, r#"Pool { name: "10.0.0.0/24 lab", ranges: [10.0.0.0/24] }"#.to_owned()),
                (4, r#"Held { value: 10.0.0.5, holder: Some("printer.example.org") }"#.to_owned()),
                (5, r#"Reservation { range: 10.0.0.9, reason: "router" }"#.to_owned()),
                (7, r#"Pool { name: "10.1.0.1-10.1.0.9", ranges: [10.1.0.1-10.1.0.9] }"#.to_owned()),
            ]
        );
        let refused: Vec<_> =
            read.report.conflicts.iter().map(|one| (one.line, one.field.as_str())).collect();
        assert_eq!(refused, [(6, "prefix"), (8, "item")]);
    }

    #[test]
    fn what_is_no_json_is_one_conflict() {
        for text in ["", "{", "nonsense", &"[".repeat(1 << 20), "{\"results\": 3}", "[1, 2"] {
            let read = read(text);
            assert!(read.entries.is_empty());
            assert_eq!(read.report.conflict_count, 1, "{:?}", read.report.conflicts);
        }
    }
}
