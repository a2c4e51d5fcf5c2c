//! Text without what differs from run to run: an id, a key, a hash or a signature becomes a number by its first appearance, so that it still
//! shows which are the same; times, ports and counts of packets become their kind.

use std::collections::BTreeMap;

/// Digits of a moment in microseconds since 1970, from 2001 until 2286.
const MOMENT_DIGITS: usize = 16;
/// Length of a WireGuard key in base64, its last letter a `=`.
const KEY_LEN: usize = 44;
const UUID_LEN: usize = 36;
/// Length of a SHA-256 in hexadecimal.
const HASH_LEN: usize = 64;
/// Length of an Ed25519 signature in base64, its last two letters `=`.
const SIGNATURE_LEN: usize = 88;
/// An id without its dashes, which is what a page's cursor is.
const CURSOR_LEN: usize = 32;
/// Ports that a system or a network stack picks by itself begin here.
const PICKED_PORTS: u32 = 32_768;
/// How a line that only shows something begins.
const SHOWN: &str = "        | ";

/// A parity transcript.
pub(crate) fn lines_of_transcript(text: &str) -> Vec<String> {
    let mut met = Met::default();
    text.lines().map(|line| neutral(line, &mut met)).collect()
}

/// What a quickstart prints: without how long each step took, and of a code's picture only its size, which the length of
/// what it says decides.
pub(crate) fn lines_of_quickstart(text: &str) -> Vec<String> {
    let mut met = Met::default();
    let lines = text.lines().map(|line| match width_of_picture(line) {
        Some(width) => format!("{SHOWN}<{width} of a picture>"),
        None => counts_left_out(&neutral(&times_left_out(line), &mut met)),
    });
    lines.collect()
}

/// What was met before.
#[derive(Default)]
struct Met {
    ids: Numbers,
    keys: Numbers,
    hashes: Numbers,
    signatures: Numbers,
}

/// Texts, numbered from 1.
#[derive(Default)]
struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    fn of(&mut self, text: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

/// Ids, keys, moments, ports that somebody picked, and what a tunnel measures.
fn neutral(line: &str, met: &mut Met) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let is_start = !out.ends_with(|before: char| before.is_ascii_alphanumeric());
        let taken = if !is_start {
            None
        } else if let Some(id) = uuid(rest) {
            out.push_str(&format!("<id {}>", met.ids.of(&id.replace('-', ""))));
            Some(id.len())
        } else if let Some(hash) = hexadecimal(rest, HASH_LEN) {
            out.push_str(&format!("<hash {}>", met.hashes.of(hash)));
            Some(hash.len())
        } else if let Some(cursor) = hexadecimal(rest, CURSOR_LEN) {
            out.push_str(&format!("<cursor {}>", met.ids.of(cursor)));
            Some(cursor.len())
        } else if let Some(signature) = base64(rest, SIGNATURE_LEN, "==") {
            out.push_str(&format!("<signature {}>", met.signatures.of(signature)));
            Some(signature.len())
        } else if let Some(key) = base64(rest, KEY_LEN, "=") {
            out.push_str(&format!("<key {}>", met.keys.of(key)));
            Some(key.len())
        } else if let Some((len, shown)) = measured(&out, rest) {
            out.push_str(shown);
            Some(len)
        } else if let Some(len) = written_moment(rest) {
            out.push_str("<moment>");
            Some(len)
        } else if digits(rest) == MOMENT_DIGITS {
            out.push_str("<moment>");
            Some(MOMENT_DIGITS)
        } else {
            None
        };
        let taken = taken.or_else(|| {
            let len = picked_port(&out, rest)?;
            out.push_str(":<port>");
            Some(len)
        });
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

/// The length of a moment as RFC 3339 writes it, in UTC and to the microsecond.
fn written_moment(text: &str) -> Option<usize> {
    const FORM: &str = "0000-00-00T00:00:00.000000Z";
    let candidate = text.get(..FORM.len())?;
    let fits = |(form, letter): (u8, u8)| if form == b'0' { letter.is_ascii_digit() } else { letter == form };
    FORM.bytes().zip(candidate.bytes()).all(fits).then_some(FORM.len())
}

fn hexadecimal(text: &str, len: usize) -> Option<&str> {
    let candidate = text.get(..len)?;
    let is_hex = |letter: u8| letter.is_ascii_hexdigit();
    let ends = !text.as_bytes().get(len).copied().is_some_and(is_hex);
    (ends && candidate.bytes().all(is_hex)).then_some(candidate)
}

fn base64<'a>(text: &'a str, len: usize, end: &str) -> Option<&'a str> {
    let candidate = text.get(..len)?;
    let body = candidate.strip_suffix(end)?;
    body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)).then_some(candidate)
}

/// The length of a colon and a port behind an address, if nobody asked for that port.
fn picked_port(before: &str, rest: &str) -> Option<usize> {
    let port = rest.strip_prefix(':')?;
    let len = digits(port);
    let number: u32 = port.get(..len)?.parse().ok()?;
    let start = before.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.').len();
    let address = before.get(start..)?;
    let is_v4 = address.split('.').count() == 4 && address.ends_with(|letter: char| letter.is_ascii_digit());
    let is_picked = address == "127.0.0.1" || number >= PICKED_PORTS;
    ((is_v4 || before.ends_with(']')) && is_picked).then_some(len + 1)
}

/// The length of a number that a tunnel measured, and what stands for it. What was counted and what was not still differ.
fn measured(before: &str, rest: &str) -> Option<(usize, &'static str)> {
    let before = before.strip_suffix("\":")?;
    let field = before.get(before.rfind('"')? + 1..)?;
    let len = digits(rest);
    let is_none = rest.get(..len)?.bytes().all(|digit| digit == b'0');
    match field {
        // Whether the program's sealer has come by yet is a matter of luck.
        "seal" if rest.starts_with("null") => Some((4, "<any>")),
        "seal" if !is_none => Some((len, "<any>")),
        // Of a ping: the only result with a fraction.
        "result" => {
            let fraction = digits(rest.get(len..)?.strip_prefix('.')?);
            Some((len + 1 + fraction, "<time>"))
        }
        _ if len == 0 => None,
        // JavaScript has one kind of number, and writes none without a fraction that is nothing.
        "per_day" => {
            let fraction = rest.get(len..)?.strip_prefix('.').map_or(0, |rest| 1 + digits(rest));
            Some((len + fraction, "<rate>"))
        }
        "last_handshake_ms_ago" => Some((len, "<time>")),
        // Whether data or a keepalive goes first after a handshake is a matter of luck.
        "keepalives_sent" | "keepalives_received" => Some((len, "<any>")),
        "datagrams_sent" | "datagrams_received" | "sent_bytes" | "received_bytes" if !is_none => {
            Some((len, "<some>"))
        }
        _ => None,
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).map(|_| 1).sum()
}

fn width_of_picture(line: &str) -> Option<usize> {
    let shown = line.strip_prefix(SHOWN)?;
    shown.contains(['█', '▀', '▄']).then(|| shown.chars().count())
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
        let expected = r#"{"created_at":<moment>,"key":"<key 1>","at":"127.0.0.1:<port>","uid":2000}"#;
        assert_eq!(lines_of_transcript(&line), [expected]);
        let written = r#""at":"2026-11-26T16:27:58.954480Z","day":"2026-11-26""#;
        assert_eq!(lines_of_transcript(written), [r#""at":"<moment>","day":"2026-11-26""#]);
    }

    #[test]
    fn whether_a_row_was_sealed_yet_makes_no_difference_and_that_none_was_does() {
        let lines = lines_of_transcript("\"seal\":null\n\"seal\":12,\n\"seal\":0\n");
        assert_eq!(lines, ["\"seal\":<any>", "\"seal\":<any>,", "\"seal\":0"]);
    }

    #[test]
    fn a_rate_is_one_whether_its_fraction_is_written_or_not() {
        let lines = lines_of_transcript("\"per_day\":0.0}\n\"per_day\":0}\n\"per_day\":12.5,\n");
        assert_eq!(lines, ["\"per_day\":<rate>}", "\"per_day\":<rate>}", "\"per_day\":<rate>,"]);
    }

    #[test]
    fn keys_keep_which_are_the_same() {
        let (one, two) =
            ("07Zi9Kj+RCJZLXuB5+koRMIHSqwPYyLj6zVJA6Sen24=", "YAnz5TF+lXXJte14tji3zlMNftft3gJiE2/kwJzeDKw=");
        assert_eq!(lines_of_transcript(&format!("{one} {two} {one}")), ["<key 1> <key 2> <key 1>"]);
        assert_eq!(lines_of_transcript(&format!("{one} {two} {two}")), ["<key 1> <key 2> <key 2>"]);
    }

    #[test]
    fn hashes_and_signatures_keep_which_are_the_same() {
        let (hash, signature) =
            ("0123456789abcdef".repeat(4), format!("{}==", "aB+/9z".repeat(15).split_at(86).0));
        let lines = lines_of_transcript(&format!("{hash} {signature} {hash} \"{signature}\""));
        assert_eq!(lines, ["<hash 1> <signature 1> <hash 1> \"<signature 1>\""]);
        let longer = format!("{hash}0 {}", signature.replace("==", "="));
        assert_eq!(lines_of_transcript(&longer), [longer]);
    }

    #[test]
    fn a_port_that_somebody_asked_for_stays() {
        let line =
            r#"["10.66.0.2:63432","[fd66::2]:50000","127.0.0.1:8080","10.20.0.10:80","h:51820",":60000"]"#;
        let expected = r#"["10.66.0.2:<port>","[fd66::2]:<port>","127.0.0.1:<port>","10.20.0.10:80","h:51820",":60000"]"#;
        assert_eq!(lines_of_transcript(line), [expected]);
    }

    #[test]
    fn what_a_tunnel_measures_is_not_compared_and_what_it_counts_is() {
        let line = r#"{"datagrams_sent":4,"keepalives_sent":0,"last_handshake_ms_ago":12,"sent_bytes":180}"#;
        let expected = r#"{"datagrams_sent":<some>,"keepalives_sent":<any>,"last_handshake_ms_ago":<time>,"sent_bytes":<some>}"#;
        assert_eq!(lines_of_transcript(line), [expected]);
        let ping = r#"{"op":"Tunnel.ping","result":0.691774}"#;
        assert_eq!(lines_of_transcript(ping), [r#"{"op":"Tunnel.ping","result":<time>}"#]);
        for line in [
            r#"{"datagrams_sent":0,"last_handshake_ms_ago":null,"packets_sent":2,"sent_bytes":0}"#,
            r#"{"op":"TcpListener.port","result":80}"#,
            r#"{"op":"TcpStream.local_addr","result":"10.20.0.10:80"}"#,
        ] {
            assert_eq!(lines_of_transcript(line), [line]);
        }
    }

    #[test]
    fn pictures_of_two_sizes_differ() {
        let small = lines_of_quickstart("        | █▀▄\n        | ▄▀█\n");
        assert_eq!(small.len(), 2);
        assert_ne!(lines_of_quickstart("        | █▀▄\n"), small);
        assert_ne!(lines_of_quickstart("        | █▀▄ █\n        | ▄▀█ █\n"), small);
        assert_eq!(lines_of_quickstart("        | ▄▄▄\n        | ██ \n"), small);
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
    fn a_quickstart_loses_its_times_counts_and_what_its_pictures_show() {
        let one = " 1.    12.31 ms  ping fd20::10 answered after 0.52 ms\n        | █▀▄\n        | ▄▀█\n        | k: 12 bytes in, 0 bytes out\nquickstart: ok, 2 steps in 40 ms\n";
        let expected = [
            " 1. <time> ms  ping fd20::10 answered after <time> ms",
            "        | <3 of a picture>",
            "        | <3 of a picture>",
            "        | k: <some> bytes in, 0 bytes out",
            "quickstart: ok, 2 steps in <time> ms",
        ];
        assert_eq!(lines_of_quickstart(one), expected);
    }
}
