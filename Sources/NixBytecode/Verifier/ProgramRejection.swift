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
        do throws(ProgramLoadFailure) {
            return try load(bytes, limits: limits, shouldCancel: nil)
        } catch {
            switch error {
            case .rejected(let rejection): throw rejection
            // Nobody was asked.
            case .stopped: throw .malformed(DecodeError(.tooLarge, at: 0))
            }
        }
    }

    /// As `load`, for whom there are limits.
    ///
    /// - Parameter shouldCancel: asked now and then, with the bytes that the program and its verifier take or are about to
    ///   take; true ends it.
    public static func load(
        _ bytes: [UInt8], limits: DecodeLimits = DecodeLimits(), shouldCancel: ((_ bytes: Int) -> Bool)?
    ) throws(ProgramLoadFailure) -> Program {
        guard bytes.count <= limits.maximumBytes else {
            throw .rejected(.malformed(DecodeError(.tooLarge, at: limits.maximumBytes)))
        }
        var decoder = ProgramDecoder(bytes, shouldCancel: shouldCancel)
        let program: Program
        do throws(DecodeError) {
            program = try decoder.wholeProgram()
        } catch {
            throw decoder.isStopped ? .stopped : .rejected(.malformed(error))
        }
        let taken = decoder.takenBytes
        var verifier: Verifier
        do throws(VerificationError) {
            verifier = try Verifier(program, shouldCancel: shouldCancel.map { ask in { ask(taken + $0) } })
        } catch { throw .stopped }
        do throws(VerificationError) {
            try verifier.verify()
        } catch {
            throw verifier.isStopped ? .stopped : .rejected(.unsafe(error))
        }
        return program
    }
}

/// Why a program from outside was not loaded.
public enum ProgramLoadFailure: Error, Hashable, Sendable {
    case rejected(ProgramRejection)
    /// Whoever loads it said that it must stop.
    case stopped
}
