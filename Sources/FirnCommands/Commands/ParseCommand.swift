import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM

/// `firn parse`: as `nix-instantiate --parse`, one line for each expression, up to the first that is refused.
struct ParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse", abstract: "Print expressions as Nix prints them.",
        discussion: """
            A name that nothing binds is an error too. Several files print one line each, in order, up to the first \
            error.

            Example: firn parse default.nix
            """)

    @Argument(help: "Files to parse; - is standard input; a directory means its default.nix.")
    var files: [String] = []

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "The arguments are expressions, not files.")
    var isExpression = false

    @Flag(help: "Print a JSON object for each expression.")
    var json = false

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable: pipe-operators.")
    var features: [String] = []

    @OptionGroup var lints: LintArguments

    mutating func validate() throws {
        if !isExpression { try Source.checkStandardInput(files) }
        try ExperimentalFeatures.check(features)
    }

    func run() throws {
        try EvaluationThread.run { parse() }
    }

    private func parse() -> Int32 {
        let io = LocalIO()
        let options = EvaluatorOptions(
            pipeOperators: ExperimentalFeatures.enabled(features).contains("pipe-operators"), lints: lints.levels)
        let print: (_ line: [UInt8]) -> Void = { Output.message($0 + [UInt8(ascii: "\n")]) }
        guard let evaluator = Evaluator(io: io, options: options, print: print) else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        let home = io.homeDirectory ?? [UInt8(ascii: "/")]
        for file in files.isEmpty && !isExpression ? ["./default.nix"] : files {
            do throws(EvalFailure) {
                let (source, name, directory) = try read(file, io)
                let tree = try evaluator.parse(source, name: name)
                let text = tree.printed(baseDirectory: directory, homeDirectory: home)
                let newline = [UInt8(ascii: "\n")]
                if json {
                    let object = [("file", JSONBytes.string(name)), ("expression", JSONBytes.string(text))]
                    Output.write(1, JSONBytes.object(object) + newline)
                } else {
                    Output.text(text + newline)
                }
            } catch {
                Output.message(evaluator.describedBytes(error, showTrace: false))
                return 1
            }
        }
        return 0
    }

    /// An expression's bytes, what errors call it, and what its relative paths start from.
    private func read(_ file: String, _ io: LocalIO) throws(EvalFailure) -> ([UInt8], String, [UInt8]) {
        let directory = currentDirectory()
        if isExpression { return (Array(file.utf8), "«string»", directory) }
        if file == "-" {
            guard let source = readStandardInput() else {
                throw EvalFailure(kind: .io, message: Array("standard input cannot be read".utf8))
            }
            return (source, "«stdin»", directory)
        }
        do throws(EvalIOError) {
            let path = try io.resolveImport(CanonPath.absolute(Array(file.utf8), relativeTo: directory))
            return (try io.readFile(path), String(decoding: path, as: UTF8.self), CanonPath.parent(of: path))
        } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
    }
}
