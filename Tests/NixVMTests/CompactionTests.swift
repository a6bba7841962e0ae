import Glibc
import NixEval
import Testing

@testable import NixVM

/// Full collections: what they keep of data of each shape, what memory they need, and what they give back.
@Suite struct CompactionTests {
    /// Data that is deep in each direction, wide, or both, and so large that the marker's stack cannot hold all of it. Each
    /// is a list `l` and a function `f` that reads it without recursion.
    static let shapes = [
        "chain by its first name": "go 60000 null (l: n: { a = l; b = [ n ]; })",
        "chain by its last name": "go 60000 null (l: n: { a = [ n ]; z = l; })",
        "chain in the middle": "go 60000 null (l: n: { a = [ n ]; m = l; z = [ [ n ] ]; })",
        "nested lists": "go 60000 [ ] (l: n: [ [ n ] l [ n ] ])",
        "functions": "go 60000 (x: x) (l: n: x: l (x + n))",
        "a wide list": "go 1 null (l: n: builtins.genList (i: [ [ i ] ]) 100000)",
        "a tree":
            "let t = d: if d == 0 then [ ] else { l = t (d - 1); r = t (d - 1); }; x = t 15; in builtins.deepSeq x x",
        "strings with contexts": """
        go 5000 null (l: n: { a = "${builtins.toFile "n" "x"}/${toString n}"; z = l; })
        """,
    ]

    private static func source(_ shape: String) -> String {
        """
        let
          go = n: l: f: if n == 0 then l else let m = f l n; in builtins.seq m (go (n - 1) m f);
          l = \(shapes[shape] ?? "");
        in builtins.seq (builtins.typeOf l) { inherit l; }
        """
    }

    @Test(arguments: shapes.keys.sorted()) func keeps(_ shape: String) {
        let seen =
            BigStack.run { () -> [String]? in
                guard let test = TestMachine(), let value = try? test.force(Self.source(shape)) else { return nil }
                let root = test.machine.addRoot(value)
                return (0..<4).map { _ in
                    test.compact()
                    return test.violation().map { "\($0)" } ?? "\(test.objectCount(root))"
                }
            } ?? nil
        #expect(seen.map { Set($0).count } == 1, "\(seen ?? [])")
        #expect((seen?.first.flatMap { Int($0) } ?? 0) > 10_000)
    }

    /// Live data needs little more than its own size, at the limit, too.
    @Test func needsLittleBesideWhatIsAlive() {
        let source = """
            let
              go = n: l: if n == 0 then l else go (n - 1) { v = n; t = l; };
            in (go 400000 null).v
            """
        let live = 400_000 * 4 * 8
        let texts = BigStack.run { () -> [String] in
            [live * 13 / 10, live / 2].compactMap { room in
                guard let idle = TestMachine() else { return nil }
                let limit = idle.machine.peakBytes + room
                return TestMachine(limits: Limits(memory: limit))?.text(source)
            }
        }
        #expect(texts?.first == "1")
        #expect(texts?.last?.hasPrefix("memoryExceeded") == true)
    }

    /// What a collection frees is returned to the system.
    @Test func returnsMemory() {
        let resident =
            BigStack.run { () -> (before: Int, after: Int)? in
                guard let test = TestMachine(),
                    (try? test.evaluator.deepForce(test.load("builtins.genList (x: [ x ]) 500000"))) != nil
                else { return nil }
                test.compact()
                let before = test.residentBytes
                test.machine.releaseHandles(since: 0)
                // Takes the place of the last result, which the machine keeps.
                guard (try? test.force("1")) != nil else { return nil }
                test.compact()
                return (before, test.residentBytes)
            } ?? nil
        #expect((resident?.before ?? 0) > 500_000 * 24)
        #expect((resident?.after ?? .max) < 1 << 20)
    }

    /// A collection that must stop leaves a machine that says so.
    @Test func stopsWhenCancelled() {
        let outcome =
            BigStack.run { () -> (abandoned: Bool, kind: FailureKind?)? in
                let cancellation = Cancellation()
                guard let test = TestMachine(cancellation: cancellation),
                    (try? test.force("builtins.genList (x: x) 500000")) != nil
                else { return nil }
                cancellation.cancel()
                test.compact()
                return (test.machine.isHeapAbandoned, test.machine.failure?.kind)
            } ?? nil
        #expect(outcome?.abandoned == true)
        #expect(outcome?.kind == .cancelled)
    }
}

extension TestMachine {
    /// The number of objects that can be reached from a value.
    func objectCount(_ root: Int) -> Int {
        var seen: Set<UInt> = []
        var pending = unsafe [state.pointee.roots[root]]
        while let value = pending.popLast() {
            guard value.isObject else { continue }
            let object = unsafe value.object
            guard seen.insert(UInt(bitPattern: object)).inserted else { continue }
            let shape = unsafe object.shape
            let first = unsafe object.references(shape)
            for index in 0..<shape.references { unsafe pending.append(first[index]) }
        }
        return seen.count
    }

    /// The bytes of the old space that the system has provided.
    var residentBytes: Int {
        let heap = unsafe state.pointee.heap
        let bytes = 64 << 20
        var pages = [UInt8](repeating: 0, count: bytes / 4096)
        _ = unsafe mincore(heap.objects, bytes, &pages)
        return pages.reduce(0) { $0 + Int($1 & 1) } * 4096
    }
}
