import ArgumentParser
import NixBytecode
import NixCompiler
import NixEval
import NixStore

/// The command `firn compile`.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Compile files to encoded programs.",
        discussion: "Example: firn compile lib.nix -o lib.firn")

    @Argument(help: "The files; - is standard input, and a directory stands for its default.nix.")
    var files: [String]

    @Option(
        name: .shortAndLong, help: "The file of the program (default: the name of the source with .firn).")
    var output: String?

    @Flag(help: "Leave out source positions.")
    var strip = false

    @Flag(help: "Print a JSON object for each program.")
    var json = false

    mutating func validate() throws {
        if files.isEmpty { throw ValidationError("no file is named") }
        if output != nil && files.count > 1 { throw ValidationError("--output is for one file") }
        try Source.checkStandardInput(files)
    }

    func run() throws {
        for file in files { try compile(file) }
    }

    private func compile(_ file: String) throws {
        let target = output ?? Self.target(file)
        if Self.absolute(target) == Self.absolute(file) {
            Output.note("error: '\(target)' is the source itself; name another file with --output")
            throw ExitCode(1)
        }
        let compiled = try Source.compile(file, showWarnings: !json)
        let program = strip ? compiled.program.stripped() : compiled.program
        let bytes = program.encoded()
        do throws(WriteFailure) { try Source.write(bytes, to: target) } catch {
            Output.note("error: \(error)")
            throw ExitCode(1)
        }
        guard json else { return Output.text("\(program.name)  \(target)\n") }
        let object = JSONBytes.object([
            ("file", JSONBytes.string(file)), ("program", JSONBytes.string("\(program.name)")),
            ("output", JSONBytes.string(target)), ("bytes", Array("\(bytes.count)".utf8)),
            ("chunks", Array("\(program.chunks.count)".utf8)),
            ("warnings", JSONBytes.array(compiled.warnings.map(Self.warning))),
            ("warningsDropped", Array("\(compiled.warningsDropped)".utf8)),
        ])
        Output.write(1, object + [UInt8(ascii: "\n")])
    }

    private static func target(_ file: String) -> String {
        if file == "-" { return "out.firn" }
        var source = file
        if (try? LocalIO().resolveImport(absolute(file))) ?? absolute(file) != absolute(file) {
            source += source.hasSuffix("/") ? "default.nix" : "/default.nix"
        }
        return (source.hasSuffix(".nix") ? String(source.dropLast(4)) : source) + ".firn"
    }

    private static func absolute(_ file: String) -> [UInt8] {
        CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory())
    }

    private static func warning(_ warning: WarningReport) -> [UInt8] {
        JSONBytes.object([
            ("code", JSONBytes.string(warning.code)), ("message", JSONBytes.string(warning.message)),
            ("line", Array("\(warning.location.line)".utf8)), ("column", Array("\(warning.location.column)".utf8)),
        ])
    }
}
