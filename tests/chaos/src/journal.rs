//! What a process wrote down of its calls: each before it was made, and again when it was answered. A file keeps what was
//! written to it when its process is killed.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use nexa_core::{ErrorKind, IdempotencyKey};

use crate::op::{Made, Op};

pub(crate) struct Journal(Mutex<File>);

impl Journal {
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        Ok(Journal(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)))
    }

    pub(crate) fn intend(&self, key: &IdempotencyKey, op: &Op) -> anyhow::Result<()> {
        self.line(&format!("intend {} {op}", key.to_text().expose()))
    }

    pub(crate) fn acknowledge(&self, key: &IdempotencyKey, made: &Made) -> anyhow::Result<()> {
        self.line(&format!("done {} {} {}", key.to_text().expose(), made.id, made.more))
    }

    pub(crate) fn fail(&self, key: &IdempotencyKey, kind: ErrorKind, said: &str) -> anyhow::Result<()> {
        self.line(&format!("failed {} {kind} {}", key.to_text().expose(), said.replace('\n', " ")))
    }

    /// In one write, which is there whole or not at all.
    fn line(&self, line: &str) -> anyhow::Result<()> {
        let mut file = self.0.lock().map_err(|_| anyhow::anyhow!("another task panicked"))?;
        Ok(file.write_all(format!("{line}\n").as_bytes())?)
    }
}

/// A call as it was written down.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) op: Op,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// It may have been done or not.
    Open,
    Done(Made),
    Failed(String),
}

/// Every call of a journal, in the order they were made.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Entry>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(other) => return Err(other.into()),
    };
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let cut = || format!("a line was cut short: {line}");
        let (verb, rest) = line.split_once(' ').with_context(cut)?;
        let (key, rest) = rest.split_once(' ').with_context(cut)?;
        if verb == "intend" {
            entries.push(Entry { key: key.to_owned(), op: rest.parse()?, outcome: Outcome::Open });
            continue;
        }
        let entry = entries.iter_mut().rev().find(|entry| entry.key == key).with_context(cut)?;
        entry.outcome = match verb {
            "done" => {
                let (id, more) = rest.split_once(' ').with_context(cut)?;
                Outcome::Done(Made { id: id.to_owned(), more: more.to_owned() })
            }
            _ => Outcome::Failed(rest.to_owned()),
        };
    }
    Ok(entries)
}
