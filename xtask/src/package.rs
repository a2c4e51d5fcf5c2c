//! `nexa-core` as it would be published: it builds by itself and carries what its symlinks point to.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::layering::files_under;
use crate::process::{cargo, root, run, target_directory};

/// Outside the workspace the unpacked crate would miss this profile and compile every dependency a second time.
const WORKSPACE_PROFILE: &str = r#"profile.dev.package."*".opt-level=1"#;

pub(crate) fn check() -> Result {
    let mut package = cargo(&["package", "-p", "nexa-core", "--all-features", "--config", WORKSPACE_PROFILE]);
    if env::var_os("CI").is_none() {
        package.arg("--allow-dirty");
    }
    run(&mut package)?;

    let unpacked = target_directory()?.join("package").join(concat!("nexa-core-", env!("CARGO_PKG_VERSION")));
    let links = symlinks(&root().join("nexa-core"))?;
    links
        .iter()
        .try_for_each(|link| same_as_packaged(link, &unpacked.join(link.file_name().unwrap_or_default())))
}

fn symlinks(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut links = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_symlink() {
            links.push(entry.path());
        }
    }
    links.sort();
    Ok(links)
}

/// Each file behind the link is a file of its own in the package, with the same bytes.
fn same_as_packaged(link: &Path, packaged: &Path) -> Result {
    let files = if link.is_dir() { files_under(link)? } else { vec![link.to_owned()] };
    if files.is_empty() {
        return Err(Failure::new(format!("{} leads to an empty folder", link.display())));
    }
    for file in files {
        let inside = file.strip_prefix(link).unwrap_or(&file);
        let copy = if inside.as_os_str().is_empty() { packaged.to_owned() } else { packaged.join(inside) };
        let is_file = fs::symlink_metadata(&copy).is_ok_and(|metadata| metadata.is_file());
        let original =
            fs::read(&file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        if !is_file || fs::read(&copy)? != original {
            return Err(Failure::new(format!("the package does not carry {} as it is", file.display())));
        }
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn linked_migrations() -> TempDir {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("crate")).unwrap();
        fs::create_dir_all(folder.path().join("migrations/sqlite")).unwrap();
        fs::write(folder.path().join("migrations/sqlite/0001_create.sql"), "create").unwrap();
        symlink("../migrations", folder.path().join("crate/migrations")).unwrap();
        folder
    }

    #[test]
    fn a_packaged_copy_of_each_linked_file_is_demanded() {
        let folder = linked_migrations();
        let link = symlinks(&folder.path().join("crate")).unwrap().pop().unwrap();
        let packaged = folder.path().join("packaged");
        assert!(same_as_packaged(&link, &packaged).is_err());
        fs::create_dir_all(packaged.join("sqlite")).unwrap();
        fs::write(packaged.join("sqlite/0001_create.sql"), "other").unwrap();
        assert!(same_as_packaged(&link, &packaged).is_err());
        fs::write(packaged.join("sqlite/0001_create.sql"), "create").unwrap();
        assert_eq!(same_as_packaged(&link, &packaged), Ok(()));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_refused() {
        let folder = linked_migrations();
        fs::remove_dir_all(folder.path().join("migrations")).unwrap();
        let link = folder.path().join("crate/migrations");
        assert!(same_as_packaged(&link, &folder.path().join("packaged")).is_err());
    }
}
