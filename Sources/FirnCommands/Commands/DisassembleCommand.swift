import ArgumentParser
import NixBytecode

/// The command `firn disassemble`.
struct DisassembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disassemble", abstract: "Show the bytecode of sources or encoded programs.",
        discussion: "Example: firn disassemble lib.nix")

    @Argument(
        help: """
            Sources, or compiled programs (NAME.firn); - is a source on standard input, and a directory stands for its default.nix.
            """)
    var files: [String]

    @Flag(help: "Print a JSON object for each file, with the text of each chunk.")
    var json = false

    mutating func validate() throws {
        if files.isEmpty { throw ValidationError("no file is named") }
        try Source.checkStandardInput(files)
    }

    func run() throws {
        for (index, file) in files.enumerated() {
            let program = try file.hasSuffix(".firn") ? Source.program(file) : Source.compile(file).program
            if json { Output.write(1, Self.json(file, program) + [UInt8(ascii: "\n")]) } else { show(program, index) }
        }
    }

    private func show(_ program: Program, _ index: Int) {
        if files.count > 1 { Output.text("\(index > 0 ? "\n" : "")\(files[index]):\n") }
        Output.text(Disassembler(program).text())
    }

    private static func json(_ file: String, _ program: Program) -> [UInt8] {
        let disassembler = Disassembler(program)
        return JSONBytes.object([
            ("file", JSONBytes.string(file)), ("program", JSONBytes.string("\(program.name)")),
            ("chunks", JSONBytes.array(program.chunks.indices.map { JSONBytes.string(disassembler.chunk($0)) })),
        ])
    }
}
