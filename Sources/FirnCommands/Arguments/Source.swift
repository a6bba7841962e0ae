import ArgumentParser
import NixBytecode
import NixEval
import NixStore
import NixVM

/// Reads the inputs of commands.
package enum Source {
    /// Checks that at most one of the files is standard input.
    package static func checkStandardInput(_ files: [String]) throws {
        guard files.count(where: { $0 == "-" }) > 1 else { return }
        throw ValidationError("- is standard input, which can be read only once")
    }

    /// Reads a file.
    ///
    /// - Parameter isExpression: whether a directory stands for its default.nix.
    /// - Returns: the bytes and the absolute path.
    static func read(_ file: String, isExpression: Bool = false) throws -> (bytes: [UInt8], path: [UInt8]) {
        let directory = currentDirectory()
        if file == "-" {
            guard let bytes = readStandardInput() else {
                Output.note("error: standard input cannot be read")
                throw ExitCode(1)
            }
            return (bytes, CanonPath.absolute(Array("stdin".utf8), relativeTo: directory))
        }
        do throws(EvalIOError) {
            let io = LocalIO()
            let named = CanonPath.absolute(Array(file.utf8), relativeTo: directory)
            let path = isExpression ? try io.resolveImport(named) : named
            return (try io.readFile(path), path)
        } catch {
            Output.note("error: \(String(decoding: error.message, as: UTF8.self))")
            throw ExitCode(1)
        }
    }

    /// A compiled source.
    struct Compiled: Sendable {
        var program: Program
        var warnings: [WarningReport]
        /// The number of warnings beyond those in the array.
        var warningsDropped: Int
    }

    /// Compiles a source, or ends the command with exit code 1.
    ///
    /// - Parameter showWarnings: whether warnings are printed on standard error.
    static func compile(_ file: String, showWarnings: Bool = true) throws -> Compiled {
        if file.hasSuffix(".firn") {
            Output.note("error: '\(file)' is a program already, by its name; sources are compiled")
            throw ExitCode(1)
        }
        let (source, path) = try read(file, isExpression: true)
        let name = file == "-" ? "«stdin»" : String(decoding: path, as: UTF8.self)
        let outcome: Compiled? =
            BigStack.run {
                guard let evaluator = Evaluator(io: LocalIO(), print: { _ in }) else {
                    Output.note("error: \(AddressSpace.failureText)")
                    return nil
                }
                do throws(EvalFailure) {
                    let program = try evaluator.compile(source, name: name)
                    if showWarnings {
                        for warning in evaluator.warningReports() { Output.message(warning.text) }
                        if evaluator.warningsDropped > 0 {
                            Output.note("warnings that are not shown: \(evaluator.warningsDropped)")
                        }
                    }
                    return Compiled(
                        program: program, warnings: evaluator.warningReports(),
                        warningsDropped: evaluator.warningsDropped)
                } catch {
                    Output.message(evaluator.report(error).text(showTrace: false))
                    return nil
                }
            } ?? nil
        guard let outcome else { throw ExitCode(1) }
        return outcome
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
