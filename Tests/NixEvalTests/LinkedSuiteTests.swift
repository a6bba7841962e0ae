import NixBytecode
import NixCompiler
import NixStore
import NixSyntax
import NixVM
import Testing

@testable import NixEval

/// The language suite as linked programs: whatever a program does, it does the same as when it is loaded as a whole.
@Suite struct LinkedSuiteTests {
    /// What an evaluation leaves.
    private struct Outcome: Equatable {
        var text: String
        var fuel: Int
    }

    private func evaluate(
        stress: Bool = false, memory: Int = 256 << 20, _ load: (Machine) throws(EvalFailure) -> ValueHandle
    ) throws -> Outcome {
        let options = EvaluatorOptions(
            limits: Limits(fuel: 20_000, memory: memory, depth: 20_000),
            settings: MachineSettings(stress: stress, pure: true))
        let evaluator = try #require(
            Evaluator(io: try RootedIO(roots: []), options: options, print: { _ in }))
        var text: String
        do throws(EvalFailure) {
            let value = try evaluator.deepForce(load(evaluator.machine))
            text = String(decoding: try evaluator.machine.printResult(value), as: UTF8.self)
        } catch {
            text = String(decoding: evaluator.report(error).text(showTrace: true), as: UTF8.self)
        }
        return Outcome(text: text, fuel: evaluator.machine.fuelUsed)
    }

    @Test func theSuiteIsTheSame() throws {
        var outcomes: Set<String> = []
        for (name, bytes) in SuitePrograms.encoded {
            let program = try Program.load(bytes)
            let linked = try #require(LinkedProgram(LinkedProgram.bytes(linking: program)))
            let directory = SuitePrograms.directory
            let whole = try evaluate { (machine) throws(EvalFailure) in
                try machine.load(program: program, name: name, directory: directory)
            }
            let parts = try evaluate { (machine) throws(EvalFailure) in
                try machine.load(linked: linked, name: name, directory: directory)
            }
            #expect(parts == whole, "\(name)")
            outcomes.insert(whole.text)
        }
        #expect(outcomes.count > 100)
    }

    /// Every allocation moves every object, so a reference that the collector does not know would be seen.
    @Test func theSuiteIsTheSameWhenEverythingMoves() throws {
        for (name, bytes) in SuitePrograms.encoded where bytes.count < 4000 {
            let linked = try #require(LinkedProgram(LinkedProgram.bytes(linking: Program.load(bytes))))
            func run(stress: Bool) throws -> Outcome {
                try evaluate(stress: stress) { (machine) throws(EvalFailure) in
                    try machine.load(linked: linked, name: name, directory: SuitePrograms.directory)
                }
            }
            #expect(try run(stress: true) == run(stress: false), "\(name)")
        }
    }

    /// Loading what a chunk needs fails wherever the memory limit is reached, and the failure is explained.
    @Test func memoryEndsWhileChunksAreLoaded() throws {
        let names = (0..<600).map { "a\($0) = x: { b\($0) = [ \"\(String(repeating: "s", count: 40))\($0)\" x ]; };" }
        let calls = (0..<600).map { "(set.a\($0) \($0))" }.joined(separator: " ")
        let source = "let set = { \(names.joined(separator: " ")) }; in builtins.deepSeq (map (x: x) [ \(calls) ]) 1"
        let program = try #require(
            try? AnalysedSource(
                parse(Array(source.utf8)), options: CompileOptions(globals: GlobalNames(Machine.globalNames))
            )
            .program())
        let linked = try #require(LinkedProgram(LinkedProgram.bytes(linking: program)))
        var texts: [String: Int] = [:]
        for memory in stride(from: 1 << 17, to: 3 << 20, by: 12 << 10) {
            let outcome = try evaluate(memory: memory) { (machine) throws(EvalFailure) in
                try machine.load(linked: linked, name: "«test»", directory: SuitePrograms.directory)
            }
            texts[outcome.text == "1" ? "value" : "failure", default: 0] += 1
            #expect(outcome.text == "1" || outcome.text.contains("memory"), "\(outcome.text)")
        }
        #expect(texts["value", default: 0] > 5 && texts["failure", default: 0] > 5, "\(texts)")
    }
}
