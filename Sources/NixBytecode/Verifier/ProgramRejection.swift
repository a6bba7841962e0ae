/// Why an untrusted program is not run.
public enum ProgramRejection: Error, Hashable, Sendable {
    case malformed(DecodeError)
    case unsafe(VerificationError)

    /// The number of the error, which is part of the protocol: below 100 from decoding, from 100 on from verification.
    public var code: UInt16 {
        switch self {
        case .malformed(let error): error.code.rawValue
        case .unsafe(let error): error.code.rawValue
        }
    }

    /// The name of the error, which is part of the protocol.
    public var name: String {
        switch self {
        case .malformed(let error): "\(error.code)"
        case .unsafe(let error): "\(error.code)"
        }
    }

    /// The offset at fault: in the encoded program, or in the code of the chunk that `location` names. It is 0 if there
    /// is neither.
    public var offset: Int {
        switch self {
        case .malformed(let error): return error.offset
        case .unsafe(let error):
            if case .code(_, let offset) = error.location { return offset }
            return 0
        }
    }

    /// The location of the error: `byte 17`, or in the program, such as `chunk 3 offset 8`.
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
    /// Decodes and verifies a program, as must happen to every untrusted one before it runs.
    ///
    /// - Parameters:
    ///   - bytes: the encoded program.
    ///   - limits: the most bytes that are accepted.
    /// - Throws: why the program is rejected.
    public static func load(
        _ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
    ) throws(ProgramRejection) -> Program {
        do throws(ProgramLoadFailure) {
            return try load(bytes, limits: limits, shouldCancel: nil)
        } catch {
            switch error {
            case .rejected(let rejection): throw rejection
            // Without `shouldCancel`, loading cannot be stopped.
            case .stopped: throw .malformed(DecodeError(.tooLarge, at: 0))
            }
        }
    }

    /// Decodes and verifies a program, with a poll.
    ///
    /// - Parameters:
    ///   - bytes: the encoded program.
    ///   - limits: the most bytes that are accepted.
    ///   - shouldCancel: called about every 100 µs, with the number of bytes that the program and the verifier take or
    ///     are about to take. When it returns true, loading ends with `stopped`.
    /// - Throws: why the program is rejected, or `stopped`.
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
        let taken = decoder.reservedBytes
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

/// Why an untrusted program was not loaded.
public enum ProgramLoadFailure: Error, Hashable, Sendable {
    case rejected(ProgramRejection)
    /// `shouldCancel` returned true.
    case stopped
}
