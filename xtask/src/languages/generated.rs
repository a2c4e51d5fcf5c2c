//! Files that a program writes and that are committed, so that readers see them and a change of the API shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::layering::files_under;
use crate::process::root;

const REFRESH: &str = "cargo xtask bindings";

/// What was just generated, and where it is committed.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    files: Vec<File>,
    /// Committed folders that hold nothing else.
    folders: Vec<PathBuf>,
}

#[derive(Debug)]
struct File {
    made: PathBuf,
    committed: PathBuf,
}

impl Generated {
    pub(crate) fn add(&mut self, made: PathBuf, committed: PathBuf) {
        self.files.push(File { made, committed });
    }

    /// A file in such a folder that is no longer generated has to go.
    pub(crate) fn owns(&mut self, folder: PathBuf) {
        self.folders.push(folder);
    }

    /// Fails by naming the files that differ.
    pub(crate) fn check(&self) -> Result {
        let mut differing = Vec::new();
        for file in &self.files {
            if !is_same(&file.made, &file.committed)? {
                differing.push(shown(&file.committed));
            }
        }
        differing.extend(self.stale()?.iter().map(|path| shown(path)));
        if differing.is_empty() {
            return if self.files.is_empty() { Err(Failure::new("nothing was generated")) } else { Ok(()) };
        }
        let listed = differing.join("\n  ");
        Err(Failure::new(format!("not as generated; `{REFRESH}` writes them anew:\n  {listed}")))
    }

    /// Brings the checkout to what was generated.
    pub(crate) fn write(&self) -> Result {
        for File { made, committed } in &self.files {
            if !is_same(made, committed)? {
                if let Some(folder) = committed.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::copy(made, committed)?;
                println!("wrote {}", shown(committed));
            }
        }
        for path in self.stale()? {
            fs::remove_file(&path)?;
            println!("removed {}", shown(&path));
        }
        Ok(())
    }

    pub(crate) fn summary(&self) -> String {
        format!("{} generated files are as committed", self.files.len())
    }

    fn stale(&self) -> Result<Vec<PathBuf>> {
        let known: BTreeSet<_> = self.files.iter().map(|file| file.committed.as_path()).collect();
        let mut stale = Vec::new();
        for folder in self.folders.iter().filter(|folder| folder.is_dir()) {
            stale.extend(files_under(folder)?.into_iter().filter(|path| !known.contains(path.as_path())));
        }
        Ok(stale)
    }
}

fn is_same(made: &Path, committed: &Path) -> Result<bool> {
    let new = fs::read(made).map_err(|error| Failure::new(format!("{}: {error}", made.display())))?;
    Ok(fs::read(committed).is_ok_and(|old| old == new))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn one_file(folder: &Path) -> Generated {
        let (made, committed) = (folder.join("made"), folder.join("committed"));
        fs::write(&made, "new").unwrap();
        let mut generated = Generated::default();
        generated.add(made, committed.join("api.kt"));
        generated.owns(committed);
        generated
    }

    #[test]
    fn a_file_that_differs_or_is_missing_is_named_with_the_command_that_mends_it() {
        let folder = TempDir::new().unwrap();
        let generated = one_file(folder.path());
        let failure = generated.check().unwrap_err().to_string();
        assert!(failure.contains("api.kt") && failure.contains(REFRESH), "{failure}");
        generated.write().unwrap();
        assert_eq!(generated.check(), Ok(()));
        fs::write(folder.path().join("committed/api.kt"), "old").unwrap();
        assert!(generated.check().is_err());
    }

    #[test]
    fn a_committed_file_that_is_no_longer_generated_goes() {
        let folder = TempDir::new().unwrap();
        let generated = one_file(folder.path());
        generated.write().unwrap();
        let stale = folder.path().join("committed/old.kt");
        fs::write(&stale, "").unwrap();
        assert!(generated.check().unwrap_err().to_string().contains("old.kt"));
        generated.write().unwrap();
        assert!(!stale.exists());
        assert_eq!(generated.check(), Ok(()));
    }

    #[test]
    fn generating_nothing_does_not_hold() {
        assert!(Generated::default().check().is_err());
    }
}
