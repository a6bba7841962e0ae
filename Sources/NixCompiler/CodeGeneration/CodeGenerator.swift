import NixBytecode
import NixSyntax

/// The second pass: makes chunks of an analysed tree.
///
/// `generate` leaves a forced value on the stack, `generateLazily` one that may be delayed. In tail position (`tail`)
/// code ends with a tail call or `return` instead of leaving a value. Locals lie on the stack between temporaries, at
/// heights that are known here, because every expression leaves exactly one value.
struct CodeGenerator: ~Copyable {
    let tree: SyntaxTree
    let analysis: Analysis
    var program = ProgramBuilder()
    /// Chunks whose index is taken and whose code is not made yet, from `nextPending` on.
    var pending: [PendingChunk] = []
    private var nextPending = 0
    /// Set while a program is made part by part: see `generatePart`.
    var part: PartState?
    /// By symbol of the tree: its index in the program plus one, or 0.
    private var programSymbols: [UInt32]
    /// By binding: the slot, on the frame of its own function.
    var slots: [Int32]
    /// By binding: which upvalue of the current function it is, if that captures it.
    private var upvalues: [Int32]
    /// The chunk that is being made.
    var builder = ChunkBuilder(kind: .topLevel, arity: 0)
    /// Its function; nil for the chunk of a lazy selection.
    private var function: FunctionID?
    /// Where the innermost `with` chain is here.
    var chain = Position.none
    /// Captures of the group that is being pushed which are to be set when it is complete.
    var deferrals: [(slot: Int, capture: DeferredCapture)] = []
    var operatorChain: [NodeID] = []
    /// Bytes of the list of names, captures or parts that is being made for one instruction.
    var nameBytes = 0
    private var mustStop: (@Sendable (_ bytes: Int) -> Bool)?
    private var unitsUntilPoll = CodeGenerator.pollInterval

    /// A chunk to be made.
    struct PendingChunk {
        enum Body {
            case function(FunctionID)
            /// `x.name` where `x` is the only upvalue.
            case selection(SymbolID)
        }

        /// Its number in code.
        var index: UInt32
        var body: Body
        var span: Span
    }

    /// - Parameter mustStop: asked once.
    init(
        _ tree: SyntaxTree, analysis: Analysis, mustStop: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) {
        self.tree = tree
        self.analysis = analysis
        let names = tree.symbols.count + analysis.wellKnown.added.count
        tableBytes = (names + 2 * analysis.homes.count) * MemoryLayout<Int32>.stride
        if mustStop?(tableBytes) == true { throw BuilderError.stopped.asCompileError(at: tree.span(of: tree.root)) }
        programSymbols = Array(repeating: 0, count: tree.symbols.count + analysis.wellKnown.added.count)
        slots = Array(repeating: -1, count: analysis.homes.count)
        upvalues = Array(repeating: -1, count: analysis.homes.count)
    }

    /// Bytes of the tables that do not grow.
    private let tableBytes: Int

    /// Bytes that are kept between two parts.
    var keptBytes: Int { tableBytes + pending.keptByteCount }

    /// Lets `work` ask the closure from here on.
    mutating func ask(_ mustStop: (@Sendable (_ bytes: Int) -> Bool)?) {
        self.mustStop = mustStop
        unitsUntilPoll = Self.pollInterval
    }

    /// Counts an instruction or an entry of a table, and now and then asks whether to stop.
    @inline(__always)
    mutating func work() throws(BuilderError) {
        unitsUntilPoll &-= 1
        if unitsUntilPoll < 0 { try poll() }
    }

    /// Instructions between two such questions: some 50 µs of work.
    private static let pollInterval = 512

    @inline(never)
    private mutating func poll() throws(BuilderError) {
        unitsUntilPoll = Self.pollInterval
        guard let mustStop, mustStop(byteCount) else { return }
        throw .stopped
    }

    /// Asks before so many bytes are taken for a moment.
    func requireRoom(_ bytes: Int) throws(BuilderError) {
        if mustStop?(byteCount + bytes) == true { throw .stopped }
    }

    /// Whether to stop before more is made.
    func isStopped() -> Bool { mustStop?(byteCount) ?? false }

    /// The same question, for what works through the tree while this generator makes nothing.
    var stopCondition: () -> Bool {
        let (mustStop, bytes) = (mustStop, byteCount)
        return { mustStop?(bytes) ?? false }
    }

    /// Bytes of all tables, and what they will take until the next question.
    private var byteCount: Int {
        let step = 4 * Self.pollInterval
        return tableBytes + program.byteCount(adding: step) + builder.byteCount(adding: step)
            + pending.byteCount(adding: step) + deferrals.byteCount(adding: step)
            + operatorChain.byteCount(adding: step) + nameBytes + (part?.byteCount(adding: step) ?? 0)
    }

    /// Makes every chunk.
    mutating func generateProgram(
        mustStop: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) -> Program {
        ask(mustStop)
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

    /// Takes the next chunk index, for a chunk that is made later.
    @discardableResult
    mutating func enqueue(_ body: PendingChunk.Body, span: Span) throws(BuilderError) -> UInt32 {
        if part != nil { return try announce(body, span: span) }
        try work()
        let index = try program.reserveChunk()
        pending.append(PendingChunk(index: index, body: body, span: span))
        return index
    }

    /// Index of a name in the program.
    mutating func programSymbol(_ symbol: SymbolID) throws(BuilderError) -> UInt32 {
        try work()
        let known = programSymbols[Int(symbol.rawValue)]
        if known > 0 { return known - 1 }
        let index = try program.addSymbol(analysis.wellKnown.name(of: symbol, in: tree))
        programSymbols[Int(symbol.rawValue)] = index + 1
        return index
    }

    mutating func emit(
        _ opcode: Opcode, _ first: OperandValue? = nil, _ second: OperandValue? = nil, at span: Span
    ) throws(BuilderError) {
        try work()
        try builder.emit(opcode, first, second, at: SourceSpan(span))
    }

    mutating func emitJump(
        _ opcode: Opcode, symbol: UInt32? = nil, at span: Span
    ) throws(BuilderError) -> JumpPatch {
        try builder.emitJump(opcode, symbol: symbol, at: SourceSpan(span))
    }

    /// Starts a chunk: from here on, variables are those of this function.
    mutating func begin(_ id: FunctionID, kind: Chunk.Kind) {
        let record = analysis.functions[id.index]
        function = id
        builder.restart(kind: kind, arity: record.arity)
        for (upvalue, capture) in record.captures.range.enumerated() {
            upvalues[analysis.captures[capture].index] = Int32(truncatingIfNeeded: upvalue)
        }
        chain = record.capturesWith ? .upvalue(Int(record.captures.count)) : .none
    }

    /// Where the value of a binding is for the current function: `local` also if it is not there yet.
    func position(of binding: BindingID) -> Position {
        analysis.homes[binding.index] == function
            ? .local(Int(slots[binding.index])) : .upvalue(Int(upvalues[binding.index]))
    }
}

extension SourceSpan {
    init(_ span: Span) { self.init(start: span.start, end: span.end) }
}

extension BuilderError {
    /// What a source can cause is its fault; anything else is the compiler's.
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
