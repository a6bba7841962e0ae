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
        .library(name: "FirnClient", targets: ["FirnClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
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
        .target(name: "NixEval", dependencies: ["NixCompiler", "NixVM"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
