import Fuzzing
import NixBytecode
import NixEval
import NixStore
import NixSyntax
import NixVM
import Synchronization

/// Sources and programs.
extension InputTarget {
    static let sources = [
        InputTarget("parser", seeds: expressions) { bytes in
            guard let tree = try? NixSyntax.parse(bytes) else { return }
            _ = tree
        },
        InputTarget("evaluations", seeds: expressions) { bytes in _ = Evaluation.outcome(bytes) },
        InputTarget("decoder", bytes: Corpus.programs) { bytes in
            guard let program = try? Program.load(bytes) else { return }
            // What is valid has one encoding.
            require(program.encoded() == bytes, "a program is not encoded as it was")
        },
        InputTarget("verified-programs", bytes: Corpus.programs) { bytes in
            let outcome = BigStack.run { ProgramTarget.outcome(bytes, seed: 0) }
            if case .found(let findings)? = outcome {
                require(findings.isEmpty, findings.map { "\($0.kind): \($0.text)" }.joined(separator: "\n"))
            }
        },
    ]

    private static let expressions = [
        "let f = { a, b ? 1, ... }@args: a + b; in f { a = 2; inherit (args) b; }",
        "rec { x.y.\"z${toString 1}\" = [ 1 2.5 ./a <b> \"c\" ''d\n  e'' null true ]; w = x.y or 3; }",
        "with builtins; if 1 < 2 && !false -> true then foldl' (a: b: a + b) 0 [ 1 2 3 ] else throw \"e\"",
        "assert 1 == 1; map (x: x // { y = x.a or 0; }) [ { a = 1; } { } ] ++ [ (a: b: a) ]",
        "builtins.toJSON { a = builtins.derivation { name = \"n\"; system = \"s\"; builder = \"b\"; }; }",
    ]
}

/// Evaluations with small limits, one after another in one machine. It is replaced from time to time, because programs
/// stay in it.
final class Evaluation {
    private static let current = Mutex<Evaluation?>(nil)
    private static let runsOfMachine = 500

    private let evaluator: Evaluator
    private let files: BundleFiles
    private var runs = 0

    private init?() {
        guard let files = BundleFiles() else { return nil }
        var settings = MachineSettings(currentSystem: Array("x86_64-linux".utf8), pure: true)
        settings.checks = MachineChecks(wholeHeapInterval: 1_000)
        let options = EvaluatorOptions(
            limits: Limits(fuel: 20_000_000, memory: 256 << 20, depth: 10_000), settings: settings)
        guard let evaluator = Evaluator(io: files.io, options: options, print: { _ in }) else { return nil }
        self.evaluator = evaluator
        self.files = files
    }

    /// Evaluates a source to depth.
    ///
    /// - Returns: the printed value; or the message of the failure, after its kind.
    static func outcome(_ source: [UInt8]) -> (text: String, failure: FailureKind?)? {
        nonisolated(unsafe) var outcome: (String, FailureKind?)?
        let isDone = BigStack.run {
            current.withLock { machine in
                if machine == nil || machine?.runs ?? 0 >= runsOfMachine { machine = Evaluation() }
                unsafe outcome = machine?.evaluate(source)
                if unsafe outcome?.1 == .memoryExceeded || outcome?.1 == .fuelExhausted { machine = nil }
            }
            return true
        }
        require(isDone == true, "no thread")
        return unsafe outcome
    }

    private func evaluate(_ source: [UInt8]) -> (String, FailureKind?) {
        runs += 1
        do throws(EvalFailure) {
            let value = try evaluator.load(source: source, name: "fuzz", directory: Array("/job".utf8))
            let printed = try evaluator.machine.printResult(evaluator.deepForce(value))
            return (String(decoding: printed, as: UTF8.self), nil)
        } catch {
            require(error.kind != .internalError, error.text)
            return (evaluator.report(error).message, error.kind)
        }
    }

    /// Applies a function, given as a source, to a string of the input. The function answers with null, or with what is
    /// wrong.
    static func apply(_ function: String, _ input: [UInt8]) {
        // No string has this byte.
        if input.contains(0) { return }
        var source = Array("(\(function)) ".utf8)
        NixText.appendString(input, to: &source)
        guard let outcome = Self.outcome(source), outcome.failure == nil else { return }
        require(outcome.text == "null", outcome.text)
    }
}

/// No files but a few small ones.
struct BundleFiles {
    let io: RootedIO

    init?() {
        let files = [BundleFile(path: Array("a".utf8), contents: Array("contents".utf8))]
        guard let io = try? RootedIO(roots: [], bundle: files) else { return nil }
        self.io = io
    }
}
