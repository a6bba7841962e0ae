import Foundation
import NixEval
import NixStore
import NixVM
import Testing

/// Trees that could make a reader hang, trap or read the wrong file. Each builtin gives a value or a clear failure,
/// long before the deadline.
@Suite struct HostileTreeTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-hostile-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    /// A sparse file of zeros.
    private func sparse(_ name: String, _ size: UInt64) throws {
        try write(name, "")
        let file = try FileHandle(forWritingTo: folder.appendingPathComponent(name))
        try file.truncate(atOffset: size)
        try file.close()
    }

    private func directory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: target)
    }

    /// All builtins that read files, where `PATH` stands for the path.
    static let readers = [
        #"import PATH"#, #"builtins.scopedImport { } PATH"#, #"builtins.readFile PATH"#, #"builtins.readDir PATH"#,
        #"builtins.hashFile "sha256" PATH"#, #"builtins.path { path = PATH; name = "n"; }"#,
        #"builtins.path { path = PATH; name = "n"; recursive = false; }"#,
        #"builtins.filterSource (path: type: true) PATH"#, #""${PATH}""#, #"[ PATH ] ++ map toString [ "${PATH}" ]"#,
        #"builtins.fetchTree { type = "path"; path = toString PATH; }"#,
        #"builtins.fetchTree { type = "file"; url = "file://${toString PATH}"; }"#,
        #"builtins.fetchTree { type = "tarball"; url = "file://${toString PATH}"; }"#,
        #"builtins.fetchTree { type = "git"; url = "file://${toString PATH}"; }"#,
        #"builtins.fetchurl { url = "file://${toString PATH}"; name = "n"; }"#,
        #"builtins.fetchTarball "file://${toString PATH}""#, #"builtins.getFlake "path:${toString PATH}""#,
        #"import (builtins.findFile [ { prefix = "x"; path = PATH; } ] "x")"#,
    ]

    private func outcome(_ reader: String, _ path: String, _ io: any EvalIO, isPure: Bool = false) -> Evaluation {
        let deadline = DispatchTime.now().uptimeNanoseconds + 60_000_000_000
        return Evaluation.of(
            reader.replacingOccurrences(of: "PATH", with: "(/. + \"\(path)\")"),
            limits: Limits(memory: 256 << 20, deadline: deadline), settings: MachineSettings(pure: isPure), io: io)
    }

    private func rooted() throws -> RootedIO {
        try RootedIO(roots: [RootedIO.Root(name: "r", directory: Array(folder.path.utf8))])
    }

    /// FIFOs and devices: directly, behind a symbolic link, in a directory, and as a directory's `default.nix`.
    @Test(arguments: readers) func refusesWhatIsNoFile(_ reader: String) throws {
        defer { remove() }
        unsafe mkfifo(path("fifo"), 0o644)
        try link("link", to: "fifo")
        try directory("inside")
        unsafe mkfifo(path("inside/default.nix"), 0o644)
        let io = try rooted()
        for name in ["fifo", "link", "inside"] {
            let isDirectory = name == "inside" && reader.contains("readDir")
            // A symbolic link is copied as such, whatever its target is.
            let isCopiedLink = name == "link" && (reader.contains("${PATH}\"") || reader.contains("\"path\""))
            for (location, io) in [(path(name), LocalIO() as any EvalIO), ("/roots/r/\(name)", io)] {
                let found = outcome(reader, location, io, isPure: location.hasPrefix("/roots"))
                if isDirectory || isCopiedLink && !reader.contains("file://") {
                    guard case .value = found else {
                        Issue.record("\(reader) of \(location): \(found)")
                        continue
                    }
                } else {
                    #expect(
                        [.failure(.io), .failure(.value), .failure(.restricted)].contains(found),
                        "\(reader) of \(location): \(found)")
                }
            }
        }
        for device in ["/dev/zero", "/dev/tty"] {
            let found = outcome(reader, device, LocalIO())
            #expect([.failure(.io), .failure(.value)].contains(found), "\(reader) of \(device): \(found)")
        }
    }

    /// Nothing outside of a root is read through its symbolic links.
    @Test(arguments: readers) func neverReadsOutOfARoot(_ reader: String) throws {
        defer { remove() }
        try directory("root")
        try directory("outside")
        try write("outside/default.nix", "1")
        try link("root/up", to: "../outside")
        try link("root/absolute", to: path("outside"))
        try link("root/file", to: "../outside/default.nix")
        let io = try RootedIO(roots: [RootedIO.Root(name: "r", directory: Array(path("root").utf8))])
        for name in ["up/default.nix", "absolute/default.nix", "../../etc/passwd"] {
            let found = outcome(reader, "/roots/r/\(name)", io, isPure: true)
            // An entry of the search path that cannot be read counts as missing.
            let isMissing = reader.contains("findFile") && found == .failure(.thrown)
            #expect(found == .failure(.restricted) || isMissing, "\(reader) of \(name): \(found)")
        }
    }

    @Test(arguments: ["import PATH", "builtins.readFile PATH", #"builtins.hashFile "sha256" PATH"#])
    func followsNoLinkOutOfARoot(_ reader: String) throws {
        defer { remove() }
        try directory("root")
        try write("outside", "1")
        try link("root/file", to: "../outside")
        let io = try RootedIO(roots: [RootedIO.Root(name: "r", directory: Array(path("root").utf8))])
        #expect(outcome(reader, "/roots/r/file", io, isPure: true) == .failure(.restricted))
    }

    /// The size of a file is irrelevant if it is only hashed, and counts against the memory limit if it is kept.
    @Test(arguments: [
        #"builtins.stringLength (builtins.readFile PATH)"#, "import PATH",
        #"(builtins.fetchTree { type = "file"; url = "file://${toString PATH}"; }).narHash"#,
    ])
    func keepsToTheMemoryLimit(_ source: String) throws {
        defer { remove() }
        try sparse("large", 300 << 20)
        #expect(outcome(source, path("large"), LocalIO()) == .failure(.memoryExceeded))
        guard case .value = outcome(#"builtins.hashFile "md5" PATH"#, path("large"), LocalIO()) else {
            Issue.record("not hashed")
            return
        }
    }

    /// Files and metadata outside of the heap count against the memory limit, too.
    @Test(arguments: [
        #"builtins.length (import (builtins.toFile "x" ("[" + rep 21 "1 " + "]")))"#,
        #"builtins.length (import (builtins.toFile "x" ("[" + rep 19 "(a: a) " + "]")))"#,
        #"let go = n: builtins.seq (import (builtins.toFile "x" "1 + ${toString n}")) (go (n + 1)); in go 0"#,
        #"builtins.fromJSON (rep 21 "[" + rep 21 "]")"#,
        #"builtins.length (builtins.fromJSON ("[" + rep 19 "{\"a\":[]}," + "1]"))"#,
    ])
    func countsWhatIsBesideTheHeap(_ source: String) {
        defer { remove() }
        let repeated = "let rep = n: s: if n == 0 then s else rep (n - 1) (s + s); in \(source)"
        #expect(Evaluation.of(repeated, limits: Limits(memory: 64 << 20)) == .failure(.memoryExceeded))
    }

    @Test func hashesLargerFilesThanItReads() throws {
        defer { remove() }
        try write("text", "0123456789ab")
        let io = LocalIO(limits: ReadLimits(maximumFileSize: 10))
        #expect(Evaluation.of("builtins.readFile \"\(path("text"))\"", io: io) == .failure(.io))
        let hash = "builtins.hashFile \"md5\" \"\(path("text"))\" == builtins.hashString \"md5\" \"0123456789ab\""
        #expect(Evaluation.of(hash, io: io) == .value("true"))
    }

    /// The deepest possible paths.
    @Test func readsDeepTrees() throws {
        defer { remove() }
        let depth = 700
        try directory("deep" + String(repeating: "/d", count: depth))
        try write("deep" + String(repeating: "/d", count: depth) + "/file", "x")
        let local = outcome(#"builtins.path { path = PATH; name = "n"; }"#, path("deep"), LocalIO())
        guard case .value = local else {
            Issue.record("\(local)")
            return
        }
        #expect(outcome(#"builtins.path { path = PATH; name = "n"; }"#, "/roots/r/deep", try rooted()) == local)
    }

    @Test func namesThatAreNotUTF8() throws {
        defer { remove() }
        let name = Array(folder.path.utf8) + [0x2F, 0xFF, 0x61]
        let descriptor = unsafe open(name.map { CChar(bitPattern: $0) } + [0], O_WRONLY | O_CREAT, 0o644)
        #expect(descriptor >= 0)
        close(descriptor)
        let source = """
            let name = builtins.head (builtins.attrNames (builtins.readDir "\(folder.path)")); in
            [ (builtins.stringLength name) (builtins.pathExists ("\(folder.path)/" + name))
              (builtins.readFile ("\(folder.path)/" + name)) ]
            """
        #expect(Evaluation.of(source) == .value(#"[ 2 true "" ]"#))
    }
}
