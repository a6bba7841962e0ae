import Foundation
import NixEval
import NixStore
import NixVM
import Testing

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

        var cached: [String] {
            let found = FileManager.default.enumerator(atPath: "\(path)/cache")?.compactMap { $0 as? String } ?? []
            return found.filter { name in
                var isDirectory: ObjCBool = false
                _ = unsafe FileManager.default.fileExists(atPath: "\(path)/cache/\(name)", isDirectory: &isDirectory)
                return !isDirectory.boolValue
            }.map { "\(path)/cache/\($0)" }
        }
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

    /// The printed value of an attribute path in a file, and the fuel that it took.
    private func evaluate(_ file: [UInt8], _ path: String, in scratch: Scratch, bytes: Int = 1 << 20) throws -> String {
        let cache = scratch.path + "/cache"
        let options = EvaluatorOptions(diskCache: { DiskCache(directory: cache, maximumBytes: bytes) })
        let evaluator = try #require(Evaluator(io: LocalIO(isPure: true), options: options, print: { _ in }))
        defer { evaluator.storePrograms() }
        do throws(EvalFailure) {
            let value = try evaluator.deepForce(evaluator.select(evaluator.load(file: file), path: path, []))
            let text = String(decoding: try evaluator.machine.printResult(value), as: UTF8.self)
            return "\(text) \(evaluator.machine.fuelUsed)"
        } catch {
            return "\(error.kind) \(error.text) \(error.position?.line ?? 0) \(evaluator.machine.fuelUsed)"
        }
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
        #expect(first.contains("sum = 3"))
        #expect(scratch.cached.count == 1)
        #expect(try evaluate(file, "result", in: scratch) == first)
        #expect(try evaluate(file, "fib", in: scratch).hasPrefix("55 "))
        #expect(try evaluate(file, "unused", in: scratch).hasPrefix("thrown never "))
        #expect(scratch.cached.count == 1)
    }

    /// A file with equal contents elsewhere: its paths are relative to its own location.
    @Test func keepsNoName() throws {
        let scratch = try Scratch()
        _ = try evaluate(scratch.write("a.nix", Self.source), "result", in: scratch)
        try FileManager.default.createDirectory(atPath: scratch.path + "/other", withIntermediateDirectories: true)
        let other = try evaluate(scratch.write("other/b.nix", Self.source), "result.c", in: scratch)
        #expect(other.contains("/other/p"))
        #expect(scratch.cached.count == 1)
    }

    @Test func damagedFilesAreReplaced() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        let first = try evaluate(file, "result", in: scratch)
        let cached = try #require(scratch.cached.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: cached))
        for offset in [0, 9, 20, whole.count / 2, whole.count - 1] {
            var damaged = whole
            damaged[offset] ^= 0xFF
            try damaged.write(to: URL(fileURLWithPath: cached))
            #expect(try evaluate(file, "result", in: scratch) == first)
            #expect(try Data(contentsOf: URL(fileURLWithPath: cached)) == whole)
            try whole[..<offset].write(to: URL(fileURLWithPath: cached))
            #expect(try evaluate(file, "result", in: scratch) == first)
            #expect(try Data(contentsOf: URL(fileURLWithPath: cached)) == whole)
        }
    }

    @Test func clearedAndBounded() throws {
        let scratch = try Scratch()
        for number in 0..<64 {
            let file = try scratch.write("\(number).nix", Self.source + "# \(number)")
            _ = try evaluate(file, "fib", in: scratch, bytes: 20_000)
        }
        let cache = DiskCache(directory: scratch.path + "/cache")
        let (files, bytes) = cache.usage()
        #expect(files > 0 && files < 64)
        #expect(bytes < 60_000)
        #expect(cache.clear() == files)
        #expect(cache.usage().files == 0)
        #expect(scratch.cached.isEmpty)
    }

    @Test func withoutPlaceNothingIsKept() throws {
        let scratch = try Scratch()
        let file = try scratch.write("a.nix", Self.source)
        // There is a file instead of the folder.
        _ = try scratch.write("cache", "")
        #expect(try evaluate(file, "fib", in: scratch).hasPrefix("55 "))
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
        #expect(scratch.cached.count == files.count)
    }
}
