//! Every field of the two schemas that Nexa merges has a home.

use std::collections::{BTreeMap, BTreeSet};

const FIELDS: &str = include_str!("seed_fields.txt");
const HOMES: &str = include_str!("../../docs/schema.md");

fn fields() -> Vec<&'static str> {
    FIELDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// `table.column` by field, from the rows of the document's table.
fn homes() -> BTreeMap<&'static str, &'static str> {
    let rows = HOMES.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"));
    rows.filter(|(field, _)| field.starts_with("W ") || field.starts_with("P "))
        .filter_map(|(field, rest)| Some((field, rest.split_once('`')?.0)))
        .collect()
}

/// What the migrations create, as `table.column`.
fn columns() -> BTreeSet<String> {
    let migrations = std::fs::read_dir("migrations/sqlite").unwrap();
    let mut columns = BTreeSet::new();
    for sql in migrations.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()) {
        let mut table = String::new();
        for line in sql.lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.split(' ').next().unwrap().to_owned();
            } else if let Some(column) = line.strip_prefix("    ").filter(|column| !column.starts_with(' ')) {
                columns.insert(format!("{table}.{}", column.split(' ').next().unwrap().trim_matches('"')));
            }
        }
    }
    columns
}

#[test]
fn every_field_has_a_home_that_exists() {
    let (homes, columns) = (homes(), columns());
    assert!(fields().len() > 180);
    for field in fields() {
        let home = homes.get(field);
        assert!(home.is_some_and(|home| columns.contains(*home)), "{field} has no home: {home:?}");
    }
}

#[test]
fn the_document_names_no_field_that_there_is_not() {
    let fields: BTreeSet<_> = fields().into_iter().collect();
    let unknown: Vec<_> = homes().into_keys().filter(|field| !fields.contains(field)).collect();
    assert_eq!(unknown, [""; 0]);
}
