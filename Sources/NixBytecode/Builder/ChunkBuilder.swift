/// Emits the code of one chunk, and keeps count of the stack as the verifier will.
///
/// `height` is what the next instruction finds: the arguments at first, then whatever is emitted makes of it. After
/// an instruction that nothing follows (`return`, `tailCall`, `jump`, `assertFail`) the next thing must be a patched
/// jump: see `isReachable`.
public struct ChunkBuilder: Sendable {
    public private(set) var kind: Chunk.Kind
    public private(set) var arity: Int
    public private(set) var code: [UInt8] = []
    /// Values on the stack over the frame's base, arguments included. While `isReachable` is false, what it was before
    /// the code ended.
    public internal(set) var height: Int
    /// Largest height so far.
    public private(set) var maximumStack: Int
    /// Whether control can come to `offset`.
    public internal(set) var isReachable = true
    private var instructionSpans: [InstructionSpan] = []
    /// How many jumps have no target yet. Their operands are `unpatched`.
    var openJumps = 0

    /// - Parameter arity: number of arguments, which are the first slots.
    public init(kind: Chunk.Kind, arity: Int) {
        self.kind = kind
        self.arity = arity
        height = arity
        maximumStack = arity
    }

    /// Begins another chunk. The tables keep their room: most chunks are small, and there are many.
    public mutating func restart(kind: Chunk.Kind, arity: Int) {
        self.kind = kind
        self.arity = arity
        height = arity
        maximumStack = arity
        isReachable = true
        code.removeAll(keepingCapacity: code.capacity <= Self.keptRoom)
        instructionSpans.removeAll(keepingCapacity: instructionSpans.capacity <= Self.keptRoom)
        openJumps = 0
    }

    /// Largest table that is kept for the next chunk.
    private static let keptRoom = 1 << 14

    /// Bytes of the tables, and what they will take with so many more instructions.
    public func byteCount(adding more: Int) -> Int {
        code.byteCount(adding: 16 &* more) &+ instructionSpans.byteCount(adding: more)
    }

    /// Offset of the next instruction.
    public var offset: Int { code.count }

    /// Emits an instruction without a jump.
    ///
    /// - Parameters:
    ///   - opcode: any but those with a jump operand, for which there is `emitJump`.
    ///   - first: first operand, of the table's kind; `second` likewise.
    ///   - span: what of the source it stands for; nil keeps the span of the instruction before.
    /// - Throws: nothing is emitted then.
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

    /// The chunk.
    ///
    /// - Parameters:
    ///   - upvalueCount: the `with` chain included, if `capturesWith`.
    ///   - parameters: names of the parameters, as many as the arity; nil for a pattern without `@`.
    ///   - spans: one for each parameter of a lambda; one for others.
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
    /// Checks that an instruction may stand here.
    func begin(_ opcode: Opcode) throws(BuilderError) {
        guard isReachable else { throw .unreachable(opcode, offset: offset) }
        try Self.limit(offset, ProgramLimits.code - 1, "bytes of code in one function")
    }

    /// Height after an instruction and the largest it needs; nil when nothing follows.
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

    /// Sets the height after an instruction; nil when nothing follows.
    mutating func apply(_ change: Int?) {
        guard let change else {
            isReachable = false
            return
        }
        height = change
        maximumStack = max(maximumStack, change)
    }

    /// Says what the following code stands for.
    mutating func mark(_ span: SourceSpan?) {
        guard let span, instructionSpans.last?.span != span else { return }
        instructionSpans.append(InstructionSpan(offset: UInt32(offset), span: span))
    }

    mutating func appendByte(_ byte: UInt8) { code.append(byte) }

    mutating func appendVarint(_ value: UInt64) { VU128.append(value, to: &code) }

    /// Writes four bytes, little-endian.
    mutating func setWord(_ word: UInt32, at offset: Int) {
        for index in 0..<4 {
            code[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(8 * index))
        }
    }

    /// Four bytes, little-endian.
    func word(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= code.count - 4 else { return nil }
        return (0..<4).reduce(0) { $0 | UInt32(code[offset + $1]) << UInt32(8 * $1) }
    }

    /// A copy without room, that leaves the room to the original.
    private static func copy<Element>(_ elements: [Element]) -> [Element] {
        unsafe elements.withUnsafeBufferPointer { unsafe Array($0) }
    }

    static func limit(_ value: Int, _ limit: Int, _ what: String) throws(BuilderError) {
        guard value <= limit else { throw .limitExceeded(what: what, limit: limit) }
    }

    /// An instruction that ends the code takes its operands too.
    private func requireEnding(_ opcode: Opcode, count: Int) throws(BuilderError) {
        let pops = opcode.endingPops(count: count)
        guard pops <= height - arity else { throw .heightTooLow(opcode, height: height, pops: pops) }
    }
}

extension Opcode {
    /// How many values an instruction takes that nothing follows; its row says only that it ends.
    func endingPops(count: Int) -> Int {
        switch self {
        case .return: 1
        case .tailCall: count < Int.max ? count + 1 : count
        default: 0
        }
    }
}
