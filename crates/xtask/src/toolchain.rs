//! The compiler of what is downloaded: it builds the standard library along, for size.

use crate::command::{command, headline, installed, root, succeeds};
use crate::setup::apt;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler that has the standard library's sources. Built along with ours, without its
/// backtraces and optimized for size, it spares every visitor of a page a fifth of the WebAssembly,
/// and every phone a quarter of the library.
pub(crate) struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    /// Where LLVM's linkers are, if the compiler does not bring them.
    llvm: Option<PathBuf>,
    name: &'static str,
}

/// What is built with it.
pub(crate) struct Build<'a> {
    pub(crate) target: &'a str,
    pub(crate) package: &'a str,
    /// Cargo profile.
    pub(crate) profile: &'a str,
    /// The crate that panics end in: `panic_abort` or `panic_unwind`.
    pub(crate) panic: &'a str,
    pub(crate) flags: &'a str,
}

const WASM: &str = "wasm32-unknown-unknown";

impl Toolchain {
    /// Sees to one.
    pub(crate) fn installed() -> Result<Self> {
        if let Some(found) = Self::rustup().or_else(Self::debian) {
            return Ok(found);
        }
        headline("Installing a compiler that can build its standard library");
        if succeeds(&mut command("rustup", ["component", "add", "rust-src"]))
            && let Some(found) = Self::rustup()
        {
            return Ok(found);
        }
        println!("rustup could not add rust-src; trying Debian's packages");
        apt(&["rustc-web", "cargo-web", "rust-web-src", "lld-19"])?;
        Self::debian().context(
            "no standard library sources: run `rustup component add rust-src` with network access",
        )
    }

    /// The one that compiles everything else.
    fn rustup() -> Option<Self> {
        let own = Self {
            cargo: std::env::var_os("CARGO")?.into(),
            rustc: installed("rustc")?,
            llvm: None,
            name: "rustup",
        };
        own.has_sources().then_some(own)
    }

    /// Debian's.
    fn debian() -> Option<Self> {
        let [cargo, rustc] = ["cargo", "rustc"].map(|name| Path::new("/usr/bin").join(name));
        let llvm = PathBuf::from("/usr/lib/llvm-19/bin");
        let found = cargo.exists() && llvm.join("ld.lld").exists() && rustc.exists();
        let own = Self { cargo, rustc, llvm: Some(llvm), name: "debian" };
        (found && own.has_sources()).then_some(own)
    }

    fn has_sources(&self) -> bool {
        self.says(&["--print", "sysroot"]).is_some_and(|sysroot| {
            Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").exists()
        })
    }

    fn says(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new(&self.rustc).args(arguments).current_dir(root()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The target of this machine.
    pub(crate) fn host(&self) -> Result<String> {
        self.says(&["--print", "host-tuple"])
            .filter(|host| !host.is_empty())
            .context("`rustc --print host-tuple` says nothing")
    }

    /// The cargo command of a build, and the folder that the result will be in.
    pub(crate) fn build(&self, build: &Build) -> (Command, PathBuf) {
        let Build { target, package, profile, panic, flags } = build;
        let std = format!("-Zbuild-std=std,{panic}");
        // Each compiler has a target folder of its own, or they would evict each other's work.
        let folder = root().join("target").join(format!("{}-{}", build.name(), self.name));
        let mut command = command(
            &self.cargo.to_string_lossy(),
            ["build", "--locked", "--target", target, "--profile", profile],
        );
        command
            .args(["--package", package, &std, "-Zbuild-std-features=optimize_for_size"])
            .env("RUSTC", &self.rustc)
            // These flags are unstable; a stable compiler takes them with this.
            .env("RUSTC_BOOTSTRAP", "1")
            .env(
                "RUSTFLAGS",
                format!("-Zlocation-detail=none -Zfmt-debug=none {flags} {}", self.linking(target)),
            )
            .env("CARGO_TARGET_DIR", &folder);
        if let Some(llvm) = &self.llvm {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", llvm.join("wasm-ld"));
        }
        let result = folder.join(target).join(profile);
        (command, result)
    }

    /// LLVM's linker puts functions together that came out the same.
    fn linking(&self, target: &str) -> String {
        const SAME_CODE: &str = "-Clink-arg=-Wl,--icf=all";
        match &self.llvm {
            _ if target == WASM => String::new(),
            // The NDK's clang uses that linker. Newer phones map memory in pages of 16 KB.
            _ if target.contains("android") => {
                format!("{SAME_CODE} -Clink-arg=-Wl,-z,max-page-size=16384")
            }
            Some(llvm) => {
                format!("{SAME_CODE} -Clink-arg=-fuse-ld=lld -Clink-arg=-B{}", llvm.display())
            }
            // This target's compiler brings that linker and uses it by default.
            None if target == "x86_64-unknown-linux-gnu" => SAME_CODE.to_owned(),
            None => String::new(),
        }
    }
}

impl Build<'_> {
    fn name(&self) -> &str {
        if self.target == WASM { "wasm" } else { "ffi" }
    }
}
