//! The Swift package: its native part, its generated code, its tests, on this system's Swift or on
//! one in a folder of its own.

use crate::api::Face;
use crate::command::{command, headline, in_ci, installed, root, run, run_quietly};
use crate::ffi::{self, Library};
use crate::{demo, generate, setup};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

fn package() -> PathBuf {
    root().join("bindings/swift")
}

/// Puts the native library and the generated Swift where the package's build finds them.
pub(crate) fn prepare() -> Result<Library> {
    let generated = root().join("target/swift");
    let library = ffi::build_with_code("swift", &generated)?;
    let swift = package().join("Sources/SteadfastCore/Generated");
    std::fs::create_dir_all(&swift)?;
    for module in ["SteadfastCore", "SteadfastTypes"] {
        copy_if_new(
            &generated.join(module).with_extension("swift"),
            &swift.join(module).with_extension("swift"),
        )?;
    }
    for header in ["SteadfastFFI.h", "SteadfastTypesFFI.h"] {
        copy_if_new(&generated.join(header), &package().join("Sources/SteadfastFFI").join(header))?;
    }
    let folder = package().join("Library");
    std::fs::create_dir_all(&folder)?;
    copy_if_new(&library.stripped, &folder.join(library.file_name()))?;
    Ok(library)
}

/// Copies a file unless it is there already: a new date would build everything anew.
fn copy_if_new(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from).with_context(|| from.display().to_string())?;
    if std::fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    std::fs::write(to, bytes).with_context(|| to.display().to_string())
}

/// Builds and tests the package. It is skipped, out of CI, where there is no Swift and no right to
/// install one.
pub(crate) fn test() -> Result<()> {
    if !Swift::can_be_had() && !in_ci() {
        println!("SKIPPED, nothing of the Swift package was tested: {MISSING}");
        return Ok(());
    }
    prepare()?;
    generate::write_scripts("swift")?;
    demo::build_testbed()?;
    let swift = Swift::installed()?;
    headline("Building and testing the Swift package");
    run(&mut swift.command("swift test")?, "the failing test says what it expected")?;
    if cfg!(target_os = "linux") {
        return Face::Swift.compare();
    }
    println!(
        "NOT COMPARED with docs/api/swift.txt, which is written on Linux: what is for Apple's systems alone is not in it."
    );
    Ok(())
}

/// What the compiler says of the modules that apps import, as the package was built last.
pub(crate) fn symbols() -> Result<PathBuf> {
    let folder = package().join(".build/symbols");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let extract = ["Steadfast", "SteadfastCore"].map(|module| {
        format!(
            "swift symbolgraph-extract -module-name {module} -I .build/debug/Modules -I Sources/SteadfastFFI -target $target -minimum-access-level public -skip-synthesized-members -output-dir .build/symbols"
        )
    });
    // What the compiler calls this machine.
    let target = r#"target=$(swiftc -print-target-info | sed -n "s/.*\"unversionedTriple\": \"\(.*\)\",/\1/p")"#;
    let script = [&[target.to_owned()], &extract[..]].concat().join(" && ");
    run_quietly(
        &mut Swift::installed()?.command(&script)?,
        "the compiler's message above says why",
    )?;
    Ok(folder)
}

/// A Swift: this system's, or Debian's in a folder of its own.
pub(crate) enum Swift {
    System,
    Folder(PathBuf),
}

const MISSING: &str = "Swift is missing, and only root on Linux can set one up in a folder of its own; install Swift 6, see https://www.swift.org/install";

impl Swift {
    fn can_be_had() -> bool {
        installed("swift").is_some() || cfg!(target_os = "linux") && setup::is_root()
    }

    /// Sees to one.
    pub(crate) fn installed() -> Result<Self> {
        if installed("swift").is_some() {
            return Ok(Self::System);
        }
        let folder = cache()?.join("swift-trixie");
        let own = Self::Folder(folder.clone());
        if folder.join(COMPLETE).exists() {
            return Ok(own);
        }
        if !Self::can_be_had() {
            bail!(MISSING);
        }
        headline("Installing Swift in a folder of its own (two minutes and 3.3 GB, once)");
        setup::apt(&["debootstrap"])?;
        if folder.exists() {
            // One that was cut off.
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut bootstrap = command("debootstrap", ["--variant=minbase", "trixie"]);
        run_quietly(
            bootstrap.arg(&folder).arg("http://deb.debian.org/debian"),
            "can Debian's servers be reached?",
        )?;
        let install = "apt-get update && apt-get install -y --no-install-recommends swiftlang libc6-dev libstdc++-14-dev ca-certificates";
        let mut inside = command("chroot", [&folder]);
        run_quietly(
            inside.args(["sh", "-c", install]).env("DEBIAN_FRONTEND", "noninteractive"),
            "can Debian's servers be reached?",
        )?;
        std::fs::write(folder.join(COMPLETE), "")?;
        Ok(own)
    }

    /// A shell command in the package's folder.
    pub(crate) fn command(&self, script: &str) -> Result<Command> {
        Ok(match self {
            Self::System => {
                let mut shell = command("sh", ["-c", script]);
                shell.current_dir(package());
                shell
            }
            Self::Folder(folder) => {
                // The checkout appears inside it at the same path; mounts and processes of a
                // namespace of their own end with the command.
                let inside = folder.join(root().strip_prefix("/")?);
                std::fs::create_dir_all(&inside)?;
                let script = format!(
                    "mount --bind {root} {inside} && mount -t proc proc {folder}/proc && exec chroot {folder} sh -c 'cd {package} && {script}'",
                    root = root().display(),
                    inside = inside.display(),
                    folder = folder.display(),
                    package = package().display(),
                );
                let mut shell = command(
                    "unshare",
                    ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script],
                );
                shell.env(
                    "LD_LIBRARY_PATH",
                    "/usr/libexec/swift/lib/swift/linux:/usr/lib/swift/linux",
                );
                shell
            }
        })
    }
}

/// Says that the folder was not cut off while it was made.
const COMPLETE: &str = ".steadfast-complete";

fn cache() -> Result<PathBuf> {
    let home = std::env::home_dir().context("there is no home folder to keep Swift in")?;
    Ok(std::env::var_os("XDG_CACHE_HOME")
        .map_or_else(|| home.join(".cache"), PathBuf::from)
        .join("steadfast"))
}
