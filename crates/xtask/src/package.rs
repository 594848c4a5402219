//! `cargo xtask package`: what is published for Kotlin and for Swift.

use crate::command::{command, headline, root, run, run_quietly};
use crate::ffi::{self, Library};
use crate::toolchain::Toolchain;
use crate::{kotlin, setup, swift};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Makes what is published.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// For which language.
    #[arg(value_enum)]
    language: Language,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Language {
    /// An AAR for Android and a jar for this machine's JVMs.
    Kotlin,
    /// The Swift package with its library for Apple's systems; on a Mac.
    Swift,
}

pub(crate) fn run_package(arguments: &Arguments) -> Result<()> {
    match arguments.language {
        Language::Kotlin => package_kotlin(),
        Language::Swift => package_swift(),
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder of `target/package`, empty.
fn empty(name: &str) -> Result<PathBuf> {
    let folder = root().join("target/package").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

// Android and the JVM

/// Android's name of a processor, and Rust's.
const ABIS: [(&str, &str); 3] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86_64", "x86_64-linux-android"),
];

/// The oldest Android that the library runs on.
const MIN_SDK: u32 = 23;

/// Files at an AAR's root; see
/// <https://developer.android.com/studio/projects/android-library#aar-contents>.
const MANIFEST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="dev.steadfast">
    <uses-sdk android:minSdkVersion="MIN_SDK" />
    <uses-permission android:name="android.permission.ACCESS_NETWORK_STATE" />
</manifest>
"#;

fn package_kotlin() -> Result<()> {
    let host = kotlin::prepare()?;
    setup::maven()?;
    headline("Building the Kotlin library");
    run_quietly(
        &mut kotlin::maven(["-DskipTests", "package"]),
        "the compiler's message above says why",
    )?;
    let bindings = root().join("bindings/kotlin");
    let out = empty("kotlin")?;
    let library = bindings.join(format!("library/target/steadfast-{VERSION}.jar"));
    fs::copy(&library, out.join(format!("steadfast-{VERSION}.jar")))?;
    fs::copy(bindings.join("library/pom.xml"), out.join(format!("steadfast-{VERSION}.pom")))?;
    fs::copy(bindings.join("pom.xml"), out.join(format!("steadfast-parent-{VERSION}.pom")))?;

    let documentation = bindings.join("library/target/dokka");
    run_quietly(
        &mut kotlin::maven(["--projects", "library", "generate-sources", "dokka:dokka"]),
        "the message above says why",
    )?;
    jar(&documentation, &out.join(format!("steadfast-{VERSION}-javadoc.jar")))?;

    let aar = empty("aar")?;
    let classes = empty("classes")?;
    for jar in [
        &library,
        &bindings.join(format!("android/target/steadfast-android-classes-{VERSION}.jar")),
    ] {
        run_quietly(
            command("jar", ["--extract", "--file"]).arg(jar).current_dir(&classes),
            "is the JDK's `jar` on the path?",
        )?;
    }
    fs::rename(classes.join("META-INF/proguard/steadfast.pro"), aar.join("proguard.txt"))?;
    // The host's library and Maven's notes are of no use on a phone.
    for useless in [&kotlin::jna_folder(&host.target)?, "META-INF/maven", "META-INF/proguard"] {
        fs::remove_dir_all(classes.join(useless))?;
    }
    fs::remove_file(classes.join("META-INF/MANIFEST.MF"))?;
    jar(&classes, &aar.join("classes.jar"))?;
    fs::write(aar.join("AndroidManifest.xml"), MANIFEST.replace("MIN_SDK", &MIN_SDK.to_string()))?;
    fs::write(aar.join("R.txt"), "")?;
    let abis = android_libraries(&aar)?;
    let name = format!("steadfast-android-{VERSION}");
    jar(&aar, &out.join(format!("{name}.aar")))?;
    fs::write(out.join(format!("{name}.pom")), android_pom(&bindings)?)?;

    headline("Made, in target/package/kotlin");
    for file in fs::read_dir(&out)? {
        let file = file?;
        println!("{:<44} {:>9} bytes", file.file_name().to_string_lossy(), file.metadata()?.len());
    }
    println!(
        "\nsteadfast-{VERSION}.jar runs on JVMs of {} only: it holds that machine's native library.",
        host.target
    );
    if abis.is_empty() {
        println!(
            "The AAR holds NO native library, so no app can use it: there is no Android NDK here. Install it, set ANDROID_NDK_HOME, and run this again."
        );
    } else {
        println!(
            "The AAR holds the native library for: {}. Apps for other processors cannot use it.",
            abis.join(", ")
        );
    }
    Ok(())
}

/// Puts a folder's contents into an archive.
fn jar(folder: &Path, archive: &Path) -> Result<()> {
    let mut jar =
        command("jar", ["--create", "--no-manifest", "--date=1980-01-02T00:00:00Z", "--file"]);
    run_quietly(jar.arg(archive).arg("-C").arg(folder).arg("."), "is the JDK's `jar` on the path?")
}

/// Builds the native library for every Android processor, if there is an NDK; returns for which.
fn android_libraries(aar: &Path) -> Result<Vec<&'static str>> {
    let Some(ndk) = ndk() else { return Ok(Vec::new()) };
    let host = if cfg!(target_os = "macos") { "darwin-x86_64" } else { "linux-x86_64" };
    let tools = ndk.join("toolchains/llvm/prebuilt").join(host).join("bin");
    let toolchain = Toolchain::installed()?;
    headline(&format!("Building the library for Android with {}", ndk.display()));
    for (abi, target) in ABIS {
        // Clang's name for 32-bit ARM differs from Rust's.
        let clang = tools.join(format!("{}{MIN_SDK}-clang", target.replace("armv7-", "armv7a-")));
        let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        let library = ffi::build_for(
            &toolchain,
            target,
            &[(variable, clang), ("STRIP".to_owned(), tools.join("llvm-strip"))],
        )?;
        let folder = aar.join("jni").join(abi);
        fs::create_dir_all(&folder)?;
        fs::copy(&library.stripped, folder.join(library.file_name()))?;
    }
    Ok(ABIS.map(|(abi, _)| abi).to_vec())
}

/// The Android NDK, where its installers put it.
fn ndk() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_dir());
    variable("ANDROID_NDK_HOME").or_else(|| variable("ANDROID_NDK_ROOT")).or_else(|| {
        let all = fs::read_dir(variable("ANDROID_HOME")?.join("ndk")).ok()?;
        all.filter_map(|folder| Some(folder.ok()?.path())).max()
    })
}

/// What the AAR depends on: the library's own dependencies, in the form that Android's build wants.
fn android_pom(bindings: &Path) -> Result<String> {
    let parent = fs::read_to_string(bindings.join("pom.xml"))?;
    let version = |name: &str| {
        let (_, rest) = parent.split_once(&format!("<{name}.version>"))?;
        rest.split_once('<').map(|(version, _)| version.to_owned())
    };
    let mut dependencies = Vec::new();
    for (group, artifact, property, kind) in [
        ("org.jetbrains.kotlin", "kotlin-stdlib", "kotlin", "jar"),
        ("org.jetbrains.kotlinx", "kotlinx-coroutines-android", "coroutines", "jar"),
        ("net.java.dev.jna", "jna", "jna", "aar"),
        ("com.squareup.okhttp3", "okhttp", "okhttp", "jar"),
    ] {
        let version = version(property)
            .with_context(|| format!("bindings/kotlin/pom.xml has no <{property}.version>"))?;
        dependencies.push(format!(
            "    <dependency>\n      <groupId>{group}</groupId>\n      <artifactId>{artifact}</artifactId>\n      <version>{version}</version>\n      <type>{kind}</type>\n      <scope>compile</scope>\n    </dependency>\n"
        ));
    }
    let dependencies = dependencies.concat();
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
         xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.steadfast</groupId>
  <artifactId>steadfast-android</artifactId>
  <version>{VERSION}</version>
  <packaging>aar</packaging>
  <name>Steadfast for Android</name>
  <description>Keeps an app connected to a backend that works: health checks, failover and failback.</description>
  <url>https://github.com/steadfast-rs/steadfast</url>
  <licenses>
    <license><name>MIT</name><url>https://opensource.org/license/mit</url></license>
    <license><name>Apache-2.0</name><url>https://www.apache.org/licenses/LICENSE-2.0</url></license>
  </licenses>
  <dependencies>
{dependencies}  </dependencies>
</project>
"#
    ))
}

// Apple's systems

/// Targets that go into Apple's library: those of a line run on the same system and are put into
/// one library.
const APPLE: [&[&str]; 3] = [
    &["aarch64-apple-ios"],
    &["aarch64-apple-ios-sim", "x86_64-apple-ios"],
    &["aarch64-apple-darwin", "x86_64-apple-darwin"],
];

fn package_swift() -> Result<()> {
    if !cfg!(target_os = "macos") {
        bail!(
            "an XCFramework can only be made on a Mac; elsewhere, `cargo xtask swift` builds the package with this machine's library"
        );
    }
    let host = swift::prepare()?;
    let toolchain = Toolchain::installed()?;
    let work = empty("xcframework")?;
    let package = root().join("bindings/swift");
    let headers = work.join("headers");
    fs::create_dir_all(&headers)?;
    for file in ["module.modulemap", "SteadfastFFI.h", "SteadfastTypesFFI.h"] {
        fs::copy(package.join("Sources/SteadfastFFI").join(file), headers.join(file))?;
    }
    headline("Building the library for Apple's systems");
    let framework = package.join("SteadfastFFI.xcframework");
    if framework.exists() {
        fs::remove_dir_all(&framework)?;
    }
    let mut create = command("xcodebuild", ["-create-xcframework"]);
    for targets in APPLE {
        let libraries = targets
            .iter()
            .map(|target| ffi::build_for(&toolchain, target, &[]))
            .collect::<Result<Vec<_>>>()?;
        let folder = work.join(targets[0]);
        fs::create_dir_all(&folder)?;
        let joined = folder.join("libsteadfast_ffi.a");
        let mut lipo = command("lipo", ["-create"]);
        lipo.args(libraries.iter().map(Library::archive)).arg("-output").arg(&joined);
        run_quietly(&mut lipo, "install Xcode")?;
        create.arg("-library").arg(joined).arg("-headers").arg(&headers);
    }
    run(create.arg("-output").arg(&framework), "install Xcode")?;
    let out = empty("swift")?;
    let archive = out.join(format!("steadfast-swift-{VERSION}.zip"));
    let mut zip = command("zip", ["--quiet", "--recurse-paths", "--symlinks"]);
    zip.arg(&archive)
        .args(["Package.swift", "Sources", "Tests", "SteadfastFFI.xcframework"])
        .current_dir(&package);
    run(&mut zip, "install zip")?;
    println!("\nMade {} (and {} for this machine)", archive.display(), host.target);
    Ok(())
}
