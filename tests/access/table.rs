//! The table, as text and as cells, and its completeness.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cast::Caller;

/// One row of `permissions.txt`.
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) object: Object,
    outcomes: Vec<&'static str>,
}

/// Whose thing a call is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Object {
    None,
    Own,
    Anothers,
}

impl Row {
    /// What a caller gets; `None` where the question has no meaning.
    pub(crate) fn outcome(&self, caller: Caller) -> Option<&'static str> {
        let at = Caller::ALL.iter().position(|known| *known == caller).unwrap();
        Some(self.outcomes[at]).filter(|outcome| *outcome != "-")
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let mut lines = include_str!("permissions.txt").lines().filter(|line| !line.starts_with('#'));
    let header: Vec<_> = lines.next().unwrap().split_whitespace().skip(2).collect();
    assert_eq!(header, Caller::ALL.map(Caller::name), "the table's columns");
    lines.map(row).collect()
}

fn row(line: &'static str) -> Row {
    let mut words = line.split_whitespace();
    let (method, object) = (words.next().unwrap(), words.next().unwrap());
    let object = match object {
        "-" => Object::None,
        "own" => Object::Own,
        "another's" => Object::Anothers,
        other => panic!("{method}: {other:?} is no object"),
    };
    let outcomes: Vec<_> = words.collect();
    assert_eq!(outcomes.len(), Caller::ALL.len(), "{method}: a cell for each caller");
    Row { method, object, outcomes }
}

#[test]
fn the_table_has_a_row_for_every_public_method_of_a_service_and_for_nothing_else() {
    let listed: BTreeSet<_> = rows().iter().map(|row| row.method.to_owned()).collect();
    let written = public_methods();
    assert!(written.len() > 30, "only {} methods were found in the sources", written.len());
    let missing: Vec<_> = written.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&written).collect();
    assert!(missing.is_empty(), "permissions.txt has no row for {missing:?}");
    assert!(stale.is_empty(), "permissions.txt has a row for what is no method: {stale:?}");
}

#[test]
fn a_method_that_takes_an_object_has_a_row_for_ones_own_and_for_anothers() {
    let rows = rows();
    let count = |method, object| rows.iter().filter(|r| r.method == method && r.object == object).count();
    for row in &rows {
        let expected = if row.object == Object::None { (1, 0, 0) } else { (0, 1, 1) };
        let [none, own, anothers] =
            [Object::None, Object::Own, Object::Anothers].map(|o| count(row.method, o));
        assert_eq!((none, own, anothers), expected, "{}", row.method);
    }
}

/// `folder.method` of every `pub async fn` in a folder of nexa-core/src that has a `service.rs`. They are looked for
/// in the folder's other files as well, so that none escapes by moving.
fn public_methods() -> BTreeSet<String> {
    let sources = PathBuf::from("nexa-core/src");
    let mut methods = BTreeSet::new();
    for folder in entries(&sources).into_iter().filter(|path| path.join("service.rs").is_file()) {
        let domain = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")) {
            let text = std::fs::read_to_string(&file).unwrap();
            for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("pub async fn ")) {
                let name = line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                methods.insert(format!("{domain}.{name}"));
            }
        }
    }
    methods
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
