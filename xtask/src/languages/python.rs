//! Python: maturin builds the extension into an environment of the cache, and everything runs in that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, prepared, run_tests, same};
use crate::options::Options;
use crate::process::{cache, capture, command, root, run};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::{NODE, PYTHON};

/// From PyPI, exactly. pyright is a Node program.
const PINS: &[&str] =
    &["maturin==1.16.0", "mypy==2.4.1", "pyright==1.1.414", "pytest==9.2.0", "pytest-asyncio==1.5.0"];

/// The extension's stub, below the package's folder.
const STUB: &str = "_nexa.pyi";

/// Of a wheel for this Python and every later one.
const TAG: &str = "-cp310-abi3-";

/// The package as it is found in an environment, whose types are those of the stub that the argument names.
const INSTALLED: &str = "
import pathlib, sys
import nexa
folder = pathlib.Path(nexa.__file__).parent
assert folder.is_relative_to(sys.prefix), folder
assert (folder / 'py.typed').is_file(), 'no py.typed'
stub = folder / '_nexa.pyi'
assert stub.read_bytes() == pathlib.Path(sys.argv[1]).read_bytes(), 'another stub'
assert nexa.version()
";

pub(super) const LANGUAGE: Language =
    Language { name: "python", needs: &[&PYTHON, &NODE], prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Python package: its stub, types by mypy and pyright, pytest, parity with Rust, the quickstart, the wheel",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    let package = LANGUAGE.package()?;
    prepare()?;
    install(&package, &[])?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    check_types(&package, &mut tally)?;
    let mut pytest = program("pytest")?;
    pytest.args(["-p", "no:cacheprovider", "--color=no"]).arg(package.join("tests")).current_dir(&package);
    tally += run_tests(&mut pytest, options, Tally::of_summary)?;
    same::parity(LANGUAGE.name, &mut tally, |scenario, transcript| {
        let runner = package.join("tests").join("parity.py");
        run(program("python")?.arg(runner).arg(scenario).arg(transcript))
    })?;
    same::quickstart(LANGUAGE.name, &mut tally, program("python")?.arg(quickstart()));
    tally.count("python: the wheel", check_wheel(&package));
    Ok(tally)
}

/// What calls cost, as `bench/calls.py` prints it. It leaves the library of the release profile in the package.
pub(super) fn bench() -> Result<String> {
    let package = LANGUAGE.package()?;
    prepare()?;
    install(&package, &["--release"])?;
    capture(program("python")?.arg(package.join("bench").join("calls.py")))
}

fn prepare() -> Result {
    let venv = venv()?;
    let python = capture(command("python3").args(["-c", "import sys; print(sys.executable, sys.version)"]))?;
    prepared::once(&venv, &format!("{}\n{python}", PINS.join("\n")), || {
        run(command("python3").args(["-m", "venv"]).arg(&venv))?;
        run(program("pip")?.args(["install", "--quiet", "--disable-pip-version-check"]).args(PINS))
    })
}

/// Builds, without `flags` in the development profile, and points the environment at the checkout, so that an edit of the
/// package's own Python needs no new install.
fn install(package: &Path, flags: &[&str]) -> Result {
    run(program("maturin")?.args(["develop", "--locked", "--quiet"]).args(flags).current_dir(package))
}

/// What strangers get: one wheel for every Python from 3.10 on, which brings all that the package needs. It is installed
/// where nothing else is, and used there.
fn check_wheel(package: &Path) -> Result {
    let output = emptied("wheel")?;
    // Packing a library with its debugging information small would take longer than building it.
    let mut build = program("maturin")?;
    build.args(["build", "--locked", "--quiet", "--compression-method", "stored", "--out"]).arg(&output);
    run(build.current_dir(package))?;
    let wheel = only_wheel(crate::layering::files_under(&output)?)?;
    let venv = output.join("venv");
    run(command("python3").args(["-m", "venv"]).arg(&venv))?;
    let python = || inside(&venv, "python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"];
    run(python().args(pip).arg(wheel))?;
    run(python().args(["-I", "-c", INSTALLED]).arg(package.join("nexa").join(STUB)))?;
    let printed = capture(python().arg(quickstart()))?;
    match printed.lines().last() {
        Some(line) if line.starts_with("quickstart: ok") => Ok(()),
        _ => Err(Failure::new(format!("the quickstart ended with\n{printed}"))),
    }
}

fn only_wheel(mut files: Vec<PathBuf>) -> Result<PathBuf> {
    let is_for_all = |path: &PathBuf| path.file_name().is_some_and(|name| is_abi3(&name.to_string_lossy()));
    match files.pop() {
        Some(wheel) if files.is_empty() && is_for_all(&wheel) => Ok(wheel),
        last => Err(Failure::new(format!("not one wheel of the tag {TAG}: {files:?} {last:?}"))),
    }
}

fn is_abi3(name: &str) -> bool {
    name.starts_with("nexa-") && name.contains(TAG) && name.ends_with(".whl")
}

fn generate() -> Result<Generated> {
    prepare()?;
    let (package, output) = (LANGUAGE.package()?, emptied("stubs")?);
    let mut stubs = program("maturin")?;
    stubs.args(["generate-stubs", "--locked", "--quiet", "--out"]).arg(&output).current_dir(&package);
    run(&mut stubs)?;
    let stub = stub_in(&output)?;
    fs::write(&stub, lists_of_python(&fs::read_to_string(&stub)?))?;
    let mut generated = Generated::default();
    generated.add(stub, package.join("nexa").join(STUB));
    Ok(generated)
}

/// In a class with a method `list`, that name is the method and not the type. maturin writes it all the same.
fn lists_of_python(stub: &str) -> String {
    let mut out = String::new();
    let mut is_imported = false;
    for class in stub.split_inclusive("\n@final\n") {
        if class.contains(" def list(self") && class.contains("-> list[") {
            out.push_str(&class.replace("-> list[", "-> builtins.list["));
            is_imported = true;
        } else {
            out.push_str(class);
        }
    }
    if is_imported { out.replacen("\nfrom ", "\nimport builtins\nfrom ", 1) } else { out }
}

/// Whether the package's folder is repeated in the output is maturin's affair.
fn stub_in(output: &Path) -> Result<PathBuf> {
    let mut stubs = crate::layering::files_under(output)?;
    stubs.retain(|path| path.file_name().is_some_and(|name| name == STUB));
    stubs.pop().ok_or_else(|| Failure::new(format!("maturin wrote no {STUB}")))
}

/// The package itself, its tests, and programs that use it, in a folder where only the installed package can be found:
/// those that are right, and one whose every wrong line must be reported.
fn check_types(package: &Path, tally: &mut Tally) -> Result {
    let (tests, consumer) = (package.join("tests"), emptied("consumer")?);
    for folder in [tests.join("typing"), root().join("examples").join(LANGUAGE.name), package.join("bench")] {
        for file in crate::layering::files_under(&folder)? {
            fs::copy(&file, consumer.join(file.file_name().unwrap_or_default()))?;
        }
    }
    let python = venv()?.join("bin").join("python");
    for subject in [&package.join("nexa"), &tests, &consumer] {
        let mut mypy = program("mypy")?;
        mypy.args(["--strict", "--cache-dir"]).arg(LANGUAGE.output()?.join("mypy"));
        mypy.arg("--python-executable").arg(&python).arg(".");
        tally.count(&format!("mypy in {}", subject.display()), run(mypy.current_dir(subject)));
    }
    for subject in [package, &consumer] {
        let mut pyright = program("pyright")?;
        pyright.arg("--warnings").arg("--pythonpath").arg(&python);
        tally.count(&format!("pyright in {}", subject.display()), run(pyright.current_dir(subject)));
    }
    Ok(())
}

fn venv() -> Result<PathBuf> {
    Ok(cache()?.join("python-venv"))
}

fn quickstart() -> PathBuf {
    root().join("examples").join(LANGUAGE.name).join("quickstart.py")
}

/// A folder of this name in the output, with nothing in it.
fn emptied(name: &str) -> Result<PathBuf> {
    let folder = LANGUAGE.output()?.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn program(name: &str) -> Result<Command> {
    Ok(inside(&venv()?, name))
}

/// A program of an environment, which maturin knows by `VIRTUAL_ENV`.
fn inside(venv: &Path, name: &str) -> Command {
    let mut program = command(venv.join("bin").join(name));
    program.env("VIRTUAL_ENV", venv).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_python_s_own_beside_a_method_of_that_name() {
        let one = "\nfrom a import b\n\n@final\nclass A:\n    def list(self) -> list[B]:\n\n@final\nclass B:\n    def keys(self) -> list[A]:\n";
        let expected =
            one.replace("\nfrom", "\nimport builtins\nfrom").replace("list[B]", "builtins.list[B]");
        assert_eq!(lists_of_python(one), expected);
        let none = "\nfrom a import b\n\n@final\nclass B:\n    def keys(self) -> list[A]:\n";
        assert_eq!(lists_of_python(none), none);
    }

    fn wheel_of(names: &[&str]) -> Result<PathBuf> {
        only_wheel(names.iter().map(PathBuf::from).collect())
    }

    #[test]
    fn one_wheel_for_every_python_is_taken() {
        let name = "nexa-0.1.0-cp310-abi3-manylinux_2_34_x86_64.whl";
        assert_eq!(wheel_of(&[name]), Ok(PathBuf::from(name)));
    }

    #[test]
    fn none_two_or_one_for_a_single_python_do_not_hold() {
        let name = "nexa-0.1.0-cp310-abi3-linux_x86_64.whl";
        assert!(wheel_of(&[]).is_err());
        assert!(wheel_of(&[name, name]).is_err());
        assert!(wheel_of(&["nexa-0.1.0-cp311-cp311-linux_x86_64.whl"]).is_err());
    }
}
