import NixBytecode
import NixCompiler
import NixVM

/// A program whose code is generated when the machine first runs it.
struct PartialProgram {
    /// The name of the source in positions.
    let name: String
    let code: DeferredProgram
}

extension Evaluator {
    /// The part of a program that the machine requests for the code of a chunk.
    func part(ofProgram number: Int, _ chunkIndex: Int) throws(EvalFailure) -> ProgramPart {
        guard let program = partial[number] else {
            throw EvalFailure(kind: .value, message: Array("program \(number) has no code to make".utf8))
        }
        return try part(of: program.code, chunkIndex, name: program.name)
    }
}
