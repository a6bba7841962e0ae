import ByteCounting

/// Emits the code of one chunk, and tracks the stack height as the verifier does.
///
/// `height` is the stack height before the next instruction; it starts as the number of arguments. After an instruction
/// that ends a basic block (`return`, `tailCall`, `jump`, `assertFail`), the next instruction must be the target of a
/// jump.
public struct ChunkBuilder: Sendable {
    public private(set) var kind: Chunk.Kind
    public private(set) var arity: Int
    public private(set) var code: [UInt8] = []
    /// The number of values above the frame's base, including arguments. While `isReachable` is false, it is the height
    /// before the code ended.
    public internal(set) var height: Int
    /// The largest height so far.
    public private(set) var maximumStack: Int
    /// Whether control can reach `offset`.
    public internal(set) var isReachable = true
    private var instructionSpans: [InstructionSpan] = []
    /// The number of jumps that were not patched yet. Their operands are `unpatched`.
    var openJumps = 0

    /// - Parameters:
    ///   - kind: the kind of the chunk.
    ///   - arity: number of arguments, which are in the first slots.
    public init(kind: Chunk.Kind, arity: Int) {
        self.kind = kind
        self.arity = arity
        height = arity
        maximumStack = arity
    }

    /// Starts another chunk. The buffers are reused, because most chunks are small and there are many.
    public mutating func restart(kind: Chunk.Kind, arity: Int) {
        self.kind = kind
        self.arity = arity
        height = arity
        maximumStack = arity
        isReachable = true
        code.removeAll(keepingCapacity: code.capacity <= Self.largestReusedCapacity)
        instructionSpans.removeAll(keepingCapacity: instructionSpans.capacity <= Self.largestReusedCapacity)
        openJumps = 0
    }

    /// The largest capacity of a buffer that is reused.
    private static let largestReusedCapacity = 1 << 14

    /// Bytes of the buffers while `more` instructions are emitted, see `Array.byteCount(adding:)`. An instruction takes
    /// up to 16 bytes of code, apart from captures.
    public func byteCount(adding more: Int) -> Int {
        code.byteCount(adding: 16 &* more) &+ instructionSpans.byteCount(adding: more)
    }

    /// The code offset of the next instruction.
    public var offset: Int { code.count }

    /// Emits an instruction without a jump.
    ///
    /// - Parameters:
    ///   - opcode: any opcode without a jump operand; `emitJump` emits the others.
    ///   - first: the first operand, of the kind in the opcode table.
    ///   - second: the second operand, likewise.
    ///   - span: the source range of the instruction; nil keeps that of the instruction before.
    /// - Throws: an error, in which case nothing is emitted.
    public mutating func emit(
        _ opcode: Opcode, _ first: OperandValue? = nil, _ second: OperandValue? = nil, at span: SourceSpan? = nil
    ) throws(BuilderError) {
        let layout = opcode.layout
        guard !opcode.isInternal, !layout.hasJump, first?.operand == layout.first, second?.operand == layout.second
        else {
            throw .wrongOperands(opcode)
        }
        try begin(opcode)
        let count = try Self.check(opcode, first, second)
        let change = try change(opcode, layout.next, count: count)
        mark(span)
        appendByte(opcode.rawValue)
        if let first { append(first) }
        if let second { append(second) }
        apply(change)
    }

    /// Finishes the chunk.
    ///
    /// - Parameters:
    ///   - upvalueCount: number of upvalues, including the `with` chain.
    ///   - capturesWith: whether the last upvalue is a `with` chain.
    ///   - formals: index of the formals, if the last parameter is a pattern.
    ///   - parameters: the symbols of the parameters; nil for a pattern without `@`.
    ///   - name: the symbol that the chunk's value is bound to.
    ///   - spans: one for each parameter of a lambda; one for other chunks.
    /// - Returns: the chunk.
    /// - Throws: an error if code or jumps are incomplete, or a limit is exceeded.
    public func finish(
        upvalueCount: Int, capturesWith: Bool, formals: UInt32?, parameters: [UInt32?], name: UInt32?,
        spans: [SourceSpan]
    ) throws(BuilderError) -> Chunk {
        guard !isReachable else { throw .fallsOffEnd }
        guard openJumps == 0 else { throw .unpatchedJumps(count: openJumps) }
        try Self.limit(arity, ProgramLimits.arity, "arguments of one function")
        try Self.limit(upvalueCount, ProgramLimits.upvalues, "captured variables of one function")
        return Chunk(
            kind: kind, arity: UInt32(arity), upvalueCount: UInt32(upvalueCount), capturesWith: capturesWith,
            formals: formals, parameters: parameters, name: name, spans: spans, code: Self.copy(code),
            maximumStack: UInt32(maximumStack), instructionSpans: Self.copy(instructionSpans))
    }
}

extension ChunkBuilder {
    /// Checks that an instruction may be emitted at the current offset.
    func begin(_ opcode: Opcode) throws(BuilderError) {
        guard isReachable else { throw .unreachable(opcode, offset: offset) }
        try Self.limit(offset, ProgramLimits.code - 1, "bytes of code in one function")
    }

    /// The stack height after an instruction; nil if no instruction follows along this edge.
    func change(_ opcode: Opcode, _ effect: StackEffect, count: Int) throws(BuilderError) -> Int? {
        guard let (pops, pushes) = effect.resolved(count: count) else {
            try requireEnding(opcode, count: count)
            return nil
        }
        guard pops <= height - arity else { throw .heightTooLow(opcode, height: height, pops: pops) }
        let after = height - pops + pushes
        try Self.limit(after, ProgramLimits.stack, "values on the stack of one function")
        return after
    }

    /// Sets the height after an instruction; nil marks what follows as unreachable.
    mutating func apply(_ change: Int?) {
        guard let change else {
            isReachable = false
            return
        }
        height = change
        maximumStack = max(maximumStack, change)
    }

    /// Sets the source range of the code that follows.
    mutating func mark(_ span: SourceSpan?) {
        guard let span, instructionSpans.last?.span != span else { return }
        instructionSpans.append(InstructionSpan(offset: UInt32(offset), span: span))
    }

    mutating func appendByte(_ byte: UInt8) { code.append(byte) }

    mutating func appendVarint(_ value: UInt64) { VU128.append(value, to: &code) }

    /// Writes a 32-bit word, little-endian.
    mutating func setWord(_ word: UInt32, at offset: Int) {
        for index in 0..<4 {
            code[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(8 * index))
        }
    }

    /// Reads a 32-bit word, little-endian; nil if the offset is out of range.
    func word(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= code.count - 4 else { return nil }
        return (0..<4).reduce(0) { $0 | UInt32(code[offset + $1]) << UInt32(8 * $1) }
    }

    /// A copy without spare capacity. The original keeps its buffer.
    private static func copy<Element>(_ elements: [Element]) -> [Element] {
        unsafe elements.withUnsafeBufferPointer { unsafe Array($0) }
    }

    static func limit(_ value: Int, _ limit: Int, _ what: String) throws(BuilderError) {
        guard value <= limit else { throw .limitExceeded(what: what, limit: limit) }
    }

    /// Checks that an instruction that ends the code finds its operands.
    private func requireEnding(_ opcode: Opcode, count: Int) throws(BuilderError) {
        let pops = opcode.layout.next.endingPops(count: count)
        guard pops <= height - arity else { throw .heightTooLow(opcode, height: height, pops: pops) }
    }
}
