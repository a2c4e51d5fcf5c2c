//! A prefix as a picture: what of it is handed out, at rest, reserved, free, or in no pool.

use std::fmt::Write as _;

use crate::net::{AddressRange, Cidr, Count, Family};

/// The most cells of a picture, as bits: 64 by 64.
const PICTURE_BITS: u8 = 12;
/// The most cells of a text, as bits: 16 rows of 64.
const TEXT_BITS: u8 = 10;
/// Cells in a row of a text.
const COLUMNS: usize = 64;
/// The longer side of a picture, in units of its own.
const SIDE: u32 = 640;

/// What an address is to its pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum AddressState {
    /// In somebody's hands.
    Allocated,
    /// Given back, and not yet anybody else's to have.
    Quarantined,
    /// Never handed out.
    Reserved,
    /// Can be handed out.
    Free,
}

impl AddressState {
    /// All there are, in the order of a legend.
    pub const ALL: [AddressState; 4] =
        [AddressState::Allocated, AddressState::Quarantined, AddressState::Reserved, AddressState::Free];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AddressState::Allocated => "allocated",
            AddressState::Quarantined => "quarantined",
            AddressState::Reserved => "reserved",
            AddressState::Free => "free",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }

    /// From a palette that people tell apart who do not see all colours (Okabe and Ito, 2008).
    const fn colour(self) -> &'static str {
        match self {
            AddressState::Allocated => "#0072b2",
            AddressState::Quarantined => "#e69f00",
            AddressState::Reserved => "#7f7f7f",
            AddressState::Free => "#e3f1ea",
        }
    }
}

/// One part of a prefix, all parts of which are equally large.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HeatCell {
    /// The part.
    pub prefix: Cidr,
    /// How many of its addresses are in each state, in the order of [`AddressState::ALL`]. What is missing to all of them is in no pool.
    pub counts: [u128; 4],
}

/// A prefix, divided, with what its parts hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeatMap {
    prefix: Cidr,
    cells: Vec<HeatCell>,
}

impl HeatMap {
    /// The map of a prefix, of disjoint ranges with their states. What lies outside the prefix is left out. O(ranges + cells).
    #[must_use]
    pub fn new(prefix: Cidr, parts: impl IntoIterator<Item = (AddressRange, AddressState)>) -> Self {
        let host_bits = prefix.family().bits() - prefix.prefix_len();
        let bits = host_bits.min(PICTURE_BITS);
        let cell_bits = host_bits - bits;
        let (base, top) = (Family::number(prefix.first()), Family::number(prefix.last()));
        let mut counts = vec![[0_u128; 4]; 1 << bits];
        for (range, state) in parts {
            let (first, last) =
                (Family::number(range.first()).max(base), Family::number(range.last()).min(top));
            if range.family() != prefix.family() || first > last {
                continue;
            }
            let mut at = first;
            loop {
                let cell = (at - base) >> cell_bits;
                let end = base + (cell << cell_bits) + crate::net::algebra::span_of(cell_bits);
                let within = end.min(last) - at + 1;
                if let Some(count) =
                    usize::try_from(cell).ok().and_then(|cell| counts.get_mut(cell)?.get_mut(state.index()))
                {
                    *count += within;
                }
                if end >= last {
                    break;
                }
                at = end + 1;
            }
        }
        let cells = counts.into_iter().zip(0_u128..).filter_map(|(counts, nth)| {
            let first = prefix.family().address(base + (nth << cell_bits));
            let prefix = Cidr::containing(first, prefix.family().bits() - cell_bits).ok()?;
            Some(HeatCell { prefix, counts })
        });
        HeatMap { prefix, cells: cells.collect() }
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> Cidr {
        self.prefix
    }

    /// Its parts, in order: a power of two, 4,096 at most.
    #[must_use]
    pub fn cells(&self) -> &[HeatCell] {
        &self.cells
    }

    /// How many addresses are in this state, exactly.
    #[must_use]
    pub fn count(&self, state: AddressState) -> Count {
        let counts = self.cells.iter().filter_map(|cell| cell.counts.get(state.index()));
        let sum = counts.clone().fold(0_u128, |sum, count| sum.wrapping_add(*count));
        // 2^128 is the one sum that wraps to nothing.
        if sum == 0 && counts.into_iter().any(|count| *count > 0) { Count::ALL_V6 } else { Count::from(sum) }
    }

    /// A picture: the parts along a Hilbert curve, so that neighbours stay together and each aligned prefix is a square or half of one.
    /// Each part says in its tooltip what it is; it takes the colour of what is most of its used addresses, the paler the fewer those are.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let bits = self.cells.len().ilog2();
        let (columns, rows) = (1_u32 << bits.div_ceil(2), 1_u32 << (bits / 2));
        let unit = SIDE / columns;
        let (width, height) = (unit * columns, unit * rows);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"sans-serif\" font-size=\"14\">\n\
             <title>{}</title>\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <g transform=\"translate(10 34)\" stroke=\"#ffffff\" stroke-width=\"0.5\">\n",
            width + 20,
            height + 34 + 26 * 5 + 12,
            self.prefix,
            self.described(),
        );
        for (nth, cell) in (0_u32..).zip(&self.cells) {
            let (x, y) = on_curve(nth, rows);
            let (colour, opacity) = cell.look();
            // Writing to a text does not fail.
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{unit}\" height=\"{unit}\" fill=\"{colour}\" fill-opacity=\"{opacity:.2}\"><title>{}</title></rect>",
                x * unit,
                y * unit,
                cell.described(),
            );
        }
        let _ = writeln!(
            svg,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#444444\" stroke-width=\"1\"/>\n</g>\n\
             <text x=\"10\" y=\"24\" font-size=\"18\" fill=\"#222222\">{}</text>",
            self.prefix
        );
        let legend = AddressState::ALL.map(|state| (state.colour(), state.as_str(), self.count(state)));
        let rest = ("#ffffff", "in no pool", self.in_no_pool());
        for (nth, (colour, word, count)) in (0_u32..).zip(legend.into_iter().chain([rest])) {
            let y = height + 34 + 16 + nth * 26;
            let _ = writeln!(
                svg,
                "<rect x=\"10\" y=\"{y}\" width=\"16\" height=\"16\" fill=\"{colour}\" stroke=\"#444444\"/>\
                 <text x=\"34\" y=\"{}\" fill=\"#222222\">{word}: {count} ({})</text>",
                y + 13,
                self.share(count),
            );
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// A text for a terminal of 80 columns: a row for each 64th, with the address that it begins with. `.` is free, `░▒▓█` allocated in
    /// growing part, `q` mostly at rest, `r` mostly reserved, and a space in no pool.
    #[must_use]
    pub fn to_text(&self) -> String {
        let merged = 1 << self.cells.len().ilog2().saturating_sub(TEXT_BITS.into());
        let cells: Vec<_> = self.cells.chunks(merged).filter_map(HeatCell::together).collect();
        let labels: Vec<_> = cells
            .chunks(COLUMNS)
            .filter_map(<[_]>::first)
            .map(|cell| cell.prefix.first().to_string())
            .collect();
        let widest = labels.iter().map(String::len).max().unwrap_or(0);
        let mut text = format!("{}\n", self.described());
        for (label, row) in labels.iter().zip(cells.chunks(COLUMNS)) {
            let row: String = row.iter().map(HeatCell::letter).collect();
            let _ = writeln!(text, "{label:>widest$} {}", row.trim_end());
        }
        text
    }

    fn described(&self) -> String {
        let mut text = format!("{}:", self.prefix);
        for state in AddressState::ALL {
            let count = self.count(state);
            let _ = write!(text, " {count} {} ({}),", state.as_str(), self.share(count));
        }
        let rest = self.in_no_pool();
        let _ = write!(text, " {rest} in no pool ({})", self.share(rest));
        text
    }

    fn in_no_pool(&self) -> Count {
        AddressState::ALL
            .iter()
            .fold(self.prefix.range().count(), |rest, state| rest.minus(self.count(*state)))
    }

    fn share(&self, count: Count) -> String {
        let (part, whole) =
            (count.saturating_u128() as f64, self.prefix.range().count().saturating_u128() as f64);
        let percent = 100.0 * part / whole;
        // What is there is never shown as nothing, nor what is missing as all.
        match percent {
            0.0 => "0 %".to_owned(),
            percent if percent < 0.1 => "<0.1 %".to_owned(),
            percent if percent > 99.9 && part < whole => ">99.9 %".to_owned(),
            percent => format!("{percent:.1} %"),
        }
    }
}

impl HeatCell {
    fn size(&self) -> f64 {
        self.prefix.range().count().saturating_u128() as f64
    }

    fn of(&self, state: AddressState) -> f64 {
        self.counts.get(state.index()).map_or(0.0, |count| *count as f64)
    }

    /// What is most of what is not free, and how much of the cell that is.
    fn most_used(&self) -> Option<(AddressState, f64)> {
        let used = [AddressState::Allocated, AddressState::Quarantined, AddressState::Reserved];
        let used = used.into_iter().map(|state| (state, self.of(state) / self.size()));
        used.filter(|(_, share)| *share > 0.0).max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// A colour, and how strong it is.
    fn look(&self) -> (&'static str, f64) {
        match self.most_used() {
            // Also a single address of very many is seen.
            Some((state, share)) => (state.colour(), 0.25 + 0.75 * share),
            None if self.of(AddressState::Free) > 0.0 => (AddressState::Free.colour(), 1.0),
            None => ("#ffffff", 1.0),
        }
    }

    fn letter(&self) -> char {
        match self.most_used() {
            Some((AddressState::Quarantined, _)) => 'q',
            Some((AddressState::Reserved, _)) => 'r',
            Some((_, share)) if share < 0.25 => '░',
            Some((_, share)) if share < 0.5 => '▒',
            Some((_, share)) if share < 1.0 => '▓',
            Some(_) => '█',
            None if self.of(AddressState::Free) > 0.0 => '.',
            None => ' ',
        }
    }

    fn described(&self) -> String {
        let mut text = self.prefix.to_string();
        let mut separator = ": ";
        for (state, count) in AddressState::ALL.iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            let _ = write!(text, "{separator}{count} {}", state.as_str());
            separator = ", ";
        }
        text
    }

    /// Neighbours as one: a power of two, of which the first is aligned.
    fn together(cells: &[HeatCell]) -> Option<HeatCell> {
        let first = cells.first()?;
        let bits = u8::try_from(cells.len().ilog2()).ok()?;
        let prefix =
            Cidr::containing(first.prefix.first(), first.prefix.prefix_len().checked_sub(bits)?).ok()?;
        let mut counts = [0_u128; 4];
        for cell in cells {
            for (sum, count) in counts.iter_mut().zip(cell.counts) {
                *sum += count;
            }
        }
        Some(HeatCell { prefix, counts })
    }
}

/// Where the nth cell stands: on a curve that fills a square of `side`, and then goes on in the next one beside it.
fn on_curve(nth: u32, side: u32) -> (u32, u32) {
    let square = side * side;
    let (mut rest, mut x, mut y) = (nth % square, 0_u32, 0_u32);
    let mut size = 1;
    while size < side {
        let right = 1 & (rest / 2);
        let up = 1 & (rest ^ right);
        if up == 0 {
            if right == 1 {
                (x, y) = (size - 1 - x, size - 1 - y);
            }
            (x, y) = (y, x);
        }
        x += size * right;
        y += size * up;
        rest /= 4;
        size *= 2;
    }
    (x + nth / square * side, y)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse::<Cidr>().unwrap().range()
    }

    #[test]
    fn all_of_ipv6_is_counted_to_the_last_address() {
        let all = Cidr::ALL_V6;
        let map = HeatMap::new(all, [(all.range(), AddressState::Free)]);
        assert_eq!((map.count(AddressState::Free), map.cells().len()), (Count::ALL_V6, 4096));
        assert_eq!(map.in_no_pool(), Count::ZERO);
        let map = HeatMap::new(
            all,
            [(range("::/1"), AddressState::Free), (range("8000::/128"), AddressState::Allocated)],
        );
        assert_eq!(map.count(AddressState::Allocated), Count::from(1));
        assert_eq!(map.in_no_pool(), Count::from((1 << 127) - 1));
        assert!(map.to_text().contains("1 allocated (<0.1 %)"), "{}", map.to_text());
    }

    #[test]
    fn a_prefix_has_as_many_parts_as_addresses_until_they_are_too_many() {
        for (prefix, cells) in
            [("10.0.0.0/32", 1), ("10.0.0.0/31", 2), ("10.0.0.0/28", 16), ("10.0.0.0/8", 4096)]
        {
            let map = HeatMap::new(prefix.parse().unwrap(), []);
            assert_eq!(map.cells().len(), cells);
            assert_eq!(map.cells().last().unwrap().prefix.last(), map.prefix().last());
        }
    }

    #[test]
    fn a_text_shows_rows_of_sixty_four() {
        let parts = [
            (range("10.0.0.0/32"), AddressState::Reserved),
            (range("10.0.0.1/32"), AddressState::Allocated),
            (range("10.0.0.2/32"), AddressState::Quarantined),
            (range("10.0.0.128/26"), AddressState::Free),
        ];
        let map = HeatMap::new("10.0.0.0/24".parse().unwrap(), parts);
        let text = map.to_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[1..],
            ["  10.0.0.0 r█q", " 10.0.0.64 ", &format!("10.0.0.128 {}", ".".repeat(64)), "10.0.0.192 "]
        );
        assert!(lines[0].ends_with("64 free (25.0 %), 189 in no pool (73.8 %)"), "{}", lines[0]);
    }

    #[test]
    fn neighbours_on_the_curve_touch_and_every_place_is_taken_once() {
        for (cells, side) in [(4096, 64), (2048, 32), (16, 4), (8, 2), (2, 1), (1, 1)] {
            let places: Vec<_> = (0..cells).map(|nth| on_curve(nth, side)).collect();
            assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), places.len());
            for pair in places.windows(2) {
                assert_eq!(
                    pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1),
                    1,
                    "{cells}: {pair:?}"
                );
            }
        }
    }

    #[test]
    fn a_picture_opens_and_closes_what_it_has_and_names_each_part() {
        let map =
            HeatMap::new("10.0.0.0/25".parse().unwrap(), [(range("10.0.0.0/26"), AddressState::Allocated)]);
        let svg = map.to_svg();
        assert_eq!(svg.matches("<rect").count(), 128 + 2 + 5);
        assert_eq!(svg.matches("<title>").count(), svg.matches("</title>").count());
        assert!(svg.contains("<title>10.0.0.0/32: 1 allocated</title>"), "{svg}");
        assert!(svg.contains("allocated: 64 (50.0 %)") && svg.trim_end().ends_with("</svg>"));
    }

    proptest! {
        #[test]
        fn the_counts_of_the_parts_are_those_of_the_addresses(
            states in prop::collection::vec(0..5_usize, 256), length in 24..=32_u8
        ) {
            let prefix = Cidr::containing("10.0.0.0".parse().unwrap(), length).unwrap();
            let of = |at: usize| Family::V4.address(0x0a00_0000 + at as u128);
            let parts = states.iter().enumerate().filter(|(_, state)| **state < 4);
            let parts = parts.map(|(at, state)| (AddressRange::host(of(at)), AddressState::ALL[*state]));
            let map = HeatMap::new(prefix, parts);
            for state in AddressState::ALL {
                let expected = states.iter().take(1 << (32 - length)).filter(|s| **s == state.index()).count();
                prop_assert_eq!(map.count(state), Count::from(expected as u128));
            }
        }
    }
}
