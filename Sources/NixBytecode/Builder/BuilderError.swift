/// Why a chunk or program cannot be built. Only `limitExceeded` and `stopped` can occur for code that the compiler
/// generates correctly.
public enum BuilderError: Error, Hashable, Sendable {
    /// The source needs more than a program can have (`ProgramLimits`).
    case limitExceeded(what: String, limit: Int)
    /// The operands have other kinds than the opcode's table row, or are out of range.
    case wrongOperands(Opcode)
    /// The instruction pops more values than were pushed above the arguments.
    case heightTooLow(Opcode, height: Int, pops: Int)
    /// The stack height along a jump differs from that of the code before the jump's target.
    case heightMismatch(offset: Int, found: Int, expected: Int)
    /// The instruction is unreachable: the code before it has ended, and no jump was patched since.
    case unreachable(Opcode, offset: Int)
    /// The jump was patched already, or belongs to another chunk.
    case unknownJump(offset: Int)
    /// The chunk was finished before every jump was patched.
    case unpatchedJumps(count: Int)
    /// The chunk's code does not end in `return`, `tailCall` or `assertFail`.
    case fallsOffEnd
    /// The chunk was never reserved, was reserved and never set, or was set twice.
    case chunk(UInt32)
    /// The caller asked to stop.
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
