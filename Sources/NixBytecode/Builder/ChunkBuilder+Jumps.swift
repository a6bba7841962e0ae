/// A jump whose target is not known yet. It must be patched exactly once.
public struct JumpPatch: Hashable, Sendable {
    /// Code offset of the operand, which has four bytes.
    let operand: Int
    /// The stack height at the target.
    public let height: Int
}

extension ChunkBuilder {
    /// The operand of a jump without a target. No code is large enough for this distance.
    private static let unpatched = UInt32.max

    /// Emits an instruction that can jump forward.
    ///
    /// - Parameters:
    ///   - opcode: an opcode with a jump operand.
    ///   - symbol: the symbol operand of `selectOr`; nil for all others.
    ///   - span: the source range of the instruction; nil keeps that of the instruction before.
    /// - Returns: the jump, for `patch`.
    /// - Throws: an error, in which case nothing is emitted.
    public mutating func emitJump(
        _ opcode: Opcode, symbol: UInt32? = nil, at span: SourceSpan? = nil
    ) throws(BuilderError) -> JumpPatch {
        let layout = opcode.layout
        guard layout.hasJump, let taken = layout.taken, (symbol != nil) == (layout.first == .symbol) else {
            throw .wrongOperands(opcode)
        }
        try begin(opcode)
        guard let target = try change(opcode, taken, count: 0) else { throw .wrongOperands(opcode) }
        let next = try change(opcode, layout.next, count: 0)
        mark(span)
        appendByte(opcode.rawValue)
        if let symbol { appendVarint(UInt64(symbol)) }
        let operand = offset
        for _ in 0..<4 { appendByte(0) }
        setWord(Self.unpatched, at: operand)
        openJumps += 1
        apply(next)
        return JumpPatch(operand: operand, height: target)
    }

    /// Makes the next instruction the target of a jump.
    ///
    /// If the code before it has ended, the stack height is the jump's; otherwise both heights must be equal.
    public mutating func patch(_ jump: JumpPatch) throws(BuilderError) {
        guard openJumps > 0, word(at: jump.operand) == Self.unpatched else {
            throw .unknownJump(offset: jump.operand)
        }
        guard !isReachable || height == jump.height else {
            throw .heightMismatch(offset: offset, found: jump.height, expected: height)
        }
        try Self.limit(offset, ProgramLimits.code - 1, "bytes of code in one function")
        openJumps -= 1
        setWord(UInt32(offset - jump.operand - 4), at: jump.operand)
        height = jump.height
        isReachable = true
    }
}
