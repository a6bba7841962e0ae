import ArgumentParser
import NixBytecode
import NixStore

/// The command `firn verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify compiled programs.",
        discussion: """
            The exit code is 1 if a program is refused.

            Example: firn verify lib.firn
            """)

    @Argument(help: "The programs; - is standard input.")
    var files: [String]

    @Flag(help: "Print a JSON object for each program.")
    var json = false

    mutating func validate() throws {
        if files.isEmpty { throw ValidationError("no file is named") }
        try Source.checkStandardInput(files)
    }

    func run() throws {
        var isRefused = false
        for file in files {
            let (bytes, _) = try Source.read(file)
            do throws(ProgramRejection) {
                let program = try Program.load(bytes)
                report(file, program)
            } catch {
                isRefused = true
                report(file, error)
            }
        }
        if isRefused { throw ExitCode(1) }
    }

    private func report(_ file: String, _ program: Program) {
        guard json else {
            let name = files.count > 1 ? "  \(file)" : ""
            return Output.text("\(program.name)  \(program.chunks.count) chunks\(name)\n")
        }
        write([
            ("file", JSONBytes.string(file)), ("valid", Array("true".utf8)),
            ("program", JSONBytes.string("\(program.name)")), ("chunks", Array("\(program.chunks.count)".utf8)),
        ])
    }

    private func report(_ file: String, _ rejection: ProgramRejection) {
        guard json else { return Output.note("error: program '\(file)' is rejected: \(rejection)") }
        write([
            ("file", JSONBytes.string(file)), ("valid", Array("false".utf8)),
            ("code", JSONBytes.string(rejection.name)),
            ("number", Array("\(rejection.code)".utf8)), ("offset", Array("\(rejection.offset)".utf8)),
            ("location", JSONBytes.string(rejection.location)), ("message", JSONBytes.string("\(rejection)")),
        ])
    }

    private func write(_ members: [(name: String, value: [UInt8])]) {
        Output.write(1, JSONBytes.object(members) + [UInt8(ascii: "\n")])
    }
}
