//! What the embedded migrations say of tables and columns, read from their text: they are the one place that says it.

use std::collections::{BTreeMap, BTreeSet};

use super::DbError;

/// Columns by table.
pub(super) type Columns = BTreeMap<String, BTreeSet<String>>;

/// Every table that the migrations create, with its columns.
pub(super) fn columns_of(migrations: &[(&str, &str)]) -> Columns {
    let mut tables = Columns::new();
    for (_, sql) in migrations {
        let mut table = None;
        for line in sql.lines() {
            if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                let name = name.trim_start_matches("IF NOT EXISTS ");
                table = name.split([' ', '(']).next().map(bare);
            } else if line.starts_with(')') {
                table = None;
            } else if let (Some(table), Some(column)) = (&table, column_of(line)) {
                tables.entry(table.clone()).or_default().insert(column);
            }
        }
    }
    tables
}

/// The column that a line of a table begins with; constraints have capital letters.
fn column_of(line: &str) -> Option<String> {
    let inner = line.strip_prefix("    ").filter(|inner| !inner.starts_with(' '))?;
    let name = bare(inner.split(' ').next()?);
    let is_name =
        name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    (is_name && !name.is_empty()).then_some(name)
}

fn bare(name: &str) -> String {
    name.trim_matches(['"', '`']).to_owned()
}

/// Refuses a database that lacks a table or a column of ours. What it has beyond them is its own affair.
pub(super) fn refuse_incomplete(expected: &Columns, found: &Columns) -> Result<(), DbError> {
    for (table, columns) in expected {
        let Some(has) = found.get(table) else {
            return Err(DbError::Foreign(format!("it has no table {table}")));
        };
        if let Some(missing) = columns.iter().find(|column| !has.contains(*column)) {
            return Err(DbError::Foreign(format!("its table {table} has no column {missing}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tables: &[(&str, &[&str])]) -> Columns {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        tables.iter().map(|(table, names)| ((*table).to_owned(), columns(names))).collect()
    }

    #[test]
    fn columns_are_read_from_the_text_of_a_migration() {
        let sql = "-- why\nCREATE TABLE IF NOT EXISTS `groups` (\n    id    BLOB NOT NULL,\n    \"key\" TEXT,\n    CHECK (\n        id = 1\n    ),\n    CONSTRAINT groups__id UNIQUE (id)\n) STRICT;\n\nCREATE INDEX a ON groups (id);\n";
        assert_eq!(columns_of(&[("0001", sql)]), of(&[("groups", &["id", "key"])]));
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_more_is_nobody_s_business() {
        let expected = of(&[("users", &["id", "email"])]);
        refuse_incomplete(&expected, &of(&[("users", &["id", "email", "note"]), ("_litestream", &["id"])]))
            .unwrap();
        let said = |found| refuse_incomplete(&expected, &found).unwrap_err().to_string();
        assert!(said(of(&[("users", &["id"])])).contains("users has no column email"));
        assert!(said(of(&[])).contains("no table users"));
    }
}
