import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM

/// The command `firn parse`, which prints what `nix-instantiate --parse` prints: one line for each expression, up to
/// the first error.
struct ParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse", abstract: "Print expressions as Nix prints them.",
        discussion: """
            An unbound variable is an error, too. Each file gives one line, in order, up to the first error.

            Example: firn parse default.nix
            """)

    @Argument(help: "Files to parse; - is standard input, and a directory stands for its default.nix.")
    var files: [String] = []

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the arguments as expressions, not as files.")
    var isExpression = false

    @Flag(help: "Print a JSON object for each expression.")
    var json = false

    @OptionGroup var settings: SettingArguments

    mutating func validate() throws {
        if !isExpression { try Source.checkStandardInput(files) }
    }

    func run() throws {
        let settings = try settings.loaded()
        try EvaluationThread.run { parse(settings) }
    }

    private func parse(_ settings: NixSettings) -> Int32 {
        let options = EvaluatorOptions(
            pipeOperators: settings.features.contains("pipe-operators"), lints: settings.lints)
        let print: (_ line: [UInt8]) -> Void = { Output.message($0 + [UInt8(ascii: "\n")]) }
        guard let evaluator = Evaluator(io: LocalIO(), options: options, print: print) else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        for file in files.isEmpty && !isExpression ? ["./default.nix"] : files {
            do throws(EvalFailure) {
                let source = try source(file)
                let text = try source.printed(evaluator)
                let newline = [UInt8(ascii: "\n")]
                if json {
                    let object = [("file", JSONBytes.string(source.name)), ("expression", JSONBytes.string(text))]
                    Output.write(1, JSONBytes.object(object) + newline)
                } else {
                    Output.text(text + newline)
                }
            } catch {
                Output.message(evaluator.report(error).text(showTrace: false))
                return 1
            }
        }
        return 0
    }

    private func source(_ file: String) throws(EvalFailure) -> NixSource {
        if isExpression { return NixSource(expression: file) }
        if file == "-" { return try NixSource(standardInput: ()) }
        return try NixSource(path: CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory()))
    }
}
