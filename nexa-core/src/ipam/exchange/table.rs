//! Tables: our own, and those that NetBox exports.

use super::document::{Lines, PoolEntry, Read, What, holder, quarantine};
use super::json::{OneNetwork, of_address, of_prefix, of_range};
use crate::error::{Error, Result};
use crate::ipam::value::{PoolKind, ValueRange};
use crate::name::cell_text;

/// The columns of our own, of which those of pools may be missing.
const COLUMNS: [&str; 7] = ["record", "type", "value", "name", "strategy", "quarantine", "parallel"];
const NEEDED: usize = 4;

/// Which of the tables it is, by its columns.
#[derive(Clone, Copy)]
enum Kind {
    Own,
    Prefixes,
    Ranges,
    Addresses,
}

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::new();
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or("");
    let separator = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => Header::of(header),
        Err(bad) => {
            read.report.refuse(1, "header", bad.to_string());
            return read;
        }
    };
    let (header, kind) = match header.and_then(|header| Ok((header.kind()?, header))) {
        Ok((kind, header)) => (header, kind),
        Err(refused) => {
            read.report.refuse(1, "header", refused.to_string());
            return read;
        }
    };
    // The reader's own count is one line behind where lines end in CR and LF.
    let lines = Lines::of(text);
    let at = |position: Option<&csv::Position>| {
        position.map_or(0, |position| lines.at(usize::try_from(position.byte()).unwrap_or(usize::MAX)))
    };
    let mut network = OneNetwork::default();
    for row in reader.records() {
        match row {
            Ok(row) => {
                let line = at(row.position());
                let vrf = header.cell(&row, "vrf");
                match header.entry(kind, &row) {
                    _ if !network.is_same(vrf) => read.report.refuse(line, "vrf", OneNetwork::REFUSED),
                    (field, Some(what)) => read.take(line, field, what),
                    (_, None) => read.skip(),
                }
            }
            Err(bad) => read.report.refuse(at(bad.position()), "row", bad.to_string()),
        }
    }
    read
}

/// Where which column is.
struct Header(Vec<String>);

impl Header {
    fn of(row: &csv::StringRecord) -> Result<Self> {
        let names: Vec<String> =
            row.iter().map(|name| name.trim().to_ascii_lowercase().replace(' ', "_")).collect();
        let is_twice = |(at, name): (usize, &String)| {
            !name.is_empty() && names.iter().take(at).any(|other| other == name)
        };
        match names.iter().enumerate().find(|named| is_twice(*named)) {
            Some((_, twice)) => Err(Error::invalid("header", format!("has the column {twice:?} twice"))),
            None => Ok(Header(names)),
        }
    }

    fn kind(&self) -> Result<Kind> {
        let has = |name: &str| self.0.iter().any(|column| column == name);
        match () {
            () if COLUMNS.iter().take(NEEDED).all(|column| has(column)) => Ok(Kind::Own),
            () if has("prefix") => Ok(Kind::Prefixes),
            () if has("start_address") && has("end_address") => Ok(Kind::Ranges),
            () if has("address") => Ok(Kind::Addresses),
            () => Err(Error::invalid(
                "header",
                "has neither record, type, value and name, nor prefix, nor start_address and end_address, nor address",
            )),
        }
    }

    fn cell<'a>(&self, row: &'a csv::StringRecord, name: &str) -> &'a str {
        let at = self.0.iter().position(|column| column == name);
        at.and_then(|at| row.get(at)).unwrap_or("").trim()
    }

    /// What a row says, and by which column; nothing for one that has no meaning here.
    fn entry(&self, kind: Kind, row: &csv::StringRecord) -> (&'static str, Option<Result<What>>) {
        let cell = |name| self.cell(row, name);
        let status = match cell("status").to_ascii_lowercase() {
            status if status.is_empty() => "active".to_owned(),
            status => status,
        };
        match kind {
            Kind::Own => ("value", Some(own(&cell))),
            Kind::Prefixes if status == "container" => ("prefix", None),
            Kind::Prefixes => ("prefix", Some(of_prefix(cell("prefix"), cell("description")))),
            Kind::Ranges => {
                let range =
                    of_range(cell("start_address"), cell("end_address"), &status, cell("description"));
                ("start_address", Some(range))
            }
            Kind::Addresses => {
                let name = [cell("dns_name"), cell("description")].into_iter().find(|name| !name.is_empty());
                ("address", Some(of_address(cell("address"), &status, name.unwrap_or(""))))
            }
        }
    }
}

fn own<'a>(cell: &impl Fn(&'static str) -> &'a str) -> Result<What> {
    let kind: PoolKind = cell("type").parse()?;
    let (value, name) = (cell("value"), plain(cell("name")));
    match cell("record") {
        "pool" => {
            let ranges = value.split_ascii_whitespace().map(|range| ValueRange::parse(kind, range));
            let ranges: Vec<_> = ranges.collect::<Result<_>>()?;
            if ranges.is_empty() {
                return Err(Error::invalid("value", "is empty"));
            }
            let strategy = Some(cell("strategy")).filter(|word| !word.is_empty());
            let is_parallel = match cell("parallel") {
                "" | "no" => false,
                "yes" => true,
                other => return Err(Error::invalid("parallel", format!("{other:?} is neither yes nor no"))),
            };
            Ok(What::Pool(PoolEntry {
                name,
                ranges,
                strategy: strategy.map(str::parse).transpose()?.unwrap_or_default(),
                quarantine: quarantine(cell("quarantine"))?,
                is_parallel,
            }))
        }
        "reservation" => Ok(What::Reservation { range: ValueRange::parse(kind, value)?, reason: name }),
        "address" => Ok(What::Held { range: ValueRange::parse(kind, value)?, holder: holder(&name) }),
        record => {
            Err(Error::invalid("record", format!("{record:?} is neither pool, reservation nor address")))
        }
    }
}

/// Pools, reservations and what is held, as a table of our own. A name that a spreadsheet would take for a formula is written with an
/// apostrophe before it, which is taken off when it is read.
pub(super) fn write(entries: &[What]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(COLUMNS);
    for entry in entries {
        let (mut strategy, mut quarantine, mut parallel) = ("", String::new(), "");
        let (record, kind, value, name) = match entry {
            What::Pool(pool) => {
                let Some(kind) = pool.ranges.first().map(ValueRange::kind) else { continue };
                let ranges = pool.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                (strategy, quarantine) = (pool.strategy.as_str(), pool.quarantine_text());
                parallel = if pool.is_parallel { "yes" } else { "no" };
                ("pool", kind, ranges, pool.name.as_str())
            }
            What::Reservation { range, reason } => {
                ("reservation", range.kind(), range.to_string(), reason.as_str())
            }
            What::Held { range, holder } => {
                ("address", range.kind(), range.to_string(), holder.as_deref().unwrap_or(""))
            }
        };
        let name = cell_text(name);
        let _ = writer.write_record([record, kind.as_str(), &value, &name, strategy, &quarantine, parallel]);
    }
    writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn plain(text: &str) -> String {
    text.strip_prefix('\'').unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines, and what was read or refused there.
    type Shown = Vec<(u64, String)>;

    fn shown(text: &str) -> (Shown, Shown) {
        let read = read(text);
        (
            read.entries.iter().map(|entry| (entry.line, format!("{:?}", entry.what))).collect(),
            read.report
                .conflicts
                .iter()
                .map(|one| (one.line, format!("{}: {}", one.field, one.message)))
                .collect(),
        )
    }

    #[test]
    fn a_table_of_netbox_is_read_whatever_it_is_of() {
        let (entries, refused) = shown(
            "\u{feff}id;prefix;status;description\r\n1;10.0.0.0/24;Active;\"a\nb\"\r\n2;10.0.0.1/24;Active;\r\n3;10.0.0.0/8;Container;\r\n",
        );
        assert_eq!(entries, [(
                2,
                r#"Pool(PoolEntry { name: "10.0.0.0/24 a b", ranges: [10.0.0.0/24], strategy: Lowest, quarantine: 0ns, is_parallel: false })"#
                    .to_owned()
            )]);
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].0, 4, "{refused:?}");
        let (entries, refused) =
            shown("address,dns_name,status\n10.0.0.5/24,printer,active\n10.0.0.6/24,,deprecated\n");
        assert_eq!((entries.len(), refused.len()), (2, 0));
        assert!(entries[1].1.contains("Reservation"), "{entries:?}");
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let range = |kind, text: &str| ValueRange::parse(kind, text).unwrap();
        let entries = vec![
            What::Pool(PoolEntry {
                strategy: crate::ipam::Strategy::Sticky,
                quarantine: std::time::Duration::from_millis(1_500),
                is_parallel: true,
                ..PoolEntry::plain(
                    "=1+1".to_owned(),
                    vec![range(PoolKind::Ipv4, "10.0.0.0/24"), range(PoolKind::Ipv4, "10.1.0.0-10.1.0.9")],
                )
            }),
            What::Pool(PoolEntry::plain(
                "ports, of \"hq\"".to_owned(),
                vec![range(PoolKind::TcpPort, "20000-32767")],
            )),
            What::Reservation { range: range(PoolKind::TcpPort, "20080"), reason: "'quoted".to_owned() },
            What::Held { range: range(PoolKind::Ipv4, "10.0.0.5"), holder: Some("printer".to_owned()) },
            What::Held { range: range(PoolKind::Ipv4, "10.0.0.6"), holder: None },
            What::Held {
                range: range(PoolKind::Ipv4, "10.0.0.16-10.0.0.31"),
                holder: Some("web".to_owned()),
            },
        ];
        let text = write(&entries);
        let read: Vec<_> = read(&text).entries.into_iter().map(|entry| entry.what).collect();
        assert_eq!(read, entries, "{text}");
        assert!(text.contains("'=1+1"), "{text}");
    }

    #[test]
    fn what_a_row_says_of_a_pool_is_read_or_refused() {
        let table =
            |row: &str| shown(&format!("record,type,value,name,strategy,quarantine,parallel\n{row}\n"));
        let (entries, _) = table("pool,ipv4,10.0.0.0/24,lab,next,0.25,yes");
        assert!(entries[0].1.contains("strategy: Next, quarantine: 250ms, is_parallel: true"), "{entries:?}");
        for row in [
            "pool,ipv4,10.0.0.0/24,lab,best,,",
            "pool,ipv4,10.0.0.0/24,lab,,1e3,",
            "pool,ipv4,10.0.0.0/24,lab,,,1",
        ] {
            let (entries, refused) = table(row);
            assert!(entries.is_empty() && refused.len() == 1, "{row}: {refused:?}");
        }
        let (entries, refused) = shown("address,vrf\n10.0.0.5/24,red\n10.0.0.6/24,blue\n10.0.0.7/24,red\n");
        assert_eq!((entries.len(), refused.len(), refused[0].0), (2, 1, 3), "{refused:?}");
    }

    #[test]
    fn what_is_no_table_is_refused_by_its_header() {
        for text in ["", "a,b\n1,2\n", "prefix,prefix\n", "\0\0\0", &"x".repeat(1 << 20)] {
            let (entries, refused) = shown(text);
            assert!(entries.is_empty());
            assert!(refused.len() == 1 && refused[0].1.starts_with("header"), "{refused:?}");
        }
    }
}
