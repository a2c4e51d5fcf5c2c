use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use super::parse::{MAX_BYTES, MAX_LINE_BYTES};
use crate::error::{Classify, Code, Error};

/// Why a file was refused, and where. No part of a value is in it: a value may be a key.
#[derive(Debug)]
pub(super) struct ConfError {
    pub(super) line: usize,
    pub(super) reason: Reason,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("is over {} KiB", MAX_BYTES / 1024)]
    FileTooLong,
    #[error("is over {} KiB", MAX_LINE_BYTES / 1024)]
    LineTooLong,
    #[error("starts with a byte order mark, which wg refuses; save the file without one")]
    ByteOrderMark,
    #[error("has a NUL byte, after which wg and wg-quick read different things")]
    Nul,
    #[error("is neither a section, nor `key = value`, nor a comment")]
    NoLine,
    #[error("is no section that wg knows; there are [Interface] and [Peer]")]
    UnknownSection,
    #[error("stands before the first section")]
    NoSection { key: Option<Cow<'static, str>> },
    #[error("is no key of [{section}]")]
    UnknownKey { section: &'static str, key: Option<Cow<'static, str>> },
    #[error(
        "has spaces in it, or in the brackets of its section, where wg-quick does not know it and wg refuses it"
    )]
    Spaced { key: &'static str },
    #[error("is missing in the section that starts here")]
    NoPublicKey,
    #[error("{fault}")]
    Value { key: &'static str, fault: Fault },
}

/// What is wrong with a value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("has no value")]
    Empty,
    #[error("is not a whole number up to {max}, written in digits")]
    Number { max: u16 },
    #[error("is neither `off`, nor a whole number up to 4294967295, nor one in hexadecimal after 0x")]
    Mark,
    #[error("is neither `off` nor a whole number up to 65535")]
    Keepalive,
    #[error("is neither true nor false")]
    Bool,
    #[error("is not a key: 44 characters of base64 that stand for 32 usable bytes")]
    Key(#[source] Error),
    #[error("is not an endpoint")]
    Endpoint(#[source] Error),
    #[error("has an entry that is not an address")]
    Address,
    #[error("has an entry with a length that is not a number up to 32 or 128")]
    PrefixLen,
    #[error("has an IPv4-mapped address; write it as IPv4")]
    Mapped,
    #[error("adds or removes a single prefix by + or -, which makes sense for a running interface only")]
    Incremental,
    #[error("has an entry that looks like an address and is none")]
    NameServer,
    #[error("has a word that is neither an address nor a search domain")]
    SearchDomain,
    #[error("is neither auto, nor off, nor a table's number or name")]
    Table,
    #[error("is no command for one line")]
    Hook(#[source] Error),
}

impl Reason {
    /// The key it is about.
    fn key(&self) -> Option<&str> {
        match self {
            Reason::NoSection { key } | Reason::UnknownKey { key, .. } => key.as_deref(),
            Reason::Spaced { key } | Reason::Value { key, .. } => Some(key),
            Reason::NoPublicKey => Some("PublicKey"),
            Reason::FileTooLong
            | Reason::LineTooLong
            | Reason::ByteOrderMark
            | Reason::Nul
            | Reason::NoLine
            | Reason::UnknownSection => None,
        }
    }
}

impl fmt::Display for ConfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl StdError for ConfError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.reason {
            Reason::Value { fault, .. } => fault.source(),
            _ => None,
        }
    }
}

impl Classify for ConfError {
    fn code(&self) -> Code {
        match self.reason {
            Reason::FileTooLong | Reason::LineTooLong => Code::ConfTooLong,
            Reason::ByteOrderMark | Reason::Nul => Code::ConfEncoding,
            Reason::NoLine | Reason::NoSection { .. } | Reason::Spaced { .. } => Code::ConfSyntax,
            Reason::UnknownSection => Code::ConfUnknownSection,
            Reason::UnknownKey { .. } => Code::ConfUnknownKey,
            Reason::NoPublicKey => Code::ConfNoPublicKey,
            Reason::Value { .. } => Code::ConfBadValue,
        }
    }

    /// `line 7: AllowedIPs`, `line 7`, or `conf` for the whole file.
    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match (&self.reason, self.reason.key()) {
            (Reason::FileTooLong, _) => "conf".into(),
            (_, Some(key)) => format!("line {}: {key}", self.line).into(),
            (_, None) => format!("line {}", self.line).into(),
        })
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let line = match self.reason {
            Reason::FileTooLong => None,
            _ => Some(("line", self.line.to_string())),
        };
        let key = self.reason.key().map(|key| ("key", key.to_owned()));
        line.into_iter().chain(key).collect()
    }
}
