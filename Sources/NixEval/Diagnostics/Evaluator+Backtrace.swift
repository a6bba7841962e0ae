import NixSyntax
import NixVM

/// Conversion of a failure's stack frames to the lines of a trace.
extension Evaluator {
    /// The failure with its `trace` computed from its frames.
    func explained(_ failure: EvalFailure) -> EvalFailure {
        if failure.frames.isEmpty { return failure }
        var writer = TraceWriter(self, failure)
        for (index, frame) in failure.frames.enumerated() {
            if index == failure.framesCut { writer.failure.traceCut = writer.entryCount }
            writer.add(frame)
        }
        return writer.finish()
    }

    /// The text of the source of a position.
    func source(of position: SourcePosition) -> [UInt8]? {
        inlineSource(position.program) ?? source(named: position.source)
    }

    /// What tells the source of a position from others: its name, and for one that is no file also its program.
    func sourceKey(_ position: SourcePosition) -> String {
        inlineSource(position.program) == nil ? position.source : "\(position.source)\0\(position.program)"
    }

    /// The text of a source: as it was compiled, or if that is not known, the current contents of its file.
    func source(named name: String) -> [UInt8]? {
        if let known = source(compiledAs: name) { return known }
        if sourceKey(name) != nil { return nil }
        if name == NixSources.derivationName { return NixSources.derivation }
        guard name.hasPrefix("/") else { return nil }
        return try? io.readFile(Array(name.utf8))
    }

    /// The expressions of a source, which is parsed again; nil if it is not available.
    fileprivate func contexts(_ position: SourcePosition) -> ExpressionTrace? {
        let key = sourceKey(position)
        if let known = contextsBySource[key] { return known }
        // A failed attempt is not repeated, because there may be hundreds of frames to explain.
        guard !unexplained.contains(key) else { return nil }
        guard let contexts = makeContexts(position) else {
            unexplained.insert(key)
            return nil
        }
        contextsBySource[key] = contexts
        return contexts
    }

    /// The largest source in bytes that is parsed again.
    private static let largestExplained = 16 << 20

    private func makeContexts(_ position: SourcePosition) -> ExpressionTrace? {
        guard let source = source(of: position), source.count <= Self.largestExplained else { return nil }
        collectGarbage(forSource: source.count)
        // The memory limit covers the source, the tree, and the index of its nodes.
        let options = ParseOptions(
            pipeOperators: true, maximumDepth: BigStack.levels, shouldCancel: stopCondition(besides: source.count))
        guard let tree = try? NixSyntax.parse(source, options: options) else { return nil }
        let bytes = tree.memoryBytes + SyntaxParents.byteCount(for: tree)
        guard bytes <= machine.roomOutsideHeap,
            let parents = SyntaxParents(tree, shouldCancel: { [stop = machine.stop] in stop.cause != nil })
        else { return nil }
        machine.countOutsideHeap(bytes)
        let lines = LineIndex(source)
        return ExpressionTrace(
            parents: parents, baseDirectory: machine.directory(ofProgram: position.program),
            homeDirectory: io.homeDirectory ?? [UInt8(ascii: "~")]
        ) { offset in
            let location = lines.location(of: offset)
            return SourcePosition(
                source: position.source, span: .init(start: offset, end: offset), line: location.line,
                column: location.column, program: position.program)
        }
    }
}

/// Builds the trace, with the innermost line first.
private struct TraceWriter {
    let evaluator: Evaluator
    var failure: EvalFailure
    private var slots: [Slot] = []
    /// Indices in `slots` of the calls whose position is not known yet.
    private var pendingCalls: [Int] = []
    private var needsFailurePosition = false
    /// The index in `slots` that is reserved for the reason of a coercion.
    private var coercion: Int?
    private var application: SourcePosition?
    /// Whether a code frame was added. The first one is that of the failure.
    private var hasCode = false

    /// The bytes of an assertion's condition that a program contains; a longer one is cut.
    private static let longestAssertion = 2048

    private struct Slot {
        var entry: TraceEntry?
        var needsPosition = false
    }

    var entryCount: Int { slots.count }

    init(_ evaluator: Evaluator, _ failure: EvalFailure) {
        self.evaluator = evaluator
        self.failure = failure
    }

    mutating func add(_ frame: BacktraceFrame) {
        switch frame {
        case .code(let code): addCode(code)
        case .entry(let entry): slots.append(Slot(entry: entry))
        case .call(let call):
            pendingCalls.append(slots.count)
            slots.append(
                Slot(
                    entry: TraceEntry(
                        message: call.message, position: nil, visibility: call.isDetailed ? .detailed : .ordinary),
                    needsPosition: call.needsPosition))
        case .coercion:
            coercion = slots.count
            slots.append(Slot(entry: nil))
        case .coercionReason(let text): explainCoercion(TraceEntry(message: text, position: nil))
        case .position(let position): resolvePending(position)
        case .failurePosition: needsFailurePosition = true
        case .application(let position): application = position
        case .boundary(let position, let usesApplication):
            coercion = nil
            resolvePending(usesApplication ? application ?? position : position)
        }
    }

    private mutating func addCode(_ code: CodeFrame) {
        let lines = evaluator.contexts(code.position)?.lines(for: code, isCoercion: coercion != nil)
        if let reason = lines?.coercion { explainCoercion(reason) }
        if let assertion = lines?.assertion, !hasCode, assertion.utf8.count <= Self.longestAssertion {
            failure.message = Array("assertion '\(assertion)' failed".utf8)
        }
        if let lines, !hasCode, failure.position == code.position { failure.position = lines.failurePosition }
        hasCode = true
        coercion = nil
        resolvePending(lines?.callPosition ?? code.position)
        for entry in lines?.entries ?? [] { slots.append(Slot(entry: entry)) }
    }

    private mutating func explainCoercion(_ entry: TraceEntry) {
        if let coercion { slots[coercion].entry = entry }
        coercion = nil
    }

    /// Sets the position of the calls that wait for it.
    private mutating func resolvePending(_ position: SourcePosition?) {
        if needsFailurePosition {
            failure.position = position
            needsFailurePosition = false
        }
        for index in pendingCalls {
            if position == nil, slots[index].needsPosition {
                slots[index].entry = nil
            } else {
                slots[index].entry?.position = position
            }
        }
        pendingCalls.removeAll(keepingCapacity: true)
        application = nil
    }

    mutating func finish() -> EvalFailure {
        // The remaining calls were made from outside of the program.
        needsFailurePosition = false
        for index in pendingCalls { slots[index].entry = nil }
        let before = slots.prefix(failure.traceCut).count { $0.entry == nil }
        failure.traceOmitted = failure.framesOmitted
        failure.traceCut -= before
        failure.trace = slots.compactMap(\.entry)
        failure.frames = []
        return failure
    }
}
