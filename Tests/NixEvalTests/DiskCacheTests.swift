import Foundation
import NixStore
import NixVM
import Synchronization
import Testing

@testable import NixEval

/// Programs that one evaluation leaves for the next.
@Suite struct DiskCacheTests {
    /// A temporary folder, which is removed after the test.
    private final class Scratch {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)").path
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws -> [UInt8] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            return Array("\(path)/\(name)".utf8)
        }

        /// The number of programs in the cache.
        var programCount: Int { DiskCache(directory: path + "/cache").usage().programs }

        var entries: URL { URL(fileURLWithPath: "\(path)/cache/programs/entries") }
    }

    private static let source = """
        # A source that is large enough to be kept: \(String(repeating: "x", count: DiskCache.smallestSource))
        let
          add = a: b: a + b;
          f = { a, b ? a + 1, ... }@all: rec { sum = add a b; names = builtins.attrNames all; inherit (all) c; };
          fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
        in
        { result = f { a = 1; c = [ 1 2.5 "s" ./p null ]; }; fib = fib 10; unused = throw "never"; }
        """

    /// The result of an evaluation.
    private struct Run: Equatable {
        /// The printed value, or the failure with its line, and the fuel that was used.
        var text: String
        /// Whether the file's program was in the cache.
        var isCached: Bool
    }

    /// Evaluates an attribute path in a file.
    private func evaluate(_ file: [UInt8], _ path: String, in scratch: Scratch, bytes: Int = 1 << 20) throws -> Run {
        let cache = scratch.path + "/cache"
        let options = EvaluatorOptions(diskCache: { DiskCache(directory: cache, maximumBytes: bytes) })
        let evaluator = try #require(Evaluator(io: LocalIO(isPure: true), options: options, print: { _ in }))
        defer { evaluator.storePrograms() }
        var text: String
        do throws(EvalFailure) {
            let value = try evaluator.deepForce(evaluator.select(evaluator.load(file: file), path: path, []))
            text = String(decoding: try evaluator.machine.printResult(value), as: UTF8.self)
        } catch {
            text = "\(error.kind) \(error.text) \(error.position?.line ?? 0):\(error.position?.column ?? 0)"
        }
        return Run(text: "\(text) \(evaluator.machine.fuelUsed)", isCached: evaluator.compilations == 0)
    }

    /// A cached program could not repeat the warning, so such sources are never cached.
    @Test func ambiguousOrWarnsEachTime() throws {
        let scratch = try Scratch()
        let padding = String(repeating: "x", count: DiskCache.smallestSource)
        let file = try scratch.write("a.nix", "# \(padding)\nlet or = 1; f = x: x; in [ f or ]")
        for _ in 0..<2 {
            let cache = scratch.path + "/cache"
            let lines = Lines()
            let options = EvaluatorOptions(diskCache: { DiskCache(directory: cache, maximumBytes: 1 << 20) })
            let evaluator = try #require(
                Evaluator(io: LocalIO(isPure: true), options: options, print: { lines.add($0) }))
            _ = try evaluator.load(file: file)
            evaluator.storePrograms()
            #expect(lines.all.count == 1)
            #expect(lines.all.first?.contains("/a.nix:2:28: This expression uses `or`") == true)
        }
    }

    private final class Lines {
        private(set) var all: [String] = []
        func add(_ line: [UInt8]) { all.append(String(decoding: line, as: UTF8.self)) }
    }

    @Test func secondRunGivesTheSame() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        let first = try evaluate(file, "result", in: scratch)
        #expect(first.text.contains("sum = 3"))
        #expect(!first.isCached)
        #expect(scratch.programCount == 1)
        #expect(try evaluate(file, "result", in: scratch) == Run(text: first.text, isCached: true))
        #expect(try evaluate(file, "fib", in: scratch).text.hasPrefix("55 "))
        #expect(try evaluate(file, "unused", in: scratch).text.hasPrefix("thrown never "))
        #expect(scratch.programCount == 1)
    }

    /// What is printed of functions and positions is decoded from the cached program.
    @Test func cachedFunctionsAreDescribed() throws {
        let scratch = try Scratch()
        let file = try scratch.write(
            "a.nix",
            """
            # \(String(repeating: "x", count: DiskCache.smallestSource))
            let f = { a, b ? 1, c ? [ a ], ... }: a; g = x: { y }: y; s = { inherit f; "k" = 1; };
              big = { \((0..<40).map { "n\($0) ? \($0)" }.joined(separator: ", ")) }: n39; in {
              args = builtins.functionArgs f; applied = builtins.functionArgs (g 1); pos = builtins.unsafeGetAttrPos "k" s;
              functions = [ f g ]; xml = builtins.toXML [ f g ]; missing = f { }; wrong = g 1 { z = 1; };
              bigArgs = builtins.functionArgs big; called = big { n39 = "given"; }; fallback = big { }; here = __curPos.column;
              set = { \((0..<40).map { "m\($0) = \($0);" }.joined(separator: " ")) };
            }
            """)
        for path in [
            "args", "applied", "pos", "functions", "xml", "missing", "wrong", "bigArgs", "called", "fallback", "here",
            "set",
        ] {
            let plain = try evaluate(file, path, in: Scratch())
            _ = try evaluate(file, path, in: scratch)
            #expect(try evaluate(file, path, in: scratch) == Run(text: plain.text, isCached: true), "\(path)")
        }
    }

    /// A file with equal contents elsewhere: its paths are relative to its own location.
    @Test func keepsNoName() throws {
        let scratch = try Scratch()
        _ = try evaluate(scratch.write("a.nix", Self.source), "result", in: scratch)
        try FileManager.default.createDirectory(atPath: scratch.path + "/other", withIntermediateDirectories: true)
        let other = try evaluate(scratch.write("other/b.nix", Self.source), "result.c", in: scratch)
        #expect(other.text.contains("/other/p"))
        #expect(other.isCached)
        #expect(scratch.programCount == 1)
    }

    /// Every part of the file is damaged in turn: the evaluation is the same, and the program is made anew.
    @Test func damageIsMended() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        let first = try evaluate(file, "result", in: scratch)
        let whole = try Data(contentsOf: scratch.entries)
        let slot = try #require(whole[CacheFile.tableStart...].firstIndex { $0 != 0 }) / 16 * 16
        let entry = CacheFile.entriesStart
        let end = unsafe entry + whole.withUnsafeBytes { unsafe CacheSlot($0, at: slot) }.byteCount
        let offsets =
            Array(stride(from: 0, to: 24, by: 5)) + Array(slot..<slot + 12) + Array(entry..<entry + 56)
            + Array(stride(from: entry + CacheFile.entryHeader, to: end, by: 61)) + [end - 1]
        for offset in offsets {
            var damaged = whole
            damaged[offset] ^= 0x41
            try damaged.write(to: scratch.entries, options: [])
            #expect(try evaluate(file, "result", in: scratch) == first, "offset \(offset)")
            #expect(try evaluate(file, "result", in: scratch) == Run(text: first.text, isCached: true))
        }
        for size in [0, 10, 4096, slot, entry, entry + 30, entry + 100, end - 1] {
            try whole[..<size].write(to: scratch.entries, options: [])
            #expect(try evaluate(file, "result", in: scratch) == first, "size \(size)")
            #expect(try evaluate(file, "result", in: scratch) == Run(text: first.text, isCached: true))
        }
    }

    /// Whoever does not know the key cannot make entries, and what others may write is not read.
    @Test func onlyWhatTheUserMadeIsRead() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        let first = try evaluate(file, "result", in: scratch)
        let folder = scratch.path + "/cache/programs"
        func isReadAgain(after change: () throws -> Void) throws -> Bool {
            try change()
            guard try evaluate(file, "result", in: scratch) == first else { return false }
            return try evaluate(file, "result", in: scratch).isCached
        }
        func set(_ mode: Int, _ name: String) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder + name)
        }
        #expect(try isReadAgain { try Data((0..<16)).write(to: URL(fileURLWithPath: folder + "/key")) })
        #expect(try isReadAgain { try Data((0..<15)).write(to: URL(fileURLWithPath: folder + "/key")) })
        #expect(try isReadAgain { try FileManager.default.removeItem(atPath: folder + "/key") })
        #expect(try isReadAgain { try set(0o644, "/key") })
        #expect(try isReadAgain { try set(0o660, "/entries") })
        #expect(
            try isReadAgain {
                try set(0o666, "/lock")
                try FileManager.default.removeItem(atPath: folder + "/key")
            })
        #expect(
            try isReadAgain {
                try FileManager.default.moveItem(atPath: folder + "/entries", toPath: folder + "/moved")
                try FileManager.default.createSymbolicLink(atPath: folder + "/entries", withDestinationPath: "moved")
            })
        // A folder that others may write to is not used at all.
        #expect(try !isReadAgain { try set(0o777, "") })
        try set(0o700, "")
        #expect(try evaluate(file, "result", in: scratch).isCached)
    }

    /// A file that shrinks while it is open, which no version of Firn does.
    @Test func truncationWhileOpen() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        _ = try evaluate(file, "result", in: scratch)
        let evaluator = try #require(Evaluator(io: LocalIO(isPure: true), print: { _ in }))
        let key = DiskCache.Key(try evaluator.programKey(Array(Self.source.utf8), nil))
        let cache = DiskCache(directory: scratch.path + "/cache")
        let program = try #require(cache.program(key, limit: .max))
        let chunk = program.chunk(0)
        #expect(cache.program(key, limit: 100) == nil)
        let handle = try FileHandle(forWritingTo: scratch.entries)
        for size in [CacheFile.entriesStart + 500, CacheFile.entriesStart, CacheFile.tableStart, 0] {
            try handle.truncate(atOffset: UInt64(size))
            #expect(cache.program(key, limit: .max) == nil)
            #expect(program.chunk(0) == chunk)
        }
    }

    @Test func clearedAndBounded() throws {
        let scratch = try Scratch()
        for number in 0..<64 {
            let file = try scratch.write("\(number).nix", Self.source + "# \(number)")
            _ = try evaluate(file, "fib", in: scratch, bytes: 20_000)
        }
        let cache = DiskCache(directory: scratch.path + "/cache")
        let (programs, bytes) = cache.usage()
        #expect(programs > 0 && programs < 64)
        #expect(bytes <= 20_000)
        // The last ones are there, the first ones are not.
        #expect(try evaluate(Array("\(scratch.path)/63.nix".utf8), "fib", in: scratch, bytes: 20_000).isCached)
        #expect(try !evaluate(Array("\(scratch.path)/0.nix".utf8), "fib", in: scratch, bytes: 20_000).isCached)
        #expect(cache.clear() > 0)
        #expect(cache.usage().programs == 0)
        #expect(scratch.programCount == 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.entries.path))
    }

    /// Entries that were used stay, however old they are.
    @Test func whatIsUsedStays() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        _ = try evaluate(file, "fib", in: scratch, bytes: 20_000)
        // The entry was last used on the first day of 1970.
        var entries = try Data(contentsOf: scratch.entries)
        let slot = try #require(entries[CacheFile.tableStart...].firstIndex { $0 != 0 }) / 16 * 16
        entries.replaceSubrange(slot + 12..<slot + 14, with: [0, 0])
        try entries.write(to: scratch.entries, options: [])
        #expect(try evaluate(file, "fib", in: scratch, bytes: 20_000).isCached)
        let used = try Data(contentsOf: scratch.entries)
        #expect(used[slot + 12..<slot + 14] != Data([0, 0]))
    }

    /// The folder of a version that had a file for each program.
    @Test func theOldFormatIsCleared() throws {
        let scratch = try Scratch()
        let old = scratch.path + "/cache/programs/0a"
        try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: old + "/" + String(repeating: "ab", count: 31)))
        let kept = scratch.path + "/cache/programs/notes"
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o700], ofItemAtPath: scratch.path + "/cache/programs")
        _ = try evaluate(scratch.write("a.nix", Self.source), "fib", in: scratch)
        #expect(!FileManager.default.fileExists(atPath: old))
        #expect(FileManager.default.fileExists(atPath: kept))
        #expect(scratch.programCount == 1)
    }

    /// Files that were last changed at a given time, and the number of times that they were read.
    private final class AgedIO: EvalIO {
        private let base = LocalIO(isPure: true)
        private let changed: Int64
        private let reads = Mutex(0)

        /// - Parameter changed: the time in nanoseconds since 1970.
        init(changed: Int64) { self.changed = changed }

        var readCount: Int { reads.withLock { $0 } }
        var isPure: Bool { true }
        var homeDirectory: [UInt8]? { nil }
        func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
            reads.withLock { $0 += 1 }
            return try base.readFile(path, limit: limit)
        }
        func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] { try base.readDirectory(path) }
        func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? { try base.fileType(path) }
        func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] { try base.readLink(path) }
        func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
            try base.resolveSymlinks(path, resolution)
        }
        func streamFile(
            _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
        ) throws(EvalIOError) { unsafe try base.streamFile(path, begin: begin, piece: piece) }
        func environmentVariable(_ name: [UInt8]) -> [UInt8]? { nil }
        func currentTime() -> Int64? { nil }
        func identity(_ path: [UInt8]) -> FileIdentity? {
            base.identity(path).map {
                FileIdentity(
                    device: $0.device, inode: $0.inode, size: $0.size, modified: changed, changed: changed)
            }
        }
    }

    /// The number of times that a file is read while it is evaluated with a cache.
    private func reads(_ file: [UInt8], changed: Int64, in scratch: Scratch, checksContents: Bool = false) throws -> Int
    {
        let cache = scratch.path + "/cache"
        var options = EvaluatorOptions(diskCache: { DiskCache(directory: cache) })
        options.checksContents = checksContents
        let io = AgedIO(changed: changed)
        let evaluator = try #require(Evaluator(io: io, options: options, print: { _ in }))
        let value = try evaluator.force(evaluator.select(evaluator.load(file: file), path: "fib", []))
        #expect(try evaluator.machine.printResult(value) == Array("55".utf8))
        evaluator.storePrograms()
        return io.readCount
    }

    @Test func unchangedFilesAreNotRead() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        #expect(try reads(file, changed: 1_000_000_000, in: scratch) == 1)
        #expect(try reads(file, changed: 1_000_000_000, in: scratch) == 0)
        #expect(try reads(file, changed: 1_000_000_000, in: scratch, checksContents: true) == 1)
        // Another time means another file, whose program is found by its contents.
        #expect(try reads(file, changed: 2_000_000_000, in: scratch) == 1)
        #expect(try reads(file, changed: 2_000_000_000, in: scratch) == 0)
        // A file that has just changed may change again without another time.
        let now = Int64(Date().timeIntervalSince1970 + 60) * 1_000_000_000
        #expect(try reads(file, changed: now, in: scratch) == 1)
        #expect(try reads(file, changed: now, in: scratch) == 1)
    }

    /// Messages show lines of a file whose program was found without reading it.
    @Test func excerptsOfUnreadFiles() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        _ = try reads(file, changed: 1_000_000_000, in: scratch)
        let cache = scratch.path + "/cache"
        let options = EvaluatorOptions(diskCache: { DiskCache(directory: cache) })
        let io = AgedIO(changed: 1_000_000_000)
        let evaluator = try #require(Evaluator(io: io, options: options, print: { _ in }))
        do throws(EvalFailure) {
            _ = try evaluator.force(evaluator.select(evaluator.load(file: file), path: "unused", []))
            Issue.record("nothing is thrown")
        } catch {
            #expect("\(evaluator.report(error))".contains("unused = throw \"never\""))
            // It is read once, for the message.
            #expect(io.readCount == 1)
        }
    }

    @Test func withoutPlaceNothingIsKept() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        // There is a file instead of the folder.
        _ = try scratch.write("cache", "")
        #expect(try evaluate(file, "fib", in: scratch).text.hasPrefix("55 "))
    }

    @Test func manyAtOnce() async throws {
        let scratch = try Scratch()
        let files = try (0..<4).map { try scratch.write("\($0).nix", Self.source + "# \($0)") }
        let path = scratch.path
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<32 {
                let file = files[number % files.count]
                group.addTask {
                    let options = EvaluatorOptions(diskCache: { DiskCache(directory: path + "/cache") })
                    guard let evaluator = Evaluator(io: LocalIO(isPure: true), options: options, print: { _ in })
                    else { return false }
                    let value = try evaluator.force(evaluator.select(evaluator.load(file: file), path: "fib", []))
                    evaluator.storePrograms()
                    return try evaluator.machine.printResult(value) == Array("55".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(scratch.programCount == files.count)
    }
}
