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
        let io = LocalIO()
        let options = EvaluatorOptions(
            pipeOperators: settings.features.contains("pipe-operators"), lints: settings.lints)
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
                Output.message(evaluator.report(error).text(showTrace: false))
                return 1
            }
        }
        return 0
    }

    /// The bytes of an expression, its name in errors, and the base directory of its relative paths.
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
