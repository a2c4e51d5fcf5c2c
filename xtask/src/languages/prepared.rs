//! Folders that are made once, by a recipe, and made anew when the recipe changes.

use std::fs::{self, File};
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::process::cache;

/// Written last, so that a folder whose making was interrupted has none.
const MARKER: &str = ".nexa-recipe";

/// Calls `make` unless the folder was made to its end by the same recipe; what is there of another is removed first.
/// One at a time on this machine: two that make the same folder would each remove what the other has made so far.
pub(crate) fn once(folder: &Path, recipe: &str, make: impl FnOnce() -> Result) -> Result {
    let cache = cache()?;
    fs::create_dir_all(&cache)?;
    let held_until_made = File::create(cache.join("setup.lock"))?;
    held_until_made.lock()?;
    let marker = folder.join(MARKER);
    if fs::read_to_string(&marker).is_ok_and(|made_by| made_by == recipe) {
        return Ok(());
    }
    println!("making {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    }
    make()?;
    Ok(fs::write(marker, recipe)?)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Whether `make` was called; it leaves a file of the given name.
    fn made(folder: &Path, recipe: &str, file: &str) -> bool {
        let mut called = false;
        let make = || {
            called = true;
            fs::create_dir_all(folder)?;
            Ok(fs::write(folder.join(file), "")?)
        };
        once(folder, recipe, make).unwrap();
        called
    }

    #[test]
    fn the_same_recipe_is_followed_once_and_another_starts_from_nothing() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("venv");
        assert!(made(&folder, "a==1", "one"));
        assert!(!made(&folder, "a==1", "two"));
        assert!(made(&folder, "a==2", "three"));
        assert!(!folder.join("one").exists());
    }

    #[test]
    fn a_half_made_folder_is_made_anew() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("venv");
        let interrupted = once(&folder, "a==1", || {
            fs::create_dir_all(folder.join("half"))?;
            Err(Failure::new("no network"))
        });
        assert_eq!(interrupted, Err(Failure::new("no network")));
        assert!(made(&folder, "a==1", "whole"));
        assert!(!folder.join("half").exists());
    }
}
