//! Swift: Debian trixie's compiler in a folder of the cache, where this machine's own release has none.

mod chroot;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, bindgen, run_tests};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{root, run};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::{DEBOOTSTRAP, UNSHARE};

/// Where the checkout's folders are copied to, inside; their places relative to each other stay.
const CHECKOUT: &str = "/srv/nexa";
/// Where the library is, inside.
const LIBRARY: &str = "/srv/library";
/// SwiftPM's own, kept between runs.
const BUILD: &str = ".build";
/// What the tests read besides their package.
const SHARED: &[&str] = &["bindings/swift", "tests/parity"];

pub(super) const LANGUAGE: Language =
    Language { name: "swift", needs: &[&UNSHARE, &DEBOOTSTRAP], prepare: chroot::prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Swift package: what is generated, and swift test in a Debian of its own; needs root",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    LANGUAGE.package()?;
    chroot::prepare()?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    bring_in()?;
    run(&mut swift("build")?)?;
    tally += run_tests(&mut swift("test")?, options, Tally::of_swift)?;
    Ok(tally)
}

/// `swift <subcommand>` in the package.
fn swift(subcommand: &str) -> Result<Command> {
    let search = format!("-L{LIBRARY}");
    let mut arguments = vec!["swift", subcommand];
    for flag in [search.as_str(), "-rpath", LIBRARY] {
        arguments.extend(["-Xlinker", flag]);
    }
    chroot::inside(&format!("{CHECKOUT}/bindings/swift"), &arguments)
}

fn bring_in() -> Result {
    let chroot = chroot::folder()?;
    let inside = |path: &str| chroot.join(path.trim_start_matches('/'));
    for folder in SHARED.iter().filter(|folder| root().join(folder).is_dir()) {
        mirror(&root().join(folder), &inside(CHECKOUT).join(folder))?;
    }
    let (from, to) = (bindgen::library_folder()?, inside(LIBRARY));
    fs::create_dir_all(&to)?;
    for library in ["libnexa.so", "libnexa.a"] {
        copy_if_changed(&from.join(library), &to.join(library))?;
    }
    Ok(())
}

/// Makes `to` the same as `from` but for SwiftPM's folder. What is the same is not touched: SwiftPM goes by the time.
fn mirror(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    let own = |folder: &Path| -> Result<Vec<PathBuf>> {
        let inside = files_under(folder)?.into_iter();
        let inside = inside.filter_map(|path| path.strip_prefix(folder).map(Path::to_owned).ok());
        Ok(inside.filter(|path| !path.starts_with(BUILD)).collect())
    };
    let wanted = own(from)?;
    for path in own(to)?.iter().filter(|path| !wanted.contains(path)) {
        fs::remove_file(to.join(path))?;
    }
    wanted.iter().try_for_each(|path| copy_if_changed(&from.join(path), &to.join(path)))
}

fn copy_if_changed(from: &Path, to: &Path) -> Result {
    let new = fs::read(from).map_err(|error| Failure::new(format!("{}: {error}", from.display())))?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(to, new)?)
}

fn generate() -> Result<Generated> {
    let (sources, output) = (LANGUAGE.package()?.join("Sources"), LANGUAGE.output()?.join("generated"));
    bindgen::generate("swift", &output)?;
    let mut generated = Generated::default();
    for made in files_under(&output)? {
        let name = made.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = place_of(&name)
            .ok_or_else(|| Failure::new(format!("{name} has no place in bindings/swift/Sources")))?;
        generated.add(made, sources.join(place));
    }
    generated.owns(sources.join(GENERATED));
    Ok(generated)
}

const GENERATED: &str = "Nexa/Generated";

/// Where a generated file is committed, below `Sources`: the Swift of every crate in the one module that programs import,
/// and each crate's C header with its module map, under the name that SwiftPM wants, as a system library of its own.
fn place_of(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    match extension {
        "swift" => Some(format!("{GENERATED}/{name}")),
        "h" => Some(format!("{stem}/{name}")),
        "modulemap" => Some(format!("{stem}/module.modulemap")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn each_generated_file_has_its_place() {
        assert_eq!(place_of("nexa.swift").as_deref(), Some("Nexa/Generated/nexa.swift"));
        assert_eq!(place_of("nexaFFI.h").as_deref(), Some("nexaFFI/nexaFFI.h"));
        assert_eq!(place_of("nexaFFI.modulemap").as_deref(), Some("nexaFFI/module.modulemap"));
        assert_eq!(place_of("nexa.py"), None);
    }

    #[test]
    fn a_mirrored_folder_keeps_the_build_and_the_times_of_what_is_the_same() {
        let folder = TempDir::new().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for (path, text) in [("from/a.swift", "a"), ("to/a.swift", "a"), ("from/in/b.swift", "b")] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        fs::create_dir_all(to.join(BUILD)).unwrap();
        fs::write(to.join(BUILD).join("kept"), "").unwrap();
        fs::write(to.join("gone.swift"), "").unwrap();
        let time = || fs::metadata(to.join("a.swift")).unwrap().modified().unwrap();
        let before = time();
        mirror(&from, &to).unwrap();
        assert_eq!(time(), before);
        assert_eq!(fs::read_to_string(to.join("in/b.swift")).unwrap(), "b");
        assert!(to.join(BUILD).join("kept").exists());
        assert!(!to.join("gone.swift").exists());
    }
}
