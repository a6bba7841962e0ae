import NixBytecode
import NixStore
import NixVM

/// Reads compiled programs from files.
enum ProgramFile {
    /// Reads, decodes and verifies a program.
    static func read(_ path: [UInt8]) throws(EvalFailure) -> Program {
        let name = String(decoding: path, as: UTF8.self)
        do {
            let bytes = try LocalIO().readFile(path)
            let program = try Program(decoding: bytes)
            try program.verify()
            return program
        } catch let error as EvalIOError {
            throw EvalFailure(kind: .io, message: error.message)
        } catch {
            throw EvalFailure(kind: .value, message: Array("program '\(name)' is rejected: \(error)".utf8))
        }
    }
}
