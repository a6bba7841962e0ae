import FirnProtocol
import Testing

@Suite struct JobSpecificationTests {
    static let source = WireJobSpecification.with { $0.source.text = .init("1 + 1".utf8) }

    @Test func aPreparedSetNeedsNoProgram() throws {
        let job = WireJobSpecification.with { $0.prepared.name = "nixpkgs" }
        #expect(try WireJobSpecification.validated(encoded: job.encoded()) == job)
    }

    @Test func aPlainSourceIsGood() throws {
        #expect(try WireJobSpecification.validated(encoded: Self.source.encoded()) == Self.source)
    }

    static let faults: [(String, @Sendable (inout WireJobSpecification) -> Void)] = [
        ("none of source", { $0.program = nil }),
        ("priority", { $0.priority = 1_001 }),
        ("idempotency_key", { $0.idempotencyKey = .init(repeating: 0, count: 65) }),
        ("label", { $0.label = String(repeating: "x", count: 201) }),
        ("trace_level", { $0.traceLevel = .UNRECOGNIZED(9) }),
        ("format", { $0.format = .UNRECOGNIZED(9) }),
        ("negative", { $0.notBeforeUnixMs = -1 }),
        ("not after", { ($0.notBeforeUnixMs, $0.expiresUnixMs) = (2, 2) }),
        ("twice", { $0.features = ["a", "a"] }),
        ("system", { $0.system = String(repeating: "x", count: 65) }),
        ("walk.paths has 0", { $0.walk = WireAttributeWalk() }),
        (
            "walk goes with none",
            {
                $0.walk.paths = [WireAttributePath()]
                $0.attribute = "a"
            }
        ),
        ("empty or longer", { $0.features = [""] }),
        ("prepared.name", { $0.prepared = WirePreparedUse() }),
        (
            "prepared.identity has 3 bytes",
            { $0.prepared = .with { ($0.name, $0.identity) = ("x", .init(repeating: 1, count: 3)) } }
        ),
        (
            "prepared goes with a source",
            {
                $0.prepared.name = "x"
                $0.encoded.program = .init("p".utf8)
            }
        ),
        (
            "which the set has",
            {
                $0.prepared.name = "x"
                $0.system = "x86_64-linux"
            }
        ),
        ("closure.run", { $0.closure.run = .init(repeating: 0, count: 65) }),
        ("closure.destination", { $0.closure.destination = .UNRECOGNIZED(9) }),
        ("closure.local_roots names", { $0.closure.localRoots = ["lib"] }),
        (
            "closure.local_roots goes with",
            {
                $0.roots = [.with { $0.name = "lib" }]
                $0.closure = .with { ($0.destination, $0.localRoots) = (.cache, ["lib"]) }
            }
        ),
        ("no value", { $0.arguments = [.with { $0.name = "x" }] }),
        ("not one of the job's roots", { $0.rootFile = .with { ($0.root, $0.path) = ("lib", "a.nix") } }),
        (
            "part . or ..",
            {
                $0.roots = [.with { $0.name = "lib" }]
                $0.rootFile = .with { ($0.root, $0.path) = ("lib", "a/../../b") }
            }
        ),
        ("not one of its files", { $0.bundle = .with { $0.files = [.with { $0.path = "a" }] } }),
        (
            "a directory of",
            {
                $0.bundle = .with {
                    $0.files = [.with { $0.path = "a" }, .with { $0.path = "a/b" }]
                    $0.entry = "a"
                }
            }
        ),
        ("search_path has more", { $0.searchPath = .init(repeating: .with { $0.path = .init("/x".utf8) }, count: 65) }),
        ("no absolute path", { $0.searchPath = [.with { $0.path = .init("x".utf8) }] }),
        ("no absolute path", { $0.searchPath = [.with { $0.path = .init("/x\0".utf8) }] }),
        ("directory.root", { $0.directory = .with { $0.root = "lib" } }),
        (
            "directory.path",
            {
                $0.roots = [.with { $0.name = "lib" }]
                $0.directory = .with { ($0.root, $0.path) = ("lib", "..") }
            }
        ),
        ("encoded.program is empty", { $0.encoded = WireEncodedProgram() }),
    ]

    @Test(arguments: faults.indices) func eachRuleIsChecked(index: Int) {
        var specification = Self.source
        Self.faults[index].1(&specification)
        let error = #expect(throws: ProtocolError.self) { try specification.validate() }
        #expect(error?.code == .invalidJob)
        #expect(error?.message.contains(Self.faults[index].0) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["", "/a", "a/", "a//b", ".", "..", "a/./b", "../a", "a\0b"]) func pathsThatLeadOut(path: String) {
        #expect(RelativePath.fault(in: path) != nil)
    }

    @Test func ordinaryPaths() {
        #expect(RelativePath.fault(in: "lib/..hidden/default.nix") == nil)
    }

    @Test func tooLargeAndUnreadableJobsAreTold() {
        let large = #expect(throws: ProtocolError.self) {
            try WireJobSpecification.validated(encoded: Self.source.encoded(), maxBytes: 3)
        }
        #expect(large?.code == .jobTooLarge)
        let unreadable = #expect(throws: ProtocolError.self) {
            try WireJobSpecification.validated(encoded: [0x0A, 0xFF] as [UInt8])
        }
        #expect(unreadable?.code == .invalidJob)
    }
}
