/// Why a program from outside is not run.
public enum ProgramRejection: Error, Hashable, Sendable {
    case malformed(DecodeError)
    case unsafe(VerificationError)

    /// Stable number: below 100 from decoding, from 100 on from verification.
    public var code: UInt16 {
        switch self {
        case .malformed(let error): error.code.rawValue
        case .unsafe(let error): error.code.rawValue
        }
    }

    /// Stable name of the code.
    public var name: String {
        switch self {
        case .malformed(let error): "\(error.code)"
        case .unsafe(let error): "\(error.code)"
        }
    }

    /// The byte at fault: of the encoded program, or of the code of the chunk that `location` names; else 0.
    public var offset: Int {
        switch self {
        case .malformed(let error): return error.offset
        case .unsafe(let error):
            if case .code(_, let offset) = error.location { return offset }
            return 0
        }
    }

    /// Where: `byte 17`, or a place in the program such as `chunk 3 offset 8`.
    public var location: String {
        switch self {
        case .malformed(let error): "byte \(error.offset)"
        case .unsafe(let error): "\(error.location)"
        }
    }
}

extension ProgramRejection: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let error): error.description
        case .unsafe(let error): error.description
        }
    }
}

extension Program {
    /// Reads an encoded program and verifies it: what to do with every program from outside.
    public static func load(
        _ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
    ) throws(ProgramRejection) -> Program {
        let program: Program
        do throws(DecodeError) {
            program = try Program(decoding: bytes, limits: limits)
        } catch {
            throw .malformed(error)
        }
        do throws(VerificationError) {
            try program.verify()
        } catch {
            throw .unsafe(error)
        }
        return program
    }
}
