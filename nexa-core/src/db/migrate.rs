//! The schema, version by version, embedded.
//!
//! What to do is decided by [`plan`], from what a database says it has. How others are kept away meanwhile is each
//! database's own affair: a lock beside the file, an advisory lock, a lease.

use sea_query::Query;
use sha2::{Digest as _, Sha256};

use super::schema::{Columns, columns_of, refuse_incomplete};
use super::{DbError, Tx, insert_row};

macro_rules! migrations {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")))),*]
    };
}

/// The same steps in each folder, and the same list for each.
macro_rules! for_each_database {
    ($($name:literal)*) => {
        #[cfg(feature = "sqlite")]
        const SQLITE_STEPS: &[(&str, &str)] = migrations!("sqlite": $($name)*);
        #[cfg(feature = "postgres")]
        const POSTGRES_STEPS: &[(&str, &str)] = migrations!("postgres": $($name)*);
        #[cfg(feature = "mysql")]
        const MYSQL_STEPS: &[(&str, &str)] = migrations!("mysql": $($name)*);
    };
}

for_each_database! {
    "0001_create_identity"
    "0002_create_network"
    "0003_create_ipam"
    "0004_create_policy"
    "0005_create_audit"
    "0006_create_tokens"
    "0007_create_cluster"
    "0008_create_jobs"
    "0009_create_idempotency"
}

/// Where the database keeps which of them it has.
pub(super) const TABLE: &str = "nexa_migrations";
/// What a migration says in its first line when older builds may go on using the database: the first version that may.
const OLDEST: &str = "-- builds from ";

/// What is said in another way on each database.
pub(super) struct Dialect {
    /// Name and text of each migration. A version is the name's leading number.
    steps: &'static [(&'static str, &'static str)],
    /// Creates [`TABLE`] where it is missing.
    create: &'static str,
    /// Every table and column there is, as `t` and `c`.
    columns: &'static str,
}

#[cfg(feature = "sqlite")]
pub(super) const SQLITE: Dialect = Dialect {
    steps: SQLITE_STEPS,
    create: "CREATE TABLE IF NOT EXISTS nexa_migrations (version INTEGER NOT NULL PRIMARY KEY, \
             name TEXT NOT NULL, checksum BLOB NOT NULL, oldest INTEGER NOT NULL) STRICT",
    columns: "SELECT s.name AS t, p.name AS c FROM sqlite_schema s JOIN pragma_table_info(s.name) p \
              WHERE s.type = 'table'",
};

#[cfg(feature = "postgres")]
pub(super) const POSTGRES: Dialect = Dialect {
    steps: POSTGRES_STEPS,
    create: "CREATE TABLE IF NOT EXISTS nexa_migrations (version BIGINT NOT NULL PRIMARY KEY, \
             name TEXT NOT NULL, checksum BYTEA NOT NULL, oldest BIGINT NOT NULL)",
    columns: "SELECT table_name::TEXT AS t, column_name::TEXT AS c FROM information_schema.columns \
              WHERE table_schema = current_schema()",
};

/// A DDL statement commits by itself here, so each one is written so that it can run again.
#[cfg(feature = "mysql")]
pub(super) const MYSQL: Dialect = Dialect {
    steps: MYSQL_STEPS,
    create: "CREATE TABLE IF NOT EXISTS nexa_migrations (version BIGINT NOT NULL PRIMARY KEY, \
             name VARCHAR(255) NOT NULL, checksum VARBINARY(32) NOT NULL, oldest BIGINT NOT NULL) \
             ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
    columns: "SELECT table_name AS t, column_name AS c FROM information_schema.columns \
              WHERE table_schema = DATABASE()",
};

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Step {
    version: i64,
    name: &'static str,
    sql: &'static str,
    checksum: Vec<u8>,
    oldest: i64,
}

/// A step that a database says it has.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
    oldest: i64,
}

impl Dialect {
    fn steps(&self) -> Vec<Step> {
        let steps = self.steps.iter().filter_map(|(name, sql)| {
            let version = name.split('_').next()?.parse().ok()?;
            let oldest = sql.strip_prefix(OLDEST).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let checksum = Sha256::digest(sql.as_bytes()).to_vec();
            Some(Step { version, name, sql, checksum, oldest: oldest.unwrap_or(version) })
        });
        steps.collect()
    }

    /// Whether a database with these tables is ours, or empty.
    #[cfg(feature = "sqlite")]
    pub(super) fn is_ours(tables: &[String]) -> bool {
        tables.is_empty() || tables.iter().any(|name| name == TABLE)
    }
}

/// Brings the schema up to date inside this transaction. Others are kept away by the caller.
pub(super) async fn run(tx: &mut Tx, dialect: &Dialect) -> Result<(), DbError> {
    refuse_others(tx, dialect).await?;
    tx.script(dialect.create).await?;
    let steps = dialect.steps();
    for step in plan(&steps, &applied(tx).await?)? {
        tx.script(step.sql).await?;
        let row = insert_row(
            TABLE,
            [
                ("version", step.version.into()),
                ("name", step.name.into()),
                ("checksum", step.checksum.clone().into()),
                ("oldest", step.oldest.into()),
            ],
        );
        tx.execute(&row).await?;
    }
    refuse_incomplete(&columns_of(dialect.steps), &columns(tx, dialect).await?)
}

/// A database with tables of ours and not the list of migrations, or with none of ours at all, is somebody else's.
async fn refuse_others(tx: &mut Tx, dialect: &Dialect) -> Result<(), DbError> {
    let found = columns(tx, dialect).await?;
    if found.contains_key(TABLE) {
        return Ok(());
    }
    let ours = columns_of(dialect.steps);
    match found.keys().find(|table| ours.contains_key(*table)) {
        Some(table) => Err(DbError::Foreign(format!("it has a table {table} that Nexa did not make"))),
        None => Ok(()),
    }
}

async fn applied(tx: &mut Tx) -> Result<Vec<Applied>, DbError> {
    let query = Query::select().columns(["version", "checksum", "oldest"]).from(TABLE).to_owned();
    let rows = tx.all(&query).await?;
    let read = rows.iter().map(|row| {
        Ok(Applied {
            version: row.number("version")?,
            checksum: row.bytes("checksum")?,
            oldest: row.number("oldest")?,
        })
    });
    read.collect()
}

async fn columns(tx: &mut Tx, dialect: &Dialect) -> Result<Columns, DbError> {
    let mut columns = Columns::new();
    for row in tx.rows(dialect.columns).await? {
        columns.entry(row.text("t")?).or_default().insert(row.text("c")?);
    }
    Ok(columns)
}

/// The steps that are left, in order. A step of a newer build is passed over when it says that builds such as this one
/// may go on.
fn plan<'a>(steps: &'a [Step], applied: &[Applied]) -> Result<Vec<&'a Step>, DbError> {
    let newest = steps.iter().map(|step| step.version).max().unwrap_or(0);
    for has in applied {
        match steps.iter().find(|step| step.version == has.version) {
            Some(step) if step.checksum == has.checksum => {}
            Some(step) => {
                return Err(DbError::Foreign(format!("its migration {} has another text", step.name)));
            }
            None if has.oldest <= newest => {}
            None => return Err(DbError::Newer { version: has.version, newest }),
        }
    }
    Ok(steps.iter().filter(|step| applied.iter().all(|has| has.version != step.version)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(version: i64) -> Step {
        Step { version, name: "n", sql: "", checksum: vec![1], oldest: version }
    }

    fn has(version: i64, oldest: i64) -> Applied {
        Applied { version, checksum: vec![1], oldest }
    }

    fn planned(known: i64, applied: &[Applied]) -> Result<Vec<i64>, DbError> {
        let steps: Vec<_> = (1..=known).map(step).collect();
        plan(&steps, applied).map(|left| left.iter().map(|step| step.version).collect())
    }

    #[test]
    fn what_is_left_is_done_in_order() {
        assert_eq!(planned(3, &[]).unwrap(), [1, 2, 3]);
        assert_eq!(planned(3, &[has(1, 1)]).unwrap(), [2, 3]);
        assert!(planned(1, &[has(1, 1)]).unwrap().is_empty());
    }

    #[test]
    fn a_newer_schema_serves_an_older_build_only_where_it_says_so() {
        assert!(planned(2, &[has(1, 1), has(2, 2), has(3, 2)]).unwrap().is_empty());
        let refused = planned(2, &[has(1, 1), has(2, 2), has(3, 3)]);
        assert!(matches!(refused, Err(DbError::Newer { version: 3, newest: 2 })));
    }

    #[test]
    fn a_migration_that_was_edited_afterwards_is_refused() {
        let edited = Applied { version: 1, checksum: vec![2], oldest: 1 };
        assert!(matches!(planned(2, &[edited]), Err(DbError::Foreign(_))));
    }

    /// The folders of every database, also of those that this build is without.
    #[test]
    fn every_migration_in_each_folder_is_embedded_in_order() {
        for (folder, steps) in [
            #[cfg(feature = "sqlite")]
            ("sqlite", SQLITE.steps()),
            #[cfg(feature = "postgres")]
            ("postgres", POSTGRES.steps()),
            #[cfg(feature = "mysql")]
            ("mysql", MYSQL.steps()),
        ] {
            let folder = format!("migrations/{folder}");
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".sql", ""))
                .collect();
            files.sort();
            assert_eq!(steps.iter().map(|step| step.name).collect::<Vec<_>>(), files);
            let versions: Vec<_> = steps.iter().map(|step| step.version).collect();
            assert_eq!(versions, (1..=i64::try_from(files.len()).unwrap()).collect::<Vec<_>>());
        }
    }

    #[test]
    #[cfg(feature = "mysql")]
    fn every_statement_for_mariadb_can_run_again() {
        for (name, sql) in MYSQL_STEPS {
            let begins =
                sql.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
            for line in begins {
                assert!(line.contains("IF NOT EXISTS") || line.contains("IF EXISTS"), "{name}: {line}");
            }
        }
    }

    #[test]
    #[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn the_three_dialects_have_the_same_tables_and_columns() {
        let sqlite = columns_of(SQLITE_STEPS);
        assert!(sqlite.len() > 25 && sqlite["users"].contains("username_key"));
        assert_eq!(columns_of(POSTGRES_STEPS), sqlite);
        assert_eq!(columns_of(MYSQL_STEPS), sqlite);
    }
}
