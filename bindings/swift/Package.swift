// swift-tools-version: 6.0

import PackageDescription

// Apple's systems get the library as an XCFramework, which `cargo xtask package swift` or a release makes. Elsewhere it is the one that
// `cargo xtask swift` built on this machine.
#if canImport(Darwin)
    let library: Target = .binaryTarget(name: "SteadfastFFI", path: "SteadfastFFI.xcframework")
    let linking: [LinkerSetting] = []
#else
    let library: Target = .systemLibrary(name: "SteadfastFFI")
    let folder = Context.packageDirectory + "/Library"
    let linking: [LinkerSetting] = [.unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath=\(folder)"])]
#endif

let package = Package(
    name: "Steadfast",
    platforms: [.iOS(.v16), .macOS(.v13), .tvOS(.v16), .watchOS(.v9), .visionOS(.v1)],
    products: [.library(name: "Steadfast", targets: ["Steadfast"])],
    targets: [
        library,
        // Generated code, which the compiler of Swift 6.0 cannot check for data races: it crashes.
        .target(name: "SteadfastCore", dependencies: ["SteadfastFFI"], swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: linking),
        .target(name: "Steadfast", dependencies: ["SteadfastCore"]),
        .executableTarget(name: "Sample", dependencies: ["Steadfast"]),
        .testTarget(name: "SteadfastTests", dependencies: ["Steadfast"]),
    ],
    swiftLanguageModes: [.v6]
)
