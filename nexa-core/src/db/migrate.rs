//! The schema, version by version, embedded.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::DbError;

macro_rules! migrations {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")))),*]
    };
}

/// Name and text of each SQLite migration. A version is the name's leading number.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: &[(&str, &str)] = migrations!("sqlite":
    "0001_create_identity"
    "0002_create_network"
    "0003_create_ipam"
    "0004_create_policy"
    "0005_create_audit"
);

/// Where the database keeps which of them it has.
pub(super) const TABLE: &str = "nexa_migrations";

/// What brings a database up to date. Locking is the caller's: the drivers' own is not safe for processes that start
/// together, except on PostgreSQL.
pub(super) fn migrator(migrations: &'static [(&'static str, &'static str)]) -> Migrator {
    let list = migrations.iter().filter_map(|(name, sql)| {
        let (version, description) = name.split_once('_')?;
        Some(Migration::new(
            version.parse().ok()?,
            Cow::Borrowed(description),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            false,
        ))
    });
    let mut migrator = Migrator::with_migrations(list.collect());
    migrator.set_locking(false);
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Why a database could not be brought up to date.
pub(super) fn refusal(migrator: &Migrator, cause: MigrateError) -> DbError {
    let newest = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    match cause {
        MigrateError::VersionMissing(version) if version > newest => DbError::Newer { version, newest },
        MigrateError::Execute(cause) => DbError::from(cause),
        // A statement of ours that makes no sense to the database: it holds somebody else's tables.
        MigrateError::ExecuteMigration(cause, _) => match DbError::from(cause) {
            DbError::Driver(said) => DbError::Foreign(said),
            other => other,
        },
        other => DbError::Foreign(other.to_string()),
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn every_migration_in_the_folder_is_embedded_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".sql", ""))
            .collect();
        files.sort();
        let embedded: Vec<_> = SQLITE.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(embedded, files);
        let versions: Vec<_> = migrator(SQLITE).iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=i64::try_from(files.len()).unwrap()).collect::<Vec<_>>());
    }
}
