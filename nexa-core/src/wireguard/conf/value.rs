use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Where `wg-quick` puts the routes to the allowed IPs.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub enum RoutingTable {
    /// The main table, with special handling of a default route.
    #[default]
    Auto,
    /// No routes.
    Off,
    /// The table of this number.
    Id(u32),
    /// The table of this name in `rt_tables`.
    Name(TableName),
}

/// A routing table's name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TableName(String);

/// A domain that the resolver completes names with; after `~` one that it only routes look-ups by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SearchDomain(String);

/// A shell command that `wg-quick` runs when an interface comes or goes, kept as it is written. It may hold a password,
/// so it does not print.
#[derive(Clone, Debug)]
pub struct HookCommand(Secret<String>);

impl FromStr for RoutingTable {
    type Err = Error;

    /// Parses `auto`, `off`, a number without leading zeros, or a name.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(RoutingTable::Auto),
            "off" => Ok(RoutingTable::Off),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                // `ip` would read 010 in octal.
                let one_base = text == "0" || !text.starts_with('0');
                text.parse().ok().filter(|_| one_base).map(RoutingTable::Id).ok_or_else(|| {
                    Error::invalid("table", "is a number over 4294967295 or one that starts with 0")
                })
            }
            _ => TableName::new(text).map(RoutingTable::Name),
        }
    }
}

impl fmt::Display for RoutingTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoutingTable::Auto => f.write_str("auto"),
            RoutingTable::Off => f.write_str("off"),
            RoutingTable::Id(id) => fmt::Display::fmt(id, f),
            RoutingTable::Name(name) => f.write_str(name.as_str()),
        }
    }
}

impl TableName {
    /// From a letter and up to 63 letters, digits, `_`, `-` and `.` after it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for anything else, and for `auto` and `off` in either case:
    /// `wg-quick` gives them a meaning in lower case only.
    pub fn new(name: &str) -> Result<Self> {
        let known = ["auto", "off"].iter().any(|word| word.eq_ignore_ascii_case(name));
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if known || name.len() > 63 || !name.starts_with(is_letter) || !name.bytes().all(allowed) {
            return Err(Error::invalid(
                "table",
                "is neither auto nor off in lower case, nor a number, nor a name of letters, digits, _, - and .",
            ));
        }
        Ok(TableName(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
}

impl SearchDomain {
    /// From a name of letters, digits, `-`, `_` and `.`, after `~` for one that only routes; `~.` routes all look-ups.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for other characters, more than 254 of them, or digits and dots
    /// alone, which `wg-quick` takes for a name server.
    pub fn new(domain: &str) -> Result<Self> {
        let name = domain.strip_prefix('~').unwrap_or(domain);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if name.is_empty() || domain.len() > 254 || !name.bytes().all(allowed) || is_dotted(domain) {
            return Err(Error::invalid("dns_search", "is not a domain name"));
        }
        Ok(SearchDomain(domain.to_owned()))
    }

    /// The domain, as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a word of `DNS` is digits and dots, which is how `wg-quick` tells an IPv4 address from a domain.
pub(super) fn is_dotted(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

impl HookCommand {
    /// From a command, without the whitespace around it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty one, one with a line feed or a NUL, and one with
    /// `#`: `wg-quick` cuts a command there, quoted or not.
    pub fn new(command: &str) -> Result<Self> {
        let command = command.trim_matches(is_space);
        if command.is_empty() {
            return Err(Error::invalid("command", "is empty"));
        }
        if command.contains(['\n', '\0', '#']) {
            return Err(Error::invalid(
                "command",
                "has a line feed, a NUL or a #, where wg-quick would cut it",
            ));
        }
        Ok(HookCommand(Secret::from(command)))
    }

    /// The command. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Whitespace as C has it: unlike Rust's of ASCII it has the vertical tab.
pub(super) const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_text_and_has_no_second_spelling() {
        for text in ["auto", "off", "0", "51820", "4294967295", "main", "vpn_1.a-b"] {
            assert_eq!(text.parse::<RoutingTable>().unwrap().to_string(), text);
        }
        for text in ["", "Off", "AUTO", "010", "0x10", "4294967296", "-1", "+1", "a b", "a;b", "é", "1a"] {
            assert_eq!(text.parse::<RoutingTable>().unwrap_err().field(), Some("table"), "{text:?}");
        }
    }

    #[test]
    fn a_search_domain_is_no_address_and_no_shell() {
        for text in ["corp.example", "corp", "_x.corp.", "~corp.example", "~.", "1.example"] {
            assert_eq!(SearchDomain::new(text).unwrap().as_str(), text);
        }
        for text in ["", "~", "1.2.3", "a b", "a,b", "a#b", "a:b", "a/b", "$(id)", "*", "bücher"] {
            assert_eq!(SearchDomain::new(text).unwrap_err().field(), Some("dns_search"), "{text:?}");
        }
    }

    #[test]
    fn a_command_is_one_line_without_a_comment_and_does_not_print() {
        let hook = HookCommand::new(" \x0bwg set %i private-key <(pass x) = é\r").unwrap();
        assert_eq!(hook.expose(), "wg set %i private-key <(pass x) = é");
        assert_eq!(format!("{hook:?}"), "HookCommand([redacted])");
        for text in ["", " \t", "a\nPostUp = b", "echo '#'", "a\0b"] {
            assert_eq!(HookCommand::new(text).unwrap_err().field(), Some("command"), "{text:?}");
        }
    }
}
