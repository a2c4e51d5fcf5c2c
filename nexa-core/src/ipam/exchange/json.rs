//! JSON as NetBox's API gives it. Its lists may stand alone, in a page (`results`), or together under their own names.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::{Lines, PoolEntry, Read, What, holder, pool_name, quarantine, tidy};
use crate::error::{Error, Result};
use crate::ipam::value::{PoolKind, Value, ValueRange};
use crate::net::{Cidr, InterfaceAddress, is_mapped};

/// A prefix, a range or an address, of which what does not matter here is left out.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    prefix: Option<String>,
    start_address: Option<String>,
    end_address: Option<String>,
    address: Option<String>,
    status: Option<Choice>,
    description: Option<String>,
    dns_name: Option<String>,
    vrf: serde_json::Value,
    custom_fields: Option<Custom>,
}

/// What we say of a pool or a block beside what NetBox knows of it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Custom {
    /// The name of the pool that a prefix or a range is of: one may have several.
    nexa_pool: Option<String>,
    nexa_strategy: Option<String>,
    /// In seconds.
    nexa_quarantine: Option<String>,
    nexa_parallel: Option<bool>,
    /// Whether a range is in somebody's hands, whom its description names.
    nexa_held: Option<bool>,
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

/// Whether all of a text is of one network: NetBox has as many of the same addresses as it has VRFs, and a scope has one.
#[derive(Default)]
pub(super) struct OneNetwork(Option<String>);

impl OneNetwork {
    pub(super) const REFUSED: &str =
        "is another than the first entry's: each is imported into a scope of its own";

    pub(super) fn is_same(&mut self, vrf: &str) -> bool {
        self.0.get_or_insert_with(|| vrf.to_owned()) == vrf
    }
}

/// The members of an object in their order, none twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!("the key {name:?} is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

pub(super) fn read(text: &str) -> Read {
    let text = text.trim_start_matches('\u{feff}');
    let mut reading = Reading { text, lines: Lines::of(text), read: Read::new(), pools: BTreeMap::new() };
    let mut network = OneNetwork::default();
    for item in reading.items() {
        match serde_json::from_str::<Item>(item.get()) {
            Ok(read) if !network.is_same(&vrf(&read.vrf)) => {
                let line = reading.line_of(item, 1);
                reading.read.report.refuse(line, "vrf", OneNetwork::REFUSED);
            }
            Ok(read) => reading.take(reading.line_of(item, 1), &read),
            Err(bad) => reading.refuse(item, "item", &bad),
        }
    }
    reading.read
}

/// What a VRF is called: nothing for the global one.
fn vrf(vrf: &serde_json::Value) -> String {
    match vrf.get("name").unwrap_or(vrf) {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(name) => name.clone(),
        other => other.to_string(),
    }
}

struct Reading<'a> {
    text: &'a str,
    lines: Lines<'a>,
    read: Read,
    /// Where the pools are among the entries whose names are given, as one may have several ranges.
    pools: BTreeMap<String, usize>,
}

impl<'a> Reading<'a> {
    /// Every item of every list, in order.
    fn items(&mut self) -> Vec<&'a RawValue> {
        let lists = match self.text.trim_start().starts_with('[') {
            true => serde_json::from_str::<&RawValue>(self.text).map(|list| vec![("text", list)]),
            false => serde_json::from_str(self.text).map(|members| self.lists(members)),
        };
        let lists = lists.unwrap_or_else(|bad| {
            self.read.report.refuse(bad.line() as u64, "text", said(&bad));
            Vec::new()
        });
        let mut items = Vec::new();
        for (name, list) in lists {
            match serde_json::from_str::<Vec<&RawValue>>(list.get()) {
                Ok(list) => items.extend(list),
                Err(bad) => self.refuse(list, name, &bad),
            }
        }
        items
    }

    fn lists(&mut self, Members(members): Members<'a>) -> Vec<(&'static str, &'a RawValue)> {
        let find = |name| members.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        if let Some(next) = find("next").filter(|next| next.get() != "null") {
            let line = self.line_of(next, 1);
            self.read.report.refuse(line, "next", "names another page: a part of a list is not imported");
        }
        let names = ["prefixes", "ip_ranges", "ip_addresses", "results"];
        let lists: Vec<_> = names.into_iter().filter_map(|name| Some((name, find(name)?))).collect();
        if lists.is_empty() {
            self.read.report.refuse(1, "text", format!("has none of {}", names.join(", ")));
        }
        lists
    }

    /// The line of the text that a line of a part of it is.
    fn line_of(&self, part: &RawValue, line: usize) -> u64 {
        let offset = (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.lines.at(offset) + (line as u64).saturating_sub(1)
    }

    fn refuse(&mut self, part: &RawValue, field: &'static str, bad: &serde_json::Error) {
        self.read.report.refuse(self.line_of(part, bad.line()), field, said(bad));
    }

    fn take(&mut self, line: u64, item: &Item) {
        let status = item.status.as_ref().map_or("active", Choice::word);
        let description = item.description.as_deref().unwrap_or("");
        if let Some(prefix) = &item.prefix {
            // A container is there to be divided, and nothing is handed out of it.
            match status {
                "container" => self.read.skip(),
                _ => self.take_pool(line, "prefix", (item, of_prefix(prefix, description))),
            }
        } else if let (Some(first), Some(last)) = (&item.start_address, &item.end_address) {
            let is_held = item.custom_fields.as_ref().is_some_and(|custom| custom.nexa_held == Some(true));
            let what = match is_held {
                true => range(first, last).map(|range| What::Held { range, holder: holder(description) }),
                false => of_range(first, last, status, description),
            };
            self.take_pool(line, "start_address", (item, what));
        } else if let Some(address) = &item.address {
            let name = item.dns_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(description);
            self.read.take(line, "address", of_address(address, status, name));
        } else {
            self.read.report.refuse(line, "item", "is neither a prefix, nor a range, nor an address");
        }
    }

    /// Takes a pool, or what is another range of one that was taken.
    fn take_pool(&mut self, line: u64, field: &'static str, (item, what): (&Item, Result<What>)) {
        let custom = item.custom_fields.as_ref();
        let (Ok(What::Pool(pool)), Some(custom)) = (&what, custom) else {
            return self.read.take(line, field, what);
        };
        let Some(name) = &custom.nexa_pool else { return self.read.take(line, field, what) };
        let known = self.pools.get(name).and_then(|at| self.read.entries.get_mut(*at));
        if let Some(What::Pool(known)) = known.map(|entry| &mut entry.what) {
            known.ranges.extend(pool.ranges.iter().copied());
            return;
        }
        self.pools.insert(name.clone(), self.read.entries.len());
        let pool = custom.pool(name, pool.ranges.clone());
        self.read.take(line, "custom_fields", pool.map(What::Pool));
    }
}

impl Custom {
    fn pool(&self, name: &str, ranges: Vec<ValueRange>) -> Result<PoolEntry> {
        Ok(PoolEntry {
            name: name.to_owned(),
            ranges,
            strategy: self.nexa_strategy.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            quarantine: quarantine(self.nexa_quarantine.as_deref().unwrap_or(""))?,
            is_parallel: self.nexa_parallel.unwrap_or(false),
        })
    }
}

/// What is the matter, without where: that is counted from the part's beginning.
fn said(bad: &serde_json::Error) -> String {
    let text = bad.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

pub(super) fn of_prefix(prefix: &str, description: &str) -> Result<What> {
    let range = ValueRange::from(prefix.trim().parse::<Cidr>()?);
    Ok(What::Pool(PoolEntry::plain(pool_name(&range, description), vec![range])))
}

fn range(first: &str, last: &str) -> Result<ValueRange> {
    ValueRange::new(host(first)?, host(last)?)
}

/// A range that is reserved is a reservation, any other a pool.
pub(super) fn of_range(first: &str, last: &str, status: &str, description: &str) -> Result<What> {
    let range = range(first, last)?;
    match status {
        "reserved" | "deprecated" => Ok(What::Reservation { range, reason: reason(status, description) }),
        _ => Ok(What::Pool(PoolEntry::plain(pool_name(&range, description), vec![range]))),
    }
}

/// An address that is reserved or deprecated is kept out of its pool; any other, also one of DHCP or SLAAC, is held.
pub(super) fn of_address(address: &str, status: &str, name: &str) -> Result<What> {
    let value = host(address)?;
    match status {
        "reserved" | "deprecated" => {
            Ok(What::Reservation { range: value.into(), reason: reason(status, name) })
        }
        _ => Ok(What::Held { range: value.into(), holder: holder(&tidy(name)) }),
    }
}

fn reason(status: &str, description: &str) -> String {
    let description = tidy(description);
    if description.is_empty() { status.to_owned() } else { description }
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
    let none = String::new();
    let mut push = |list: &str, item: serde_json::Value| {
        if let Some(items) = lists.get_mut(list) {
            items.push(item);
        }
    };
    for entry in entries {
        let (range, description) = match entry {
            What::Pool(pool) => (pool.ranges.first(), &pool.name),
            What::Reservation { range, reason } => (Some(range), reason),
            What::Held { range, holder } => (Some(range), holder.as_ref().unwrap_or(&none)),
        };
        let Some(range) = range.filter(|range| range.kind().family().is_some()) else { continue };
        let status = choice(if matches!(entry, What::Reservation { .. }) { "reserved" } else { "active" });
        let ends = |range: &ValueRange, custom: serde_json::Value| {
            serde_json::json!({
                "start_address": with_length(range.first()), "end_address": with_length(range.last()),
                "status": status, "description": description, "custom_fields": custom,
            })
        };
        match entry {
            What::Pool(pool) => {
                let custom = serde_json::json!({
                    "nexa_pool": pool.name, "nexa_strategy": pool.strategy.as_str(),
                    "nexa_quarantine": pool.quarantine_text(), "nexa_parallel": pool.is_parallel,
                });
                for range in &pool.ranges {
                    match range.cidr() {
                        Some(cidr) => push(
                            "prefixes",
                            serde_json::json!({
                                "prefix": cidr.to_string(), "status": status, "description": description,
                                "custom_fields": custom,
                            }),
                        ),
                        None => push("ip_ranges", ends(range, custom.clone())),
                    }
                }
            }
            _ if range.first() == range.last() => push(
                "ip_addresses",
                serde_json::json!({
                    "address": with_length(range.first()), "status": status, "dns_name": "",
                    "description": description,
                }),
            ),
            What::Reservation { .. } => push("ip_ranges", ends(range, serde_json::json!({}))),
            What::Held { .. } => push("ip_ranges", ends(range, serde_json::json!({ "nexa_held": true }))),
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

    fn pool(name: &str, range: &str) -> String {
        let range = ValueRange::parse(PoolKind::Ipv4, range).unwrap();
        format!("{:?}", What::Pool(PoolEntry::plain(name.to_owned(), vec![range])))
    }

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
                (2, pool("10.0.0.0/24 lab", "10.0.0.0/24")),
                (4, r#"Held { range: 10.0.0.5, holder: Some("printer.example.org") }"#.to_owned()),
                (5, r#"Reservation { range: 10.0.0.9, reason: "router" }"#.to_owned()),
                (7, pool("10.1.0.1-10.1.0.9", "10.1.0.1-10.1.0.9")),
            ]
        );
        let refused: Vec<_> =
            read.report.conflicts.iter().map(|one| (one.line, one.field.as_str())).collect();
        assert_eq!(refused, [(6, "prefix"), (8, "item")]);
        assert_eq!(read.report.skipped, 1);
    }

    fn refused(text: &str) -> Vec<(u64, String, String)> {
        let conflicts = read(text).report.conflicts;
        conflicts.into_iter().map(|one| (one.line, one.field, one.message)).collect()
    }

    #[test]
    fn what_would_be_passed_over_is_told_with_the_line_of_the_text() {
        let of = |text: &str| {
            let refused = refused(text);
            assert_eq!(refused.len(), 1, "{text}: {refused:?}");
            (refused[0].0, refused[0].1.clone())
        };
        assert_eq!(of("{\"count\": 0}"), (1, "text".to_owned()));
        assert_eq!(of("{\n\"next\": \"https://netbox/?page=2\",\n\"results\": []}"), (2, "next".to_owned()));
        assert_eq!(of("{\"results\": [],\n \"results\": []}").1, "text");
        assert_eq!(of("{\"x\": 1,\n\"prefixes\":\n {}}"), (3, "prefixes".to_owned()));
        assert_eq!(
            of("[{\"address\": \"10.0.0.1\"},\n{\n\"address\": \"10.0.0.2\",\n\"address\": 7}]"),
            (4, "item".to_owned())
        );
        let vrfs = "[{\"address\": \"10.0.0.1\", \"vrf\": {\"id\": 1, \"name\": \"red\"}},\n\
                    {\"address\": \"10.0.0.2\", \"vrf\": \"red\"},\n{\"address\": \"10.0.0.3\", \"vrf\": null}]";
        assert_eq!(of(vrfs), (3, "vrf".to_owned()));
        assert!(refused("[{\n\"prefix\": 7}]")[0].2.ends_with("expected a string"), "no line of its own");
    }

    #[test]
    fn a_mark_of_the_byte_order_and_long_words_are_no_reason_to_refuse() {
        let long = "wörd\\n ".repeat(100);
        let read = read(&format!("\u{feff}[{{\"address\": \"10.0.0.1/24\", \"description\": \"{long}\"}}]"));
        let [entry] = &read.entries[..] else { panic!("{:?}", read.report) };
        let What::Held { holder: Some(holder), .. } = &entry.what else { panic!("{entry:?}") };
        assert!(
            holder.chars().count() <= 128 && holder.starts_with("wörd wörd") && holder.ends_with('…'),
            "{holder}"
        );
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let range = |text: &str| ValueRange::parse(PoolKind::Ipv4, text).unwrap();
        let entries = vec![
            What::Pool(PoolEntry {
                strategy: crate::ipam::Strategy::Next,
                quarantine: std::time::Duration::from_secs(90),
                is_parallel: true,
                ..PoolEntry::plain("two".to_owned(), vec![range("10.0.0.0/24"), range("10.0.1.0-10.0.1.9")])
            }),
            What::Reservation { range: range("10.0.0.9"), reason: "router".to_owned() },
            What::Reservation { range: range("10.0.0.10-10.0.0.12"), reason: "kept".to_owned() },
            What::Held { range: range("10.0.0.16-10.0.0.31"), holder: Some("web".to_owned()) },
            What::Held { range: range("10.0.0.40"), holder: None },
        ];
        let text = write(&entries);
        let mut read: Vec<_> = read(&text).entries.into_iter().map(|entry| entry.what).collect();
        for what in &entries {
            let at = read.iter().position(|other| other == what);
            read.remove(at.unwrap_or_else(|| panic!("{what:?} is not in {read:?}\n{text}")));
        }
        assert_eq!(read, []);
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
