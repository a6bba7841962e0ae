// swift-tools-version: 6.2
import PackageDescription

/// Every target but the generated FirnMessages treats warnings as errors; all of these but the VM, whose heap is raw
/// memory throughout, mark what is unsafe.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error), .strictMemorySafety()]
/// Overflow and bounds are checked in the VM, too: that costs 0.2 to 1.2 % of its instructions, and 2.7 % in `mapAttrs`.
/// Accesses are not watched at run time, which would cost 2.5 % more: one thread runs a machine.
let machine: [SwiftSetting] = [.treatAllWarnings(as: .error), .unsafeFlags(["-enforce-exclusivity=unchecked"])]

/// scripts/fuzz sets the variable where it has everything compiled for libFuzzer.
let isFuzzing = Context.environment["FIRN_LIBFUZZER"] != nil

let package = Package(
    name: "firn",
    products: [
        .executable(name: "firn", targets: ["firn"]),
        .executable(name: "firn-farm", targets: ["firn-farm"]),
        .library(name: "NixEval", targets: ["NixEval"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // What the evaluator and the farm both need of Linux: a clock, threads with a given stack, whole files.
        .systemLibrary(name: "CPlatform"),
        .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: strict),
        // The sandbox of processes that evaluate for strangers. It is a target of its own because only the farm links
        // libseccomp.
        .systemLibrary(name: "CSandbox", providers: [.apt(["libseccomp-dev"])]),
        .target(name: "Sandbox", dependencies: ["CSandbox"], swiftSettings: strict),
        .target(name: "MessageText", swiftSettings: strict),
        .target(name: "ByteCounting", swiftSettings: strict),
        .target(name: "NixSyntax", dependencies: ["ByteCounting", "MessageText"], swiftSettings: strict),
        .target(
            name: "NixBytecode", dependencies: ["ByteCounting", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "NixCompiler", dependencies: ["ByteCounting", "MessageText", "NixSyntax", "NixBytecode"],
            swiftSettings: strict),
        .systemLibrary(
            name: "CCompression", providers: [.apt(["zlib1g-dev", "libbz2-dev", "liblzma-dev"])]),
        .target(
            name: "NixStore",
            dependencies: [
                "CCompression", "CPlatform", "MessageText", "NixFormats", "Platform",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        // Parsers and searches that do not depend on values. They are a target of their own to be compiled with checks.
        .target(name: "NixFormats", dependencies: ["MessageText"], swiftSettings: strict),
        .target(
            name: "NixVM", dependencies: ["MessageText", "NixBytecode", "NixFormats", "NixStore", "Platform"],
            swiftSettings: machine),
        .target(
            name: "NixEval",
            dependencies: ["MessageText", "NixSyntax", "NixBytecode", "NixCompiler", "NixStore", "NixVM", "Platform"],
            resources: [
                "attribute-walk", "call-flake", "derivation", "fetchurl", "flake-inputs", "get-flake",
                "imported-derivation", "package",
            ].map { .embedInCode("NixSources/\($0).nix") }, swiftSettings: strict),
        // Locks flakes and calls them. Programs that evaluate no flake do without it.
        .target(
            name: "NixFlakes", dependencies: ["MessageText", "NixEval", "NixFormats", "NixStore", "NixVM", "Platform"],
            swiftSettings: strict),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "ZeroMQ", dependencies: ["CPlatform", "CZeroMQ", "Platform"], swiftSettings: strict),
        .target(
            name: "FirnMessages", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .target(
            name: "FirnProtocol",
            dependencies: ["FirnMessages", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            swiftSettings: strict),
        .target(name: "FirnKeys", dependencies: ["FirnProtocol", "Platform"], swiftSettings: strict),
        .target(
            name: "JobStore",
            dependencies: [
                "CPlatform", "Platform", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "FirnCoordinator",
            dependencies: [
                "FirnKeys", "FirnProtocol", "JobStore", "NixStore", "Platform", "ZeroMQ",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "FirnClient",
            dependencies: [
                "FirnProtocol", "Platform", "ZeroMQ", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], swiftSettings: strict),
        .target(
            name: "FirnWorker",
            dependencies: [
                "CPlatform", "FirnProtocol", "NixBytecode", "NixEval", "NixStore", "NixVM", "Platform", "Sandbox",
                "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(
            name: "FirnCommands",
            dependencies: [
                "NixBytecode", "NixCompiler", "NixEval", "NixFlakes", "NixFormats", "NixStore", "NixSyntax", "NixVM",
                "Platform", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .target(
            name: "FarmCommands",
            dependencies: [
                "FirnClient", "FirnCommands", "FirnCoordinator", "FirnKeys", "FirnProtocol", "FirnWorker", "JobStore",
                "NixEval", "NixFlakes", "NixFormats", "NixStore", "NixSyntax", "NixVM", "Platform", "Sandbox", "ZeroMQ",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ], swiftSettings: strict),
        // Static linking makes the process start in a third of the time.
        .executableTarget(
            name: "firn", dependencies: ["FirnCommands"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-static-stdlib"]), .linkedLibrary("_FoundationCollections"),
                .linkedLibrary("_FoundationCShims"),
            ]),
        // `firn` executes it for the farm's commands. Sources/FirnCommands/Support/FarmExecutable.swift gives the reason.
        .executableTarget(
            name: "firn-farm", dependencies: ["FarmCommands"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-static-stdlib"]), .linkedLibrary("_FoundationCollections"),
                .linkedLibrary("_FoundationCShims"), .linkedLibrary("CoreFoundation"),
                .linkedLibrary("_FoundationICU"),
            ]),
        .target(
            name: "TestSupport", dependencies: ["Platform"], path: "Tests/TestSupport", swiftSettings: strict),
        // Random sources, programs and jobs, for tests and for the executable of scripts/fuzz.
        .target(
            name: "Fuzzing",
            dependencies: [
                "NixSyntax", "NixCompiler", "NixBytecode", "NixStore", "NixVM", "NixEval", "Platform", "TestSupport",
            ], path: "Tests/Fuzzing", swiftSettings: strict),
        .executableTarget(
            name: "firn-fuzz", dependencies: ["Fuzzing", "NixBytecode", "NixEval", "Platform"], path: "Tests/Fuzz",
            exclude: ["Cases"], swiftSettings: strict),
        // What reads bytes from outside, for libFuzzer (firn-fuzz-inputs, which only scripts/fuzz builds) and for tests.
        .target(
            name: "InputFuzzing",
            dependencies: [
                "Fuzzing", "FirnKeys", "FirnProtocol", "NixBytecode", "NixEval", "NixFlakes", "NixStore", "NixSyntax",
                "NixVM",
            ], path: "Tests/InputFuzzing", swiftSettings: strict),
        .executableTarget(
            name: "firn-fuzz-inputs", dependencies: ["InputFuzzing"], path: "Tests/FuzzInputs",
            swiftSettings: strict + (isFuzzing ? [.define("LIBFUZZER")] : []),
            // The default linker fails on what the sanitizers add.
            linkerSettings: isFuzzing ? [.unsafeFlags(["-use-ld=lld"])] : []),
        .testTarget(
            name: "InputFuzzingTests", dependencies: ["InputFuzzing"], exclude: ["Findings"], swiftSettings: strict),
        .testTarget(
            name: "NixSyntaxTests", dependencies: ["ByteCounting", "MessageText", "NixSyntax"],
            exclude: ["Cases", "Refused.txt"],
            swiftSettings: strict),
        .testTarget(name: "NixBytecodeTests", dependencies: ["NixBytecode", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "NixCompilerTests", dependencies: ["NixBytecode", "NixCompiler", "NixSyntax"],
            swiftSettings: strict),
        .testTarget(name: "NixFormatsTests", dependencies: ["NixFormats"], swiftSettings: strict),
        .testTarget(
            name: "NixStoreTests",
            dependencies: [
                "NixStore", "Platform", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: strict),
        .testTarget(
            name: "NixVMTests",
            dependencies: [
                "Fuzzing", "MessageText", "NixBytecode", "NixEval", "NixStore", "NixVM", "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "NixEvalTests",
            dependencies: ["NixEval", "NixSyntax", "NixCompiler", "NixBytecode", "NixStore", "NixVM", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "NixFlakesTests",
            dependencies: ["NixEval", "NixFlakes", "NixFormats", "NixStore", "NixVM", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "LanguageTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "FarmCommandsTests",
            dependencies: [
                "FarmCommands", "FirnCommands", "FirnCoordinator", "FirnKeys", "FirnProtocol", "FirnWorker",
                "NixEval",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CRawSystemCalls", path: "Tests/RawSystemCalls"),
        // A worker whose evaluator ignores its cancellation flag, and does what a job might that has taken over its process, for
        // tests of the watchdog and of the sandbox.
        .executableTarget(
            name: "stubborn-worker",
            dependencies: [
                "CRawSystemCalls", "FirnWorker", "FirnProtocol", "Sandbox",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], path: "Tests/StubbornWorker", swiftSettings: strict),
        // Tests with real processes, which run the built firn-farm and stubborn-worker.
        .testTarget(
            name: "FarmTests",
            dependencies: [
                "CRawSystemCalls", "FirnClient", "FirnKeys", "FirnProtocol", "FirnWorker", "TestSupport", "ZeroMQ",
                "stubborn-worker",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"], swiftSettings: strict),
        // Tests of the parts of the sandbox, each in a process that enters it: stubborn-worker.
        .testTarget(
            name: "SandboxTests", dependencies: ["CRawSystemCalls", "Sandbox", "TestSupport", "stubborn-worker"],
            swiftSettings: strict),
        .testTarget(name: "ZeroMQTests", dependencies: ["Platform", "ZeroMQ"], swiftSettings: strict),
        .testTarget(name: "FirnKeysTests", dependencies: ["FirnKeys", "FirnProtocol"], swiftSettings: strict),
        .testTarget(name: "FirnProtocolTests", dependencies: ["FirnProtocol", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "JobStoreTests", dependencies: ["JobStore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(
            name: "FirnCoordinatorTests",
            dependencies: [
                "FirnCoordinator", "FirnClient", "FirnKeys", "FirnProtocol", "JobStore", "Platform", "TestSupport",
                "ZeroMQ",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .testTarget(
            name: "FirnClientTests", dependencies: ["FirnClient", "FirnProtocol", "Platform", "ZeroMQ"],
            swiftSettings: strict),
        .testTarget(
            name: "FirnWorkerTests",
            dependencies: [
                "FirnWorker", "FirnProtocol", "NixEval", "NixStore", "NixVM", "NixBytecode", "Sandbox", "ZeroMQ",
                "stubborn-worker",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
