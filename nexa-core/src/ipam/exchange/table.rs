//! Tables: our own, and those that NetBox exports.

use super::document::{Lines, Read, What, holder};
use super::json::{of_address, of_prefix, of_range};
use crate::error::{Error, Result};
use crate::ipam::value::{PoolKind, Value, ValueRange};
use crate::name::cell_text;

/// The columns of our own.
const COLUMNS: [&str; 4] = ["record", "type", "value", "name"];

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
    for row in reader.records() {
        match row {
            Ok(row) => {
                let line = at(row.position());
                let (field, what) = header.entry(kind, &row);
                if let Some(what) = what {
                    read.take(line, field, what);
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
            () if COLUMNS.iter().all(|column| has(column)) => Ok(Kind::Own),
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
            Kind::Own => {
                ("value", Some(own(cell("record"), cell("type"), cell("value"), &plain(cell("name")))))
            }
            Kind::Prefixes if status == "container" => ("prefix", None),
            Kind::Prefixes => ("prefix", Some(of_prefix(cell("prefix"), cell("description")))),
            Kind::Ranges => {
                let range =
                    of_range(cell("start_address"), cell("end_address"), &status, cell("description"));
                ("start_address", Some(range))
            }
            Kind::Addresses => {
                let name =
                    Some(cell("dns_name")).filter(|name| !name.is_empty()).unwrap_or(cell("description"));
                ("address", Some(of_address(cell("address"), &status, name)))
            }
        }
    }
}

fn own(record: &str, kind: &str, value: &str, name: &str) -> Result<What> {
    let kind: PoolKind = kind.parse()?;
    match record {
        "pool" => {
            let ranges = value.split_ascii_whitespace().map(|range| ValueRange::parse(kind, range));
            let ranges: Vec<_> = ranges.collect::<Result<_>>()?;
            if ranges.is_empty() {
                return Err(Error::invalid("value", "is empty"));
            }
            Ok(What::Pool { name: name.to_owned(), ranges })
        }
        "reservation" => {
            Ok(What::Reservation { range: ValueRange::parse(kind, value)?, reason: name.to_owned() })
        }
        "address" => Ok(What::Held { value: Value::parse(kind, value)?, holder: holder(name) }),
        _ => Err(Error::invalid("record", format!("{record:?} is neither pool, reservation nor address"))),
    }
}

/// Pools, reservations and what is held, as a table of our own. A name that a spreadsheet would take for a formula is written with an
/// apostrophe before it, which is taken off when it is read.
pub(super) fn write(entries: &[What]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(COLUMNS);
    for entry in entries {
        let (record, kind, value, name) = match entry {
            What::Pool { name, ranges } => {
                let Some(kind) = ranges.first().map(ValueRange::kind) else { continue };
                let ranges = ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                ("pool", kind, ranges, name.as_str())
            }
            What::Reservation { range, reason } => {
                ("reservation", range.kind(), range.to_string(), reason.as_str())
            }
            What::Held { value, holder } => {
                ("address", value.kind(), value.to_string(), holder.as_deref().unwrap_or(""))
            }
        };
        let _ = writer.write_record([record, kind.as_str(), &value, &cell_text(name)]);
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
        assert_eq!(entries, [(2, r#"Pool { name: "10.0.0.0/24 a\nb", ranges: [10.0.0.0/24] }"#.to_owned())]);
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
            What::Pool {
                name: "=1+1".to_owned(),
                ranges: vec![
                    range(PoolKind::Ipv4, "10.0.0.0/24"),
                    range(PoolKind::Ipv4, "10.1.0.0-10.1.0.9"),
                ],
            },
            What::Pool {
                name: "ports, of \"hq\"".to_owned(),
                ranges: vec![range(PoolKind::TcpPort, "20000-32767")],
            },
            What::Reservation { range: range(PoolKind::TcpPort, "20080"), reason: "'quoted".to_owned() },
            What::Held {
                value: Value::parse(PoolKind::Ipv4, "10.0.0.5").unwrap(),
                holder: Some("printer".to_owned()),
            },
            What::Held { value: Value::parse(PoolKind::Ipv4, "10.0.0.6").unwrap(), holder: None },
        ];
        let text = write(&entries);
        let read: Vec<_> = read(&text).entries.into_iter().map(|entry| entry.what).collect();
        assert_eq!(read, entries, "{text}");
        assert!(text.contains("'=1+1"), "{text}");
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
