import NixEval
import NixVM
import Testing

/// Depth is only limited by memory: a value with a million levels is computed if there is enough memory; otherwise the
/// evaluation reports that there is not.
@Suite(.serialized) struct DepthTests {
    struct Program: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let value: String

        /// - Parameters:
        ///   - name: the name of the case.
        ///   - expression: the expression. It may use `nest`, which wraps a value in lists, and `count`, a recursion
        ///     without tail calls.
        ///   - value: the expected value.
        init(_ name: String, _ expression: String, _ value: String) {
            testDescription = name
            source = """
                let
                  nest = n: x: if n == 0 then x else nest (n - 1) [ x ];
                  count = n: if n == 0 then 0 else 1 + count (n - 1);
                in \(expression)
                """
            self.value = value
        }
    }

    static let million = 1_000_000

    static let programs = [
        Program("recursion", "count \(million)", "\(million)"),
        Program(
            "thunks", "let add = n: x: if n == 0 then x else add (n - 1) (builtins.add x 1); in add \(million) 0",
            "\(million)"),
        Program(
            "functors",
            "let f.__functor = self: n: if n == 0 then 0 else 1 + self (n - 1); in f \(million)", "\(million)"),
        Program("deepSeq", "builtins.deepSeq (nest \(million) 1) true", "true"),
        Program("equality", "nest \(million) 1 == nest \(million) 1", "true"),
        Program("ordering", "nest \(million) 1 < nest \(million) 2", "true"),
        Program("toJSON", "builtins.stringLength (builtins.toJSON (nest \(million) 1))", "\(2 * million + 1)"),
        Program(
            "printing", "nest \(million) 1",
            String(repeating: "[ ", count: million) + "1" + String(repeating: " ]", count: million)),
        Program("foldl'", "builtins.foldl' (sum: n: sum + count n) 0 [ \(million) 1 ]", "\(million + 1)"),
        Program("sort", "builtins.sort (a: b: count \(million) + a < count 1 + b) [ 1 2 ]", "[ 1 2 ]"),
    ]

    @Test(arguments: programs)
    func hasItsValueWithRoom(_ program: Program) {
        let isRight = Evaluation.of(program.source, limits: Limits(memory: 2 << 30)) == .value(program.value)
        #expect(isRight, "\(program.testDescription)")
    }

    @Test(arguments: programs)
    func saysThatMemoryIsExceeded(_ program: Program) {
        let outcome = Evaluation.of(program.source, limits: Limits(memory: 16 << 20))
        #expect(outcome == .failure(.memoryExceeded), "\(program.testDescription)")
    }

    /// Only live values count against the limit, however many are allocated.
    @Test func theHeapStaysSmallWhereLittleIsAlive() {
        let source = """
            let kept = builtins.genList (i: i) 100000;
            in builtins.deepSeq kept
              (builtins.foldl' (sum: i: sum + builtins.length (kept ++ [ i ])) 0 (builtins.genList (i: i) 1300))
            """
        let outcome = Evaluation.of(
            source, limits: Limits(memory: 16 << 20),
            finish: { evaluator in
                let heap = evaluator.machine.heapStatistics
                #expect(heap.allocatedBytes > 1_000_000_000 && heap.collections > 50)
                #expect(heap.peakBytes < 16 << 20, "\(heap.peakBytes)")
            })
        #expect(outcome == .value("130001300"))
    }

    @Test func thePeakOfDepthIsKnown() {
        for depth in [1, 20_000] {
            let source = "let f = n: if n == 1 then 1 else 1 + f (n - 1); in f \(depth)"
            let outcome = Evaluation.of(
                source,
                finish: { evaluator in
                    let peak = evaluator.machine.depthPeak
                    #expect(peak >= depth && peak <= depth + 20, "\(peak)")
                })
            #expect(outcome == .value("\(depth)"))
        }
    }
}
