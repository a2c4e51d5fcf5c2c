//! Names that people choose.
//!
//! What is shown is what was typed; what is compared is a key: trimmed, NFKC, lower case. So `Alice` and `alice` are
//! one person on every database, whatever its collations do.

use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Result};

const MAX_NAME: usize = 128;
const MAX_USERNAME: usize = 64;
const MAX_EMAIL: usize = 254;
const MAX_TEXT: usize = 2_000;

/// A name as shown and as compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) key: String,
}

impl Name {
    /// A name of a group, device, gateway, pool or policy: 1 to 128 characters, no control or direction-changing ones.
    pub(crate) fn parse(field: &'static str, text: &str) -> Result<Self> {
        let text = line(field, text, MAX_NAME)?;
        if text.is_empty() {
            return Err(Error::invalid(field, "is empty"));
        }
        Ok(Name { key: key(&text), text })
    }

    /// A name made of others that were accepted; as long as it gets.
    pub(crate) fn derived(text: &str) -> Self {
        Name { text: text.to_owned(), key: key(text) }
    }

    /// A username: it becomes a home directory and an LDAP uid, so letters, digits, dot, underscore and hyphen only.
    pub(crate) fn username(text: &str) -> Result<Self> {
        let name = Name::parse("username", text)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.text.len() > MAX_USERNAME {
            return Err(Error::invalid("username", format!("is longer than {MAX_USERNAME} characters")));
        }
        if !name.text.chars().all(plain) || !name.text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Error::invalid(
                "username",
                "may hold a-z, 0-9, dot, underscore and hyphen, and begins with a letter or digit",
            ));
        }
        Ok(name)
    }

    /// An e-mail address: one `@` with something on either side. Whether it works is only known by writing to it.
    pub(crate) fn email(text: &str) -> Result<Self> {
        let text = line("email", text, MAX_EMAIL)?;
        let good = text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if !good || text.contains(char::is_whitespace) {
            return Err(Error::invalid("email", "is not an e-mail address"));
        }
        Ok(Name { key: key(&text), text })
    }
}

/// One line of free text that may be empty: a description, a version, a surname.
pub(crate) fn free_text(field: &'static str, text: &str) -> Result<String> {
    line(field, text, MAX_TEXT)
}

/// Refuses free text of several lines that hides something in them.
pub(crate) fn check_lines(field: &'static str, text: &str) -> Result<()> {
    text.split(['\n', '\t']).try_for_each(|line| nothing_hidden(field, line))
}

/// What is kept of a text that comes from a stranger and that nobody can be asked to correct, such as a client's name:
/// its first `max` characters, with U+FFFD for those that hide something.
pub(crate) fn kept(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn line(field: &'static str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Error::invalid(field, format!("is longer than {max} characters")));
    }
    nothing_hidden(field, text)?;
    Ok(text.to_owned())
}

fn nothing_hidden(field: &'static str, text: &str) -> Result<()> {
    match text.chars().find(|c| is_hidden(*c)) {
        Some(c) => {
            Err(Error::invalid(field, format!("holds the invisible character U+{:04X}", u32::from(c))))
        }
        None => Ok(()),
    }
}

/// Control characters, and those that change the direction or show nothing (Unicode TR 36 §2.6, UTS 39 §5.4). Emoji
/// variation selectors are let through; letters of different scripts that look alike are not told apart.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

fn key(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

/// A name as a cell of a table: what a spreadsheet would take for a formula has an apostrophe before it.
pub(crate) fn cell_text(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_read_alike_compare_alike() {
        let same = ["Büro Nord", " büro nord ", "BU\u{308}RO NORD", "ｂüro nord"];
        for text in same {
            assert_eq!(Name::parse("name", text).unwrap().key, "büro nord", "{text:?}");
        }
    }

    #[test]
    fn a_name_that_hides_something_is_refused() {
        let long = "x".repeat(10_000);
        for text in
            ["", "  ", "a\0b", "a\u{202e}b", "a\nb", "a\u{200b}b", "a\u{ad}b", "a\u{e0041}b", long.as_str()]
        {
            assert_eq!(Name::parse("name", text).unwrap_err().field(), Some("name"), "{text:?}");
        }
    }

    #[test]
    fn what_a_stranger_sends_is_kept_short_and_plain() {
        assert_eq!(kept("curl/8.1\0\u{202e}\nx", 200), "curl/8.1\u{fffd}\u{fffd}\u{fffd}x");
        assert_eq!(kept(&"ä".repeat(10_000), 200), "ä".repeat(200));
    }

    #[test]
    fn a_username_is_fit_to_be_a_directory() {
        assert_eq!(Name::username("Ada.Lovelace").unwrap().key, "ada.lovelace");
        for text in ["..", "../etc", "a b", "ä", "-x", "", "a/b"] {
            assert_eq!(Name::username(text).unwrap_err().field(), Some("username"), "{text:?}");
        }
    }

    #[test]
    fn an_email_has_two_sides() {
        assert_eq!(Name::email("Ada@Example.org").unwrap().key, "ada@example.org");
        for text in ["ada", "@x", "x@", "a@b@c", "a b@c"] {
            assert_eq!(Name::email(text).unwrap_err().field(), Some("email"), "{text:?}");
        }
    }
}
