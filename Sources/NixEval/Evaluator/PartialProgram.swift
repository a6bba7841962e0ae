import NixBytecode
import NixCompiler
import NixVM

/// A program of which the machine gets the code of a chunk when it first runs it.
struct PartialProgram {
    /// Where the code comes from.
    enum Code {
        /// It is generated from the analysed source.
        case generated(DeferredProgram)
        /// It is decoded and verified from a program of the disk cache.
        case cached(IndexedProgram, DiskCache.Key)
    }

    /// The name of the source in positions.
    let name: String
    let code: Code
}

extension Evaluator {
    /// The part of a program that the machine requests for the code of a chunk.
    func part(ofProgram number: Int, _ chunkIndex: Int) throws(EvalFailure) -> ProgramPart {
        guard let program = partial[number] ?? imageProgram(number) else {
            throw EvalFailure(kind: .value, message: Array("program \(number) has no code to make".utf8))
        }
        switch program.code {
        case .generated(let source): return try part(of: source, chunkIndex, name: program.name)
        case .cached(let cached, let key): return try part(of: cached, chunkIndex, name: program.name, key: key)
        }
    }
}
