import NixEval
import NixStore
import Testing

@testable import NixVM

/// What builtins add to a backtrace: the same in a machine of its own and in memory that others used.
@Suite struct BacktraceTests {
    /// For each hook of the table, a source that fails inside it, and what only the hook says.
    private static let cases: [(source: String, line: String)] = [
        (#"builtins.addErrorContext "context of e" (throw "e")"#, "context of e"),
        (#"builtins.addErrorContext (if 1 < 2 then "long context" else "") (throw "e")"#, "long context"),
        (#"builtins.toJSON { a = throw "e"; }"#, "while evaluating attribute 'a'"),
        (
            #"builtins.sort builtins.lessThan [ 1 "a" ]"#,
            "while evaluating the ordering function passed to builtins.sort"
        ),
        (
            #"builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: throw "e"; }"#,
            "while calling operator on genericClosure element { key = 1; }"
        ),
        (
            #"(derivation { name = "d"; system = "s"; builder = throw "e"; }).drvPath"#,
            "while evaluating attribute 'builder' of derivation 'd'"
        ),
        (
            #"(derivation { name = "d"; system = "s"; builder = "b"; __structuredAttrs = true; a.b = throw "e"; }).drvPath"#,
            "while evaluating attribute 'b'"
        ),
        (#"builtins.filterSource (path: type: throw "e") ./tree"#, "while adding path '/job/tree'"),
        (#"builtins.path { path = ./tree; filter = path: type: throw "e"; }"#, "while adding path '/job/tree'"),
        ("import ./throws.nix", "while evaluating the file '/job/throws.nix':"),
        (#"{ __functor = throw "e"; } 1"#, "while calling a functor (an attribute set with a '__functor' attribute)"),
        (#""${{ __toString = self: throw "e"; }}""#, "while calling the `__toString` attribute"),
        (#""a" + { outPath = throw "e"; }"#, "while evaluating the `outPath` attribute"),
        (#"builtins.deepSeq { a = throw "e"; } 1"#, "while evaluating the attribute 'a'"),
        (
            #"builtins.filter (x: throw "e") [ 1 ]"#, "while calling the 'filter' builtin"
        ),
        (
            #"builtins.stringLength [ 1 ]"#, "while evaluating the argument passed to builtins.stringLength"
        ),
    ]

    private static let files = [
        BundleFile(path: Array("tree/file".utf8), contents: Array("text".utf8)),
        BundleFile(path: Array("throws.nix".utf8), contents: Array(#"throw "e""#.utf8)),
    ]

    /// Message and backtrace of a source's failure in memory of its own.
    private static func fresh(_ source: String) throws -> [String] {
        let io = try RootedIO(roots: [], bundle: files)
        let options = EvaluatorOptions(settings: MachineSettings(currentSystem: nil, pure: true))
        return BigStack.run { () -> [String] in
            guard let evaluator = Evaluator(io: io, options: options, print: { _ in }) else { return [] }
            do throws(EvalFailure) {
                let value = try evaluator.load(
                    source: Array(source.utf8), name: "test", directory: Array("/job".utf8))
                _ = try evaluator.deepForce(value)
                return []
            } catch {
                return [error.text] + error.trace.map(\.message)
            }
        } ?? []
    }

    /// The same as a job in the memory that jobs share.
    private static func used(_ source: String, _ machine: VirtualMachine) async throws -> [String] {
        var job = EvaluationJob(
            .source(Array(source.utf8), name: "test", directory: Array("/job".utf8)),
            io: try RootedIO(roots: [], bundle: files))
        job.isStrict = true
        guard case .failed(let failure) = await machine.evaluate(job, cancellation: Cancellation()).outcome else {
            return []
        }
        return [failure.message] + failure.backtrace.map(\.message)
    }

    @Test(arguments: cases.indices) func isThatOfNewMemory(_ index: Int) async throws {
        let (source, line) = Self.cases[index]
        let fresh = try Self.fresh(source)
        #expect(fresh.contains { $0.contains(line) })
        let machine = try VirtualMachine(programCacheBytes: 0)
        for _ in 0..<2 {
            let used = try await Self.used(source, machine)
            #expect(used == fresh)
        }
    }

    /// However many contexts a failure passes, it is kept once, and not at all when it is over.
    @Test(arguments: [false, true]) func keepsOneFailureForAllContexts(isCaught: Bool) throws {
        let chain =
            #"let f = n: if n == 0 then throw "e" else builtins.addErrorContext (toString (n + 1)) (f (n - 1)); in"#
        let source = isCaught ? "\(chain) (builtins.tryEval (f 3000)).success" : "\(chain) f 3000"
        let (bytes, failure) = try #require(
            BigStack.run { () -> (Int, String)? in
                guard let evaluator = Evaluator(io: LocalIO(), print: { _ in }) else { return nil }
                var failure = ""
                do throws(EvalFailure) {
                    _ = try evaluator.deepForce(
                        evaluator.load(source: Array(source.utf8), name: "test", directory: Array("/job".utf8)))
                } catch {
                    failure = error.text
                }
                return (evaluator.machine.caughtFailures.byteCount, failure)
            } ?? nil)
        #expect(failure == (isCaught ? "" : "e"))
        // A copy for each context would be 3,000 times 1,500 notes.
        #expect(bytes <= (isCaught ? 1 << 20 : 0))
    }
}
