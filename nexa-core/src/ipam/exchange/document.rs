use std::time::Duration;

use super::MAX_CONFLICTS;
use crate::error::{Error, Result};
use crate::idempotency::wire;
use crate::ipam::model::{Strategy, checked_quarantine};
use crate::ipam::value::ValueRange;

/// What a text of pools and addresses is written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ImportFormat {
    /// A table with a first row of names: `record,type,value,name` as Nexa writes it, or the columns of NetBox's exports of prefixes, IP
    /// ranges or IP addresses. Separated by commas or semicolons.
    Csv,
    /// JSON as NetBox's API gives it: a page of results, a list, or an object with `prefixes`, `ip_ranges` and `ip_addresses`. What
    /// NetBox has no place for is in custom fields whose names begin with `nexa_`.
    NetboxJson,
    /// The file in which dnsmasq keeps its leases. It is read only: each lease that is not over is an address, held by its host's name,
    /// or by its MAC address where that is not one host's.
    DnsmasqLeases,
}

impl ImportFormat {
    /// All there are.
    pub const ALL: [ImportFormat; 3] =
        [ImportFormat::Csv, ImportFormat::NetboxJson, ImportFormat::DnsmasqLeases];

    /// The word for it: `csv`, `netbox_json` or `dnsmasq_leases`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ImportFormat::Csv => "csv",
            ImportFormat::NetboxJson => "netbox_json",
            ImportFormat::DnsmasqLeases => "dnsmasq_leases",
        }
    }
}

impl std::str::FromStr for ImportFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = ImportFormat::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| Error::invalid("format", format!("{text:?} is none")))
    }
}

/// Something of a text that cannot be done, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ImportConflict {
    /// The line of the text, from 1.
    pub line: u64,
    /// The column or key.
    pub field: String,
    /// What is the matter.
    pub message: String,
}

/// What an import did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// How many pools it creates.
    pub pools: u64,
    /// How many ranges it reserves.
    pub reservations: u64,
    /// How many addresses it claims.
    pub addresses: u64,
    /// How many entries are there already.
    pub unchanged: u64,
    /// How many entries mean nothing here: NetBox's containers, out of which nothing is handed out, and leases that are over.
    pub skipped: u64,
    /// What is in the way, in order of the lines; with any of it nothing is done. At most 1,000 are listed.
    pub conflicts: Vec<ImportConflict>,
    /// How many those are.
    pub conflict_count: u64,
}

impl ImportReport {
    pub(super) fn refuse(&mut self, line: u64, field: impl Into<String>, message: impl Into<String>) {
        self.conflict_count += 1;
        if self.conflicts.len() < MAX_CONFLICTS {
            self.conflicts.push(ImportConflict { line, field: field.into(), message: message.into() });
        }
    }
}

wire! { ImportConflict { line, field, message } }
wire! { ImportReport { pools, reservations, addresses, unchanged, skipped, conflicts, conflict_count } }

/// One thing of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// The line that it begins on.
    pub(super) line: u64,
    /// The column or key that its value stands in.
    pub(super) field: &'static str,
    pub(super) what: What,
}

/// What is to be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum What {
    Pool(PoolEntry),
    Reservation {
        range: ValueRange,
        reason: String,
    },
    /// One value or a whole block.
    Held {
        range: ValueRange,
        holder: Option<String>,
    },
}

/// A pool as a text has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PoolEntry {
    pub(super) name: String,
    pub(super) ranges: Vec<ValueRange>,
    pub(super) strategy: Strategy,
    pub(super) quarantine: Duration,
    pub(super) is_parallel: bool,
}

impl PoolEntry {
    /// A pool of which nothing else is said.
    pub(super) fn plain(name: String, ranges: Vec<ValueRange>) -> Self {
        let (strategy, quarantine) = (Strategy::default(), Duration::ZERO);
        PoolEntry { name, ranges, strategy, quarantine, is_parallel: false }
    }

    /// Its quarantine in seconds, with as many digits after the point as it has.
    pub(super) fn quarantine_text(&self) -> String {
        let (seconds, micros) = (self.quarantine.as_secs(), self.quarantine.subsec_micros());
        let text = format!("{seconds}.{micros:06}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// A quarantine in seconds; none for no text.
pub(super) fn quarantine(text: &str) -> Result<Duration> {
    let refused = || Error::invalid("quarantine", format!("{text:?} is no number of seconds"));
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !is_plain || fraction.len() > 6 || fraction.contains('.') {
        return Err(refused());
    }
    let micros = format!("{fraction:0<6}").parse().map_err(|_| refused())?;
    let seconds = if text.is_empty() { 0 } else { seconds.parse().map_err(|_| refused())? };
    checked_quarantine(Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros)))
}

/// What somebody else's text says in free words, in one line and no longer than a name may be.
pub(super) fn tidy(text: &str) -> String {
    const LONGEST: usize = 128;
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() > LONGEST {
        true => format!("{}…", line.chars().take(LONGEST - 1).collect::<String>().trim_end()),
        false => line,
    }
}

/// What a text says, as far as it could be read.
pub(super) struct Read {
    pub(super) entries: Vec<Entry>,
    /// Its conflicts are what could not be read.
    pub(super) report: ImportReport,
}

impl Read {
    pub(super) fn new() -> Self {
        Read { entries: Vec::new(), report: ImportReport::default() }
    }

    /// Takes an entry, or notes why there is none.
    pub(super) fn take(&mut self, line: u64, field: &'static str, what: Result<What>) {
        match what {
            Ok(what) => self.entries.push(Entry { line, field, what }),
            Err(refused) => self.report.refuse(line, field, refused.to_string()),
        }
    }

    /// Notes an entry that means nothing here.
    pub(super) fn skip(&mut self) {
        self.report.skipped += 1;
    }
}

/// The name of a holder that our own text gives: none when it gives no text.
pub(super) fn holder(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A name of a pool by what it covers and how it is described.
pub(super) fn pool_name(range: &ValueRange, description: &str) -> String {
    tidy(&format!("{range} {description}"))
}

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(starts).collect() }
    }

    /// The line, from 1, on which the first thing stands from this byte on.
    pub(super) fn at(&self, offset: usize) -> u64 {
        let rest = self.text.as_bytes().get(offset..).unwrap_or_default();
        let offset = offset + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.starts.partition_point(|start| *start <= offset) as u64
    }
}
