/// Why a chunk or program cannot be built.
public enum BuilderError: Error, Hashable, Sendable {
    /// The source asks for more than a program can hold (`ProgramLimits`); the only case that a source can cause.
    case limitExceeded(what: String, limit: Int)
    /// The operands are not those of the opcode's table row, or out of their range.
    case wrongOperands(Opcode)
    /// The instruction takes more values than were pushed above the arguments.
    case heightTooLow(Opcode, height: Int, pops: Int)
    /// A jump arrives with another height than the code before its target.
    case heightMismatch(offset: Int, found: Int, expected: Int)
    /// An instruction that nothing reaches: code ended and no jump was patched since.
    case unreachable(Opcode, offset: Int)
    /// A jump was patched twice, or belongs to another chunk.
    case unknownJump(offset: Int)
    /// Jumps were not patched when the chunk was finished.
    case unpatchedJumps(count: Int)
    /// The chunk's code does not end in `return`, `tailCall` or `assertFail`.
    case fallsOffEnd
    /// A chunk was reserved and never set, set twice, or never reserved.
    case chunk(UInt32)
    /// Whoever builds was told to stop.
    case stopped
}

extension BuilderError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .limitExceeded(let what, let limit):
            "the source is too large: more than \(limit) \(what); split it into several files"
        case .wrongOperands(let opcode): "operands do not fit the instruction `\(opcode)`"
        case .heightTooLow(let opcode, let height, let pops):
            "`\(opcode)` takes \(pops) values where the stack holds \(height), arguments included"
        case .heightMismatch(let offset, let found, let expected):
            "the stack at offset \(offset) is \(found) high along a jump and \(expected) before it"
        case .unreachable(let opcode, let offset): "`\(opcode)` at offset \(offset) cannot be reached"
        case .unknownJump(let offset): "the jump whose operand is at offset \(offset) is not open in this chunk"
        case .unpatchedJumps(let count): "\(count) jumps have no target"
        case .fallsOffEnd: "the code does not end in return, tailCall or assertFail"
        case .stopped: "building was stopped"
        case .chunk(let index): "chunk \(index) was never reserved, never set, or set twice"
        }
    }
}
