//! Who reaches what, as a table for an auditor.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::destination::Destination;
use super::fleet::Fleet;
use super::places::Places;
use super::subject::Subject;
use super::traffic::Traffic;
use crate::name::cell_text;

/// How much of something a device reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Extent {
    /// Nothing of it.
    Unreached,
    /// A part of it.
    Partial,
    /// All of it.
    Whole,
}

impl Extent {
    /// The word for it: `none`, `some` or `all`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Extent::Unreached => "none",
            Extent::Partial => "some",
            Extent::Whole => "all",
        }
    }

    /// From a palette that people tell apart who do not see all colours (Okabe and Ito, 2008); the mark says the same without any.
    const fn drawn(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Extent::Unreached => ("#f2f2f2", "#666666", "–"),
            Extent::Partial => ("#f0c674", "#000000", "part"),
            Extent::Whole => ("#0072b2", "#ffffff", "all"),
        }
    }
}

/// Devices, destinations, and how much of each a device reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Matrix {
    /// The destinations asked about, as texts.
    pub columns: Vec<String>,
    /// A line for each device, in the order of the fleet.
    pub rows: Vec<MatrixRow>,
}

/// One device and what it reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MatrixRow {
    /// Who it is, as the caller says.
    pub label: String,
    /// How much of each column it reaches. A device that is barred, and a column that is nowhere: nothing.
    pub cells: Vec<Extent>,
}

impl Fleet<'_> {
    /// How much of each destination each device reaches. O(classes · columns), and what the table itself takes.
    #[must_use]
    pub fn matrix(
        &self,
        columns: &[Destination],
        places: &Places,
        mut label: impl FnMut(&Subject) -> String,
    ) -> Matrix {
        let asked: Vec<_> = columns.iter().map(|column| places.traffic(column)).collect();
        let of_classes: Vec<Vec<Extent>> = self.map_classes(|access| {
            let extent = |asked: &Traffic| match access.allowed.intersection(asked) {
                both if both.is_empty() => Extent::Unreached,
                both if both == *asked => Extent::Whole,
                _ => Extent::Partial,
            };
            asked.iter().map(extent).collect()
        });
        let nothing = vec![Extent::Unreached; columns.len()];
        let rows = self.by_class().map(|(subject, class)| MatrixRow {
            label: label(subject),
            cells: class.and_then(|class| of_classes.get(class)).unwrap_or(&nothing).clone(),
        });
        Matrix { columns: columns.iter().map(ToString::to_string).collect(), rows: rows.collect() }
    }
}

/// How a row is called in a picture where several are one: so many names, then a number.
const NAMED: usize = 3;
/// The width of a letter and the height of a row, in units of the picture.
const LETTER: usize = 8;
const ROW: usize = 24;
/// The longest label of a picture, in letters.
const LONGEST: usize = 60;

impl Matrix {
    /// Comma-separated, with a line of titles: `who`, then the destinations; in the cells `none`, `some` or `all` (RFC 4180). A label that
    /// a spreadsheet would take for a formula has an apostrophe before it.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let titles =
            ["who".to_owned()].into_iter().chain(self.columns.iter().map(|column| cell_text(column)));
        // Writing into memory does not fail, and neither do records of one length.
        let mut is_written = writer.write_record(titles).is_ok();
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| cell.as_str().to_owned());
            is_written &= writer.write_record([cell_text(&row.label)].into_iter().chain(cells)).is_ok();
        }
        debug_assert!(is_written, "a table was not written");
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// A picture: a row for each set of devices that reach the same, a column for each destination.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let rows = self.joined();
        let widest = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        let left = widest * LETTER + 2 * LETTER;
        let widths: Vec<_> =
            self.columns.iter().map(|column| cut(column).chars().count().max(5) * LETTER + LETTER).collect();
        let (width, height) = (left + widths.iter().sum::<usize>() + LETTER, (rows.len() + 2) * ROW);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             font-family=\"monospace\" font-size=\"13\">\n<title>Who reaches what</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        let mut at = left;
        let mut columns = Vec::with_capacity(widths.len());
        for (column, width) in self.columns.iter().zip(widths) {
            let middle = at + width / 2;
            // Writing into a text does not fail.
            let _ = writeln!(
                svg,
                "<text x=\"{middle}\" y=\"{ROW}\" text-anchor=\"middle\">{}</text>",
                escaped(&cut(column))
            );
            columns.push((at, width));
            at += width;
        }
        for ((label, cells), y) in rows.iter().zip((1..).map(|row| row * ROW + ROW / 2)) {
            let (base, x) = (y + ROW * 2 / 3, left - LETTER);
            let _ =
                writeln!(svg, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"end\">{}</text>", escaped(label));
            for ((cell, (x, width)), column) in cells.iter().zip(&columns).zip(&self.columns) {
                let (fill, ink, mark) = cell.drawn();
                let (w, h, middle) = (width - 2, ROW - 2, x + width / 2);
                let said = escaped(&format!("{label}: {} of {column}", cell.as_str()));
                let _ = writeln!(
                    svg,
                    "<g><title>{said}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"/>\
                     <text x=\"{middle}\" y=\"{base}\" text-anchor=\"middle\" fill=\"{ink}\">{mark}</text></g>"
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Rows of the same cells as one, in the order of the first of each.
    fn joined(&self) -> Vec<(String, &[Extent])> {
        let mut order: Vec<(&[Extent], Vec<&str>)> = Vec::new();
        let mut known: BTreeMap<&[Extent], usize> = BTreeMap::new();
        for row in &self.rows {
            let at = *known.entry(&row.cells).or_insert_with(|| {
                order.push((&row.cells, Vec::new()));
                order.len() - 1
            });
            order.get_mut(at).into_iter().for_each(|(_, labels)| labels.push(&row.label));
        }
        let named = order.into_iter().map(|(cells, labels)| {
            let more = labels.len().saturating_sub(NAMED);
            let names = labels.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            let label = if more > 0 { format!("{} and {more} more", cut(&names)) } else { cut(&names) };
            (label, cells)
        });
        named.collect()
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// As text of XML: what it cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DeviceId, GroupId, PolicyId, UserId};
    use crate::policy::{Bar, NewPolicy, Place};
    use crate::runtime::Timestamp;

    #[test]
    fn a_table_says_who_reaches_all_some_or_nothing_of_each_destination() {
        let uuid = uuid::Uuid::from_u128;
        let staff = GroupId::from_uuid(uuid(1));
        let net = |text: &str| Destination::new(text.parse::<Place>().unwrap());
        let subject = |n: u128| Subject::new(DeviceId::from_uuid(uuid(n)), UserId::from_uuid(uuid(n)));
        let mut subjects: Vec<_> = (1..=5).map(|n| subject(n).in_groups([staff])).collect();
        subjects.push(subject(6).barred(Bar::UserSuspended));
        let policies = [NewPolicy::allow("office")
            .target(staff)
            .destination(net("10.20.0.0/16").by("tcp/443".parse().unwrap()))];
        let policies = policies.map(|new| new.build(PolicyId::from_uuid(uuid(1))).unwrap());
        let fleet = Fleet::resolve(&subjects, &policies, &Places::none(), Timestamp::from_micros(1));
        let columns =
            [net("10.20.1.0/24").by("tcp/443".parse().unwrap()), net("10.20.0.0/16"), net("service:git")];
        let names = ["=cmd|'x'!A1", "a \"b\" <c>", "c", "d", "e", "f"];
        let mut names = names.iter();
        let matrix = fleet.matrix(&columns, &Places::none(), |_| (*names.next().unwrap()).to_owned());
        assert_eq!(matrix.rows[0].cells, [Extent::Whole, Extent::Partial, Extent::Unreached]);
        assert_eq!(
            matrix.to_csv(),
            "who,10.20.1.0/24 tcp/443,10.20.0.0/16,service:git\r\n'=cmd|'x'!A1,all,some,none\r\n\
             \"a \"\"b\"\" <c>\",all,some,none\r\nc,all,some,none\r\nd,all,some,none\r\ne,all,some,none\r\nf,none,none,none\r\n"
        );
        let svg = matrix.to_svg();
        assert_eq!(svg.matches("<rect").count(), 1 + 2 * 3, "devices that reach the same are one row");
        assert!(svg.contains("a &quot;b&quot; &lt;c&gt;, c and 2 more") && !svg.contains("<c>"), "{svg}");
        assert!(svg.contains("<title>f: none of 10.20.0.0/16</title>") && svg.ends_with("</svg>\n"), "{svg}");
    }
}
