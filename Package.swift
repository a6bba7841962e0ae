// swift-tools-version: 6.2
import PackageDescription

/// Every target treats warnings as errors; all but the VM, whose heap is raw memory throughout, mark what is unsafe.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error), .strictMemorySafety()]
let machine: [SwiftSetting] = [.treatAllWarnings(as: .error), .unsafeFlags(["-Ounchecked"])]

let package = Package(
    name: "firn",
    products: [
        .executable(name: "firn", targets: ["firn"]),
        .library(name: "NixEval", targets: ["NixEval"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    ],
    targets: [
        .target(name: "NixSyntax", swiftSettings: strict),
        .target(
            name: "NixBytecode", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(name: "NixCompiler", dependencies: ["NixSyntax", "NixBytecode"], swiftSettings: strict),
        .target(
            name: "NixStore", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
        .target(name: "NixVM", dependencies: ["NixBytecode", "NixStore"], swiftSettings: machine),
        .target(
            name: "NixEval", dependencies: ["NixSyntax", "NixBytecode", "NixCompiler", "NixStore", "NixVM"],
            swiftSettings: strict),
        .target(
            name: "FirnCommands",
            dependencies: ["NixEval", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        // Linked statically: the process starts in a third of the time.
        .executableTarget(
            name: "firn", dependencies: ["FirnCommands"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-static-stdlib"]), .linkedLibrary("_FoundationCollections"),
                .linkedLibrary("_FoundationCShims"),
            ]),
        .testTarget(name: "NixSyntaxTests", dependencies: ["NixSyntax"], swiftSettings: strict),
        .testTarget(name: "NixBytecodeTests", dependencies: ["NixBytecode"], swiftSettings: strict),
        .testTarget(name: "NixCompilerTests", dependencies: ["NixCompiler"], swiftSettings: strict),
        .testTarget(name: "NixStoreTests", dependencies: ["NixStore"], swiftSettings: strict),
        .testTarget(name: "LanguageTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
