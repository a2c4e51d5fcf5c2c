//! Text without what differs from run to run: an id becomes a number by its first appearance, so that it still shows
//! which ids are the same; times, keys, ports and counts of packets become their kind.

use std::collections::BTreeMap;

/// Digits of a moment in microseconds since 1970, from 2001 until 2286.
const MOMENT_DIGITS: usize = 16;
/// Length of a WireGuard key in base64, its last letter a `=`.
const KEY_LEN: usize = 44;
const UUID_LEN: usize = 36;
/// An id without its dashes, which is what a page's cursor is.
const CURSOR_LEN: usize = 32;
/// How a line that only shows something begins.
const SHOWN: &str = "        | ";

/// A parity transcript.
pub(crate) fn lines_of_transcript(text: &str) -> Vec<String> {
    let mut ids = Ids::default();
    text.lines().map(|line| neutral(line, &mut ids)).collect()
}

/// What a quickstart prints: without how long each step took, and each picture of a code as one line.
pub(crate) fn lines_of_quickstart(text: &str) -> Vec<String> {
    let mut ids = Ids::default();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = if is_picture(line) {
            format!("{SHOWN}a QR code")
        } else {
            counts_left_out(&neutral(&times_left_out(line), &mut ids))
        };
        if !(line.ends_with("a QR code") && lines.last() == Some(&line)) {
            lines.push(line);
        }
    }
    lines
}

/// Ids that were met, numbered from 1.
#[derive(Default)]
struct Ids(BTreeMap<String, usize>);

impl Ids {
    fn number(&mut self, id: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(id.replace('-', "")).or_insert(next)
    }
}

/// Ids, keys, moments and ports of the loopback address.
fn neutral(line: &str, ids: &mut Ids) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let is_start = !out.ends_with(|before: char| before.is_ascii_alphanumeric());
        let taken = if !is_start {
            None
        } else if let Some(id) = uuid(rest) {
            out.push_str(&format!("<id {}>", ids.number(id)));
            Some(id.len())
        } else if let Some(cursor) = cursor(rest) {
            out.push_str(&format!("<cursor {}>", ids.number(cursor)));
            Some(cursor.len())
        } else if let Some(len) = key(rest) {
            out.push_str("<key>");
            Some(len)
        } else if digits(rest) == MOMENT_DIGITS {
            out.push_str("<moment>");
            Some(MOMENT_DIGITS)
        } else if let Some(port) = rest.strip_prefix("127.0.0.1:") {
            out.push_str("127.0.0.1:<port>");
            Some("127.0.0.1:".len() + digits(port))
        } else {
            None
        };
        let len = taken.unwrap_or_else(|| {
            out.push(letter);
            letter.len_utf8()
        });
        rest = rest.get(len..).unwrap_or_default();
    }
    out
}

fn uuid(text: &str) -> Option<&str> {
    let candidate = text.get(..UUID_LEN)?;
    let fits = candidate.char_indices().all(|(at, letter)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    });
    fits.then_some(candidate)
}

fn cursor(text: &str) -> Option<&str> {
    let candidate = text.get(..CURSOR_LEN)?;
    let is_hex = |letter: u8| letter.is_ascii_hexdigit();
    let ends = !text.as_bytes().get(CURSOR_LEN).copied().is_some_and(is_hex);
    (ends && candidate.bytes().all(is_hex)).then_some(candidate)
}

fn key(text: &str) -> Option<usize> {
    let candidate = text.get(..KEY_LEN)?;
    let (last, body) = candidate.as_bytes().split_last()?;
    let fits = *last == b'=' && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte));
    fits.then_some(KEY_LEN)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).map(|_| 1).sum()
}

fn is_picture(line: &str) -> bool {
    line.strip_prefix(SHOWN).is_some_and(|shown| shown.contains(['█', '▀', '▄']))
}

/// Every number of milliseconds, with the blanks that align it.
fn times_left_out(line: &str) -> String {
    let mut out = Vec::new();
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        let is_number = word.parse::<f64>().is_ok();
        if is_number && words.peek() == Some(&"ms") {
            while out.last() == Some(&"") {
                out.pop();
            }
            out.push("<time>");
        } else {
            out.push(word);
        }
    }
    out.join(" ")
}

/// How many bytes or packets there were; what a line says of them stays.
fn counts_left_out(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    for at in 1..words.len() {
        let is_counted =
            words.get(at).is_some_and(|word| matches!(word.trim_end_matches(','), "bytes" | "packets"));
        if let Some(count) = words.get_mut(at - 1).filter(|_| is_counted)
            && count.parse::<u64>().is_ok_and(|count| count > 0)
        {
            *count = "<some>";
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0198f0a2-7c61-7d3a-9b57-1f0f6c1d2e3f";
    const TWO: &str = "0198f0a2-7c61-7d3a-9b57-1f0f6c1d2e40";

    #[test]
    fn ids_keep_which_are_the_same() {
        let lines = lines_of_transcript(&format!("\"{ONE}\",\"{TWO}\"\n\"{ONE}\"\n"));
        assert_eq!(lines, ["\"<id 1>\",\"<id 2>\"", "\"<id 1>\""]);
        let others = lines_of_transcript(&format!("\"{ONE}\",\"{ONE}\"\n\"{TWO}\"\n"));
        assert_ne!(others, lines);
    }

    #[test]
    fn a_cursor_is_the_id_that_it_is_made_of() {
        let cursor = ONE.replace('-', "");
        assert_eq!(lines_of_transcript(&format!("\"{ONE}\",\"{cursor}\"")), ["\"<id 1>\",\"<cursor 1>\""]);
        assert_eq!(lines_of_transcript(&format!("{cursor}0")), [format!("{cursor}0")]);
    }

    #[test]
    fn moments_keys_and_loopback_ports_become_their_kind() {
        let key = "07Zi9Kj+RCJZLXuB5+koRMIHSqwPYyLj6zVJA6Sen24=";
        let line =
            format!(r#"{{"created_at":1764109058123456,"key":"{key}","at":"127.0.0.1:40961","uid":2000}}"#);
        let expected = r#"{"created_at":<moment>,"key":"<key>","at":"127.0.0.1:<port>","uid":2000}"#;
        assert_eq!(lines_of_transcript(&line), [expected]);
    }

    #[test]
    fn what_is_nearly_one_of_them_stays() {
        for line in
            ["176410905812345", "17641090581234567", "0198f0a2-7c61-7d3a-9b57-1f0f6c1d2e3", "10.0.0.1:80"]
        {
            assert_eq!(lines_of_transcript(line), [line]);
        }
    }

    #[test]
    fn a_quickstart_loses_its_times_counts_and_pictures_and_nothing_else() {
        let one = " 1.    12.31 ms  ping fd20::10 answered after 0.52 ms\n        | █▀▄\n        | ▄▀█\n        | k: 12 bytes in, 0 bytes out\nquickstart: ok, 2 steps in 40 ms\n";
        let expected = [
            " 1. <time> ms  ping fd20::10 answered after <time> ms",
            "        | a QR code",
            "        | k: <some> bytes in, 0 bytes out",
            "quickstart: ok, 2 steps in <time> ms",
        ];
        assert_eq!(lines_of_quickstart(one), expected);
    }
}
