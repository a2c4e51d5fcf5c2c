//! What is planted, and looking for it in every form that printing or storing could give it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A secret that was planted.
pub(crate) struct Needle {
    name: &'static str,
    forms: Vec<Vec<u8>>,
    as_numbers: String,
}

impl Needle {
    pub(crate) fn bytes(name: &'static str, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 16, "{name} is too short to be found by no accident");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = [STANDARD_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes), hex.to_uppercase(), hex];
        let mut forms = vec![bytes.to_vec()];
        forms.extend(text.map(String::into_bytes));
        // What a derived `Debug` makes of bytes, however it is broken into lines.
        let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
        Needle { name, forms, as_numbers: numbers.join(",") }
    }

    pub(crate) fn text(name: &'static str, text: &str) -> Self {
        Needle::bytes(name, text.as_bytes())
    }

    /// A token by the part of it that proves: the id before it is no secret.
    pub(crate) fn token(name: &'static str, token: &str) -> [Self; 2] {
        let secret = token.splitn(3, '_').last().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(secret).unwrap();
        [Needle::text(name, secret), Needle::bytes(name, &bytes)]
    }
}

/// The names of the secrets that can be read in it.
pub(crate) fn found(haystack: &[u8], needles: &[Needle]) -> Vec<&'static str> {
    let bare: Vec<u8> = haystack.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let shows = |needle: &&Needle| {
        needle.forms.iter().any(|form| contains(haystack, form))
            || contains(&bare, needle.as_numbers.as_bytes())
    };
    needles.iter().filter(shows).map(|needle| needle.name).collect()
}

fn contains(haystack: &[u8], form: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == form[0]) {
        if haystack[from + at..].starts_with(form) {
            return true;
        }
        from += at + 1;
    }
    false
}

#[test]
fn a_planted_secret_is_found_in_every_form() {
    let bytes: Vec<u8> = (100..132).collect();
    let needles = [Needle::bytes("key", &bytes)];
    let shown = [
        format!("{bytes:?}"),
        format!("{bytes:#?}"),
        STANDARD_NO_PAD.encode(&bytes),
        bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        String::from_utf8_lossy(&bytes[..28]).into_owned(),
    ];
    assert_eq!(shown.map(|text| found(text.as_bytes(), &needles).len()), [1, 1, 1, 1, 0]);
    assert_eq!(found(b"nothing here", &needles), [""; 0]);
}
