/// A jump whose target is not known yet. Patch it exactly once.
public struct JumpPatch: Hashable, Sendable {
    /// Offset of the four bytes of the operand.
    let operand: Int
    /// Height of the stack at the target.
    public let height: Int
}

extension ChunkBuilder {
    /// Stands for the target of a jump that has none yet: farther than code reaches.
    private static let unpatched = UInt32.max

    /// Emits an instruction that can jump forward.
    ///
    /// - Parameters:
    ///   - opcode: one with a jump operand.
    ///   - symbol: for `selectOr` only.
    /// - Returns: what `patch` needs once the target is reached.
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
    /// Where the code before has ended, its height becomes the jump's; else both must be equal.
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
