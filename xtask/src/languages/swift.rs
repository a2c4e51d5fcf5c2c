//! Swift: Debian trixie's compiler in a folder of the cache, where this machine's own release has none.

mod chroot;
mod dispatch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, bindgen, run_tests, same};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{capture, cargo, root, run, target_directory};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::{DEBOOTSTRAP, UNSHARE};

/// Where the checkout's folders are copied to, inside; their places relative to each other stay.
const CHECKOUT: &str = "/srv/nexa";
/// Where the library of the development profile is, inside, and that of the release profile.
const LIBRARY: &str = "/srv/library";
const RELEASE_LIBRARY: &str = "/srv/release-library";
/// Where a parity transcript is written, inside.
const TRANSCRIPT: &str = "/srv/transcript";
/// SwiftPM's own, kept between runs.
const BUILD: &str = ".build";
const PACKAGE: &str = "bindings/swift";
const QUICKSTART: &str = "examples/swift/quickstart";
/// What is copied: the packages, and what the tests read besides.
const SHARED: &[&str] = &[PACKAGE, "examples/swift", "tests/parity"];

pub(super) const LANGUAGE: Language =
    Language { name: "swift", needs: &[&UNSHARE, &DEBOOTSTRAP], prepare: chroot::prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Swift package in a Debian of its own: what is generated, tests, parity, quickstart; needs root",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    LANGUAGE.package()?;
    chroot::prepare()?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    bring_in()?;
    bring_in_library(&bindgen::library_folder()?, LIBRARY)?;
    run(&mut swift(PACKAGE, LIBRARY, &["build"])?)?;
    tally += run_tests(&mut swift(PACKAGE, LIBRARY, &["test"])?, options, Tally::of_swift)?;
    same::parity(LANGUAGE.name, &mut tally, play)?;
    run(&mut swift(QUICKSTART, LIBRARY, &["build"])?)?;
    same::quickstart(LANGUAGE.name, &mut tally, &mut built(QUICKSTART, "debug/quickstart", &[])?);
    Ok(tally)
}

/// What calls cost, as `bench/calls.swift` prints it.
pub(super) fn bench() -> Result<String> {
    chroot::prepare()?;
    bring_in()?;
    run(&mut cargo(&["build", "--release", "--package", "nexa-uniffi"]))?;
    bring_in_library(&target_directory()?.join("release"), RELEASE_LIBRARY)?;
    run(&mut swift(
        PACKAGE,
        RELEASE_LIBRARY,
        &["build", "--configuration", "release", "--product", "calls"],
    )?)?;
    Ok(capture(&mut built(PACKAGE, "release/calls", &[])?)?.trim().to_owned())
}

/// Plays one scenario of the checkout.
fn play(scenario: &Path, transcript: &Path) -> Result {
    let scenario = scenario.strip_prefix(root()).unwrap_or(scenario);
    let scenario = Path::new(CHECKOUT).join(scenario);
    let inside = outside(TRANSCRIPT)?;
    if inside.exists() {
        fs::remove_file(&inside)?;
    }
    run(&mut built(PACKAGE, "debug/parity", &[&scenario.to_string_lossy(), TRANSCRIPT])?)?;
    fs::copy(inside, transcript)?;
    Ok(())
}

/// SwiftPM in a package of the checkout, linking against a library inside.
fn swift(package: &str, library: &str, arguments: &[&str]) -> Result<Command> {
    let search = format!("-L{library}");
    let mut command = vec!["swift"];
    command.extend(arguments);
    command.extend(["-Xswiftc", "-warnings-as-errors"]);
    for flag in [search.as_str(), "-rpath", library] {
        command.extend(["-Xlinker", flag]);
    }
    chroot::inside(&format!("{CHECKOUT}/{package}"), &command)
}

/// A program that SwiftPM built.
fn built(package: &str, program: &str, arguments: &[&str]) -> Result<Command> {
    let program = format!("{BUILD}/{program}");
    chroot::inside(&format!("{CHECKOUT}/{package}"), &[&[program.as_str()], arguments].concat())
}

/// Where something inside is for us.
fn outside(path: &str) -> Result<PathBuf> {
    Ok(chroot::folder()?.join(path.trim_start_matches('/')))
}

fn bring_in() -> Result {
    let checkout = outside(CHECKOUT)?;
    SHARED.iter().try_for_each(|folder| mirror(&root().join(folder), &checkout.join(folder)))
}

fn bring_in_library(from: &Path, to: &str) -> Result {
    copy_if_changed(&from.join("libnexa.so"), &outside(to)?.join("libnexa.so"))
}

/// Makes `to` the same as `from` but for SwiftPM's folder. What is the same is not touched: SwiftPM goes by the time.
fn mirror(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    let own = |folder: &Path| -> Result<Vec<PathBuf>> {
        let inside = files_under(folder)?.into_iter();
        let inside = inside.filter_map(|path| path.strip_prefix(folder).map(Path::to_owned).ok());
        Ok(inside.filter(|path| !path.iter().any(|part| part == BUILD)).collect())
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
    let (package, output) = (LANGUAGE.package()?, LANGUAGE.output()?.join("generated"));
    bindgen::generate("swift", &output)?;
    let sources = fs::read_to_string(output.join(SOURCES))?;
    fs::write(output.join(DISPATCH), dispatch::written(&sources))?;
    let mut generated = Generated::default();
    for made in files_under(&output)? {
        let name = made.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = place_of(&name)
            .ok_or_else(|| Failure::new(format!("{name} has no place in bindings/{}", LANGUAGE.name)))?;
        generated.add(made, package.join(place));
    }
    for folder in [OF_PACKAGE, OF_PARITY] {
        generated.owns(package.join(folder));
    }
    Ok(generated)
}

const SOURCES: &str = "NexaKit.swift";
const DISPATCH: &str = "Dispatch.swift";
const OF_PACKAGE: &str = "Sources/NexaKit/Generated";
const OF_PARITY: &str = "Tests/Parity/Generated";

/// Where a generated file is committed, in the package: the Swift in the module that programs import, the C header with
/// its module map, under the name that SwiftPM wants, as a system library of its own, and the calls by name beside the
/// program that plays the scenarios.
fn place_of(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    match extension {
        _ if name == DISPATCH => Some(format!("{OF_PARITY}/{name}")),
        "swift" => Some(format!("{OF_PACKAGE}/{name}")),
        "h" => Some(format!("Sources/{stem}/{name}")),
        "modulemap" => Some(format!("Sources/{stem}/module.modulemap")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn each_generated_file_has_its_place() {
        for (name, place) in [
            ("NexaKit.swift", Some("Sources/NexaKit/Generated/NexaKit.swift")),
            ("NexaFFI.h", Some("Sources/NexaFFI/NexaFFI.h")),
            ("NexaFFI.modulemap", Some("Sources/NexaFFI/module.modulemap")),
            ("Dispatch.swift", Some("Tests/Parity/Generated/Dispatch.swift")),
            ("nexa.py", None),
        ] {
            assert_eq!(place_of(name).as_deref(), place);
        }
    }

    #[test]
    fn a_mirrored_folder_keeps_the_build_and_the_times_of_what_is_the_same() {
        let folder = TempDir::new().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for (path, text) in [("from/a.swift", "a"), ("to/a.swift", "a"), ("from/in/b.swift", "b")] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        let built = [to.join(BUILD).join("kept"), to.join("in").join(BUILD).join("kept")];
        for kept in &built {
            fs::create_dir_all(kept.parent().unwrap()).unwrap();
            fs::write(kept, "").unwrap();
        }
        fs::write(to.join("gone.swift"), "").unwrap();
        let time = || fs::metadata(to.join("a.swift")).unwrap().modified().unwrap();
        let before = time();
        mirror(&from, &to).unwrap();
        assert_eq!(time(), before);
        assert_eq!(fs::read_to_string(to.join("in/b.swift")).unwrap(), "b");
        assert!(built.iter().all(|kept| kept.exists()));
        assert!(!to.join("gone.swift").exists());
    }
}
