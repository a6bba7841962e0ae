import ByteCounting
import NixBytecode
import NixSyntax

/// The second pass of the compiler, which generates chunks from an analysed tree.
///
/// `generate` pushes a forced value, `generateLazily` one that may be a thunk. In tail position (`tail`), the code ends
/// with a tail call or `return` instead of pushing a value. Every expression pushes exactly one value, so the slot of
/// each local is known statically, even between temporaries.
struct CodeGenerator: ~Copyable {
    let tree: SyntaxTree
    let analysis: Analysis
    var program = ProgramBuilder()
    /// All chunks with an index. The code of those from `nextPending` on has not been generated yet.
    var pending: [PendingChunk] = []
    private var nextPending = 0
    /// The state of the part that is being generated; nil while a whole program is. See `generatePart`.
    var part: PartState?
    /// By symbol of the tree: its index in the program plus one, or 0.
    private var programSymbols: [UInt32]
    /// By binding: its slot in the frame of its function.
    var slots: [Int32]
    /// By binding: its upvalue index in the current function, if that captures it.
    private var upvalues: [Int32]
    /// The builder of the current chunk.
    var builder = ChunkBuilder(kind: .topLevel, arity: 0)
    /// The function of the current chunk; nil for the chunk of a lazy selection.
    private var function: FunctionID?
    /// The position of the innermost link of the `with` chain.
    var chain = Position.none
    /// Captures of the group that is being pushed, which are set when it is complete.
    var deferrals: [(slot: Int, capture: DeferredCapture)] = []
    var operatorChain: [NodeID] = []
    /// The captures of the function that is being made. The buffer is used for one function after another.
    var captures: [Position] = []
    /// Bytes of the list of names, captures or parts of the current instruction.
    var nameBytes = 0
    private var shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    private var unitsUntilPoll = CodeGenerator.pollInterval

    /// A chunk whose code is generated later.
    struct PendingChunk {
        enum Body {
            case function(FunctionID)
            /// `x.name`, where `x` is the only upvalue.
            case selection(SymbolID)
        }

        /// The number by which instructions refer to the chunk.
        var index: UInt32
        var body: Body
        var span: Span
    }

    /// - Parameters:
    ///   - tree: the tree as the parser returns it.
    ///   - analysis: the result of the tree's scope analysis.
    ///   - shouldCancel: called once, with the bytes of the generator's tables.
    /// - Throws: cancellation.
    init(
        _ tree: SyntaxTree, analysis: Analysis, shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) {
        self.tree = tree
        self.analysis = analysis
        let names = tree.symbols.count + analysis.wellKnown.added.count
        tableBytes = (names + 2 * analysis.functionOfBinding.count) * MemoryLayout<Int32>.stride
        if shouldCancel?(tableBytes) == true { throw BuilderError.stopped.asCompileError(at: tree.span(of: tree.root)) }
        programSymbols = Array(repeating: 0, count: tree.symbols.count + analysis.wellKnown.added.count)
        slots = Array(repeating: -1, count: analysis.functionOfBinding.count)
        upvalues = Array(repeating: -1, count: analysis.functionOfBinding.count)
    }

    /// Bytes of the tables of fixed size.
    private let tableBytes: Int

    /// Bytes that are in use between two parts.
    var retainedBytes: Int { tableBytes + pending.estimatedByteCount }

    /// Sets the closure that is polled from now on.
    mutating func setPoll(_ shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?) {
        self.shouldCancel = shouldCancel
        unitsUntilPoll = Self.pollInterval
    }

    /// Counts an instruction or a table entry as a unit of work, and polls when enough have been done.
    @inline(__always)
    mutating func charge() throws(BuilderError) {
        unitsUntilPoll &-= 1
        if unitsUntilPoll < 0 { try poll() }
    }

    /// The units of work between two polls, about 50 µs.
    private static let pollInterval = 512

    @inline(never)
    private mutating func poll() throws(BuilderError) {
        unitsUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(byteCount) else { return }
        throw .stopped
    }

    /// Polls before `bytes` are taken temporarily.
    func pollBeforeTaking(_ bytes: Int) throws(BuilderError) {
        if shouldCancel?(byteCount + bytes) == true { throw .stopped }
    }

    /// Polls before more code is generated. Returns true if it must stop.
    func isStopped() -> Bool { shouldCancel?(byteCount) ?? false }

    /// The poll for code that traverses the tree while this generator makes nothing.
    var stopCondition: () -> Bool {
        let (shouldCancel, bytes) = (shouldCancel, byteCount)
        return { shouldCancel?(bytes) ?? false }
    }

    /// Bytes of all tables, including their growth until the next poll.
    private var byteCount: Int {
        let step = 4 * Self.pollInterval
        return tableBytes + program.byteCount(adding: step) + builder.byteCount(adding: step)
            + pending.byteCount(adding: step) + deferrals.byteCount(adding: step)
            + operatorChain.byteCount(adding: step) + captures.byteCount(adding: 0) + nameBytes
            + (part?.byteCount(adding: step) ?? 0)
    }

    /// Generates the whole program.
    mutating func generateProgram(
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) -> Program {
        setPoll(shouldCancel)
        let whole = tree.span(of: tree.root)
        do throws(BuilderError) {
            try enqueue(.function(FunctionID(0)), span: whole)
        } catch { throw error.asCompileError(at: whole) }
        while nextPending < pending.count {
            let chunk = pending[nextPending]
            nextPending += 1
            do throws(BuilderError) {
                try program.setChunk(chunk.index, try generate(chunk))
            } catch { throw error.asCompileError(at: chunk.span) }
        }
        do throws(BuilderError) {
            return try program.finish(lines: LineTable(lineStarts: tree.lineStarts))
        } catch { throw error.asCompileError(at: whole) }
    }

    /// Reserves the next chunk index, for a chunk that is generated later.
    @discardableResult
    mutating func enqueue(_ body: PendingChunk.Body, span: Span) throws(BuilderError) -> UInt32 {
        if part != nil { return try announce(body, span: span) }
        try charge()
        let index = try program.reserveChunk()
        pending.append(PendingChunk(index: index, body: body, span: span))
        return index
    }

    /// The index of a name in the program, to which it is added at its first use.
    mutating func programSymbol(_ symbol: SymbolID) throws(BuilderError) -> UInt32 {
        try charge()
        let known = programSymbols[Int(symbol.rawValue)]
        if known > 0 { return known - 1 }
        let index = try program.addSymbol(analysis.wellKnown.slice(of: symbol, in: tree))
        programSymbols[Int(symbol.rawValue)] = index + 1
        return index
    }

    mutating func emit(
        _ opcode: Opcode, _ first: OperandValue? = nil, _ second: OperandValue? = nil, at span: Span
    ) throws(BuilderError) {
        try charge()
        try builder.emit(opcode, first, second, at: SourceSpan(span))
    }

    mutating func emitJump(
        _ opcode: Opcode, symbol: UInt32? = nil, at span: Span
    ) throws(BuilderError) -> JumpPatch {
        try builder.emitJump(opcode, symbol: symbol, at: SourceSpan(span))
    }

    /// Starts a chunk. From now on, variables are resolved to positions in this function.
    mutating func begin(_ id: FunctionID, kind: Chunk.Kind) {
        let record = analysis.functions[id.index]
        function = id
        builder.restart(kind: kind, arity: record.arity)
        for (upvalue, capture) in record.captures.range.enumerated() {
            upvalues[analysis.captures[capture].index] = Int32(truncatingIfNeeded: upvalue)
        }
        chain = record.capturesWith ? .upvalue(Int(record.captures.count)) : .none
    }

    /// The position of a binding in the current function. It is `local` even if the slot is not filled yet.
    func position(of binding: BindingID) -> Position {
        analysis.functionOfBinding[binding.index] == function
            ? .local(Int(slots[binding.index])) : .upvalue(Int(upvalues[binding.index]))
    }
}

extension SourceSpan {
    init(_ span: Span) { self.init(start: span.start, end: span.end) }
}

extension BuilderError {
    /// Converts the error: limits are reported as the source's fault, anything else as a defect of the compiler.
    func asCompileError(at span: Span) -> CompileError {
        if case .limitExceeded = self { return CompileError(kind: .tooLarge, message: description, span: span) }
        if case .stopped = self {
            return CompileError(kind: .cancelled, message: "compilation was cancelled", span: span)
        }
        return CompileError(
            kind: .internalError, message: "the compiler made invalid code, please report this: \(description)",
            span: span)
    }
}
