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
/// Where what was generated from the library for phones is, inside.
const MOBILE: &str = "/srv/mobile";
/// Where a scenario is, and where its transcript is written, inside.
const SCENARIO: &str = "/srv/scenario.json";
const TRANSCRIPT: &str = "/srv/transcript";
/// SwiftPM's own, kept between runs.
const BUILD: &str = ".build";
const PACKAGE: &str = "bindings/swift";
/// The sources that stand over either library, and those that only the one for phones needs.
const OF_ALL: &str = "bindings/swift/Sources/NexaKit";
const OF_MOBILE: &str = "bindings/swift/Mobile";
const QUICKSTART: &str = "examples/swift/quickstart";
/// What is copied.
const SHARED: &[&str] = &[PACKAGE, "examples/swift"];

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

/// Checks the types of what was generated from the library for phones, with the part of the package that is not the
/// control plane's.
pub(super) fn check_mobile(generated: &Path) -> Result {
    LANGUAGE.ready()?;
    bring_in()?;
    let inside = outside(MOBILE)?;
    mirror(generated, &inside)?;
    fs::rename(inside.join(MODULE_MAP), inside.join("module.modulemap"))?;
    let mut swiftc = vec!["swiftc".to_owned()];
    let arguments = ["-typecheck", "-swift-version", "6", "-warnings-as-errors", "-module-name", "NexaKit"];
    swiftc.extend(arguments.iter().chain(&["-I", MOBILE]).map(|argument| (*argument).to_owned()));
    for folder in [MOBILE.to_owned(), format!("{CHECKOUT}/{OF_ALL}"), format!("{CHECKOUT}/{OF_MOBILE}")] {
        swiftc.extend(swift_files(&outside(&folder)?)?.iter().map(|name| format!("{folder}/{name}")));
    }
    run(&mut chroot::inside(MOBILE, &swiftc.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// Those of the folder itself.
fn swift_files(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.ends_with(".swift"));
    names.sort();
    Ok(names)
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

/// Plays one scenario, wherever it is.
fn play(scenario: &Path, transcript: &Path) -> Result {
    fs::copy(scenario, outside(SCENARIO)?)?;
    let inside = outside(TRANSCRIPT)?;
    if inside.exists() {
        fs::remove_file(&inside)?;
    }
    run(&mut built(PACKAGE, "debug/parity", &[SCENARIO, TRANSCRIPT])?)?;
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
    let mut is_less = false;
    for folder in SHARED {
        is_less |= mirror(&root().join(folder), &checkout.join(folder))?;
    }
    // SwiftPM goes on looking for a source that a package it depends on has no more.
    let build = checkout.join(QUICKSTART).join(BUILD);
    if is_less && build.exists() {
        fs::remove_dir_all(build)?;
    }
    Ok(())
}

fn bring_in_library(from: &Path, to: &str) -> Result {
    copy_if_changed(&from.join("libnexa.so"), &outside(to)?.join("libnexa.so"))
}

/// Makes `to` the same as `from` but for SwiftPM's folder, and says whether something went. What is the same is not touched:
/// SwiftPM goes by the time.
fn mirror(from: &Path, to: &Path) -> Result<bool> {
    fs::create_dir_all(to)?;
    let own = |folder: &Path| -> Result<Vec<PathBuf>> {
        let inside = files_under(folder)?.into_iter();
        let inside = inside.filter_map(|path| path.strip_prefix(folder).map(Path::to_owned).ok());
        Ok(inside.filter(|path| !path.iter().any(|part| part == BUILD)).collect())
    };
    let (wanted, mut gone) = (own(from)?, own(to)?);
    gone.retain(|path| !wanted.contains(path));
    gone.iter().try_for_each(|path| fs::remove_file(to.join(path)))?;
    wanted.iter().try_for_each(|path| copy_if_changed(&from.join(path), &to.join(path)))?;
    Ok(!gone.is_empty())
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
const MODULE_MAP: &str = "NexaFFI.modulemap";
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
        assert_eq!(mirror(&from, &to), Ok(true));
        assert_eq!(mirror(&from, &to), Ok(false));
        assert_eq!(time(), before);
        assert_eq!(fs::read_to_string(to.join("in/b.swift")).unwrap(), "b");
        assert!(built.iter().all(|kept| kept.exists()));
        assert!(!to.join("gone.swift").exists());
    }
}
