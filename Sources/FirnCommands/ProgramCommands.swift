import ArgumentParser
import NixBytecode
import NixEval
import NixStore
import NixVM

/// `firn compile`.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Compile a file to an encoded program.",
        discussion: "Example: firn compile lib.nix -o lib.firn")

    @Argument(help: "The file; - is standard input.")
    var file: String

    @Option(name: .shortAndLong, help: "Where the program goes; the file's name with .firn by default.")
    var output: String?

    @Flag(help: "Leave out source positions.")
    var strip = false

    func run() throws {
        var program = try Source.compile(file)
        if strip { program = program.stripped() }
        let target =
            output ?? (file == "-" ? "out.firn" : (file.hasSuffix(".nix") ? String(file.dropLast(4)) : file) + ".firn")
        let bytes = program.encoded()
        guard Source.write(bytes, to: target) else {
            Output.note("error: '\(target)' cannot be written")
            throw ExitCode(1)
        }
        Output.write(1, "\(program.name)  \(target)\n")
    }
}

/// `firn disassemble`.
struct DisassembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disassemble", abstract: "Show the bytecode of a source or an encoded program.",
        discussion: "Example: firn disassemble lib.nix")

    @Argument(help: "A source, or a program whose name ends in .firn; - is standard input.")
    var file: String

    func run() throws {
        let program = try file.hasSuffix(".firn") ? Source.program(file) : Source.compile(file)
        Output.write(1, Disassembler(program).text())
    }
}

/// `firn verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check an encoded program.",
        discussion: "Example: firn verify lib.firn")

    @Argument(help: "The program.")
    var file: String

    func run() throws {
        let program = try Source.program(file)
        Output.write(1, "\(program.name)  \(program.chunks.count) chunks\n")
    }
}

/// Reading what the commands work on.
package enum Source {
    /// A source's bytes and its absolute path.
    static func read(_ file: String) throws -> (bytes: [UInt8], path: [UInt8]) {
        let directory = currentDirectory()
        if file == "-" {
            guard let bytes = readStandardInput() else {
                Output.note("error: standard input cannot be read")
                throw ExitCode(1)
            }
            return (bytes, CanonPath.absolute(Array("stdin".utf8), relativeTo: directory))
        }
        let path = CanonPath.absolute(Array(file.utf8), relativeTo: directory)
        do throws(EvalIOError) {
            return (try LocalIO().readFile(path), path)
        } catch {
            Output.note("error: \(String(decoding: error.message, as: UTF8.self))")
            throw ExitCode(1)
        }
    }

    static func compile(_ file: String) throws -> Program {
        let (source, path) = try read(file)
        let name = file == "-" ? "«stdin»" : String(decoding: path, as: UTF8.self)
        let outcome: Result<Program, EvalFailure>? =
            BigStack.run {
                guard let evaluator = Evaluator(io: LocalIO(), print: { _ in }) else { return nil }
                do throws(EvalFailure) {
                    let program = try evaluator.compile(source, name: name)
                    for warning in evaluator.warnings { Output.note("warning: \(warning.warning.message)") }
                    return .success(program)
                } catch {
                    Output.write(2, evaluator.describe(error, showTrace: false))
                    return .failure(error)
                }
            } ?? nil
        guard case .success(let program) = outcome else { throw ExitCode(1) }
        return program
    }

    static func program(_ file: String) throws -> Program {
        do throws(EvalFailure) {
            return try ProgramFile.read(CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory()))
        } catch {
            Output.note("error: \(error.text)")
            throw ExitCode(1)
        }
    }
}
