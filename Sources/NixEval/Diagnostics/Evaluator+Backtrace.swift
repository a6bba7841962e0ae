import NixSyntax
import NixVM

/// Puts what a failure left on its way into the lines of a trace.
extension Evaluator {
    /// The failure with `trace` filled from its frames.
    func explained(_ failure: EvalFailure) -> EvalFailure {
        if failure.frames.isEmpty { return failure }
        var writer = TraceWriter(self, failure)
        for (index, frame) in failure.frames.enumerated() {
            if index == failure.framesCut { writer.failure.traceCut = writer.entryCount }
            writer.add(frame)
        }
        return writer.finish()
    }

    /// The text of a source: as it was compiled, or as the file of a program now reads.
    func source(named name: String) -> [UInt8]? {
        if let known = source(compiledAs: name) { return known }
        if sourceKeys[name] != nil { return nil }
        if name == NixSources.derivationName { return Array(NixSources.derivation.utf8) }
        guard name.hasPrefix("/") else { return nil }
        return try? io.readFile(Array(name.utf8))
    }

    /// What the expressions of a source say, parsed again; nil when the source is not at hand.
    fileprivate func contexts(_ place: SourcePosition) -> ExpressionContexts? {
        if let known = contextsBySource[place.source] { return known }
        // One that failed is not tried again: there may be hundreds of lines to explain.
        guard !unexplained.contains(place.source) else { return nil }
        guard let contexts = makeContexts(place) else {
            unexplained.insert(place.source)
            return nil
        }
        contextsBySource[place.source] = contexts
        return contexts
    }

    /// Bytes of the largest source that is parsed again for a failure.
    private static let largestExplained = 16 << 20

    private func makeContexts(_ place: SourcePosition) -> ExpressionContexts? {
        guard let source = source(named: place.source), source.count <= Self.largestExplained else { return nil }
        makeRoom(forSource: source.count)
        // The source again, the tree, and what finds its nodes by their places.
        let options = ParseOptions(pipeOperators: true, mustStop: stopCondition(besides: source.count))
        guard let tree = try? NixSyntax.parse(source, options: options) else { return nil }
        let bytes = tree.memoryBytes + SyntaxParents.byteCount(for: tree)
        guard bytes <= machine.roomOutsideHeap,
            let parents = SyntaxParents(tree, mustStop: { [stop = machine.stop] in stop.cause != nil })
        else { return nil }
        machine.countOutsideHeap(bytes)
        let lines = LineIndex(source)
        return ExpressionContexts(
            parents: parents, baseDirectory: machine.directory(ofProgram: place.program),
            homeDirectory: io.homeDirectory ?? [UInt8(ascii: "~")]
        ) { offset in
            let location = lines.location(of: offset)
            return SourcePosition(
                source: place.source, span: .init(start: offset, end: offset), line: location.line,
                column: location.column, program: place.program)
        }
    }
}

/// Builds the trace, innermost line first.
private struct TraceWriter {
    let evaluator: Evaluator
    var failure: EvalFailure
    private var slots: [Slot] = []
    /// Calls that wait for their place, by index in `slots`.
    private var waiting: [Int] = []
    private var waitsForPosition = false
    /// The place kept for the reason of a coercion, by index in `slots`.
    private var coercion: Int?
    private var application: SourcePosition?
    /// Whether a frame of code was seen: the first is that of the failure.
    private var hasCode = false

    /// Bytes of an assertion's condition that a program keeps; of a longer one only the beginning is shown.
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
            waiting.append(slots.count)
            slots.append(
                Slot(
                    entry: TraceEntry(
                        message: call.message, position: nil, visibility: call.isDetailed ? .detailed : .ordinary),
                    needsPosition: call.needsPosition))
        case .coercion:
            coercion = slots.count
            slots.append(Slot(entry: nil))
        case .coercionReason(let text): explainCoercion(TraceEntry(message: text, position: nil))
        case .position(let position): settle(position)
        case .failurePosition: waitsForPosition = true
        case .application(let position): application = position
        case .boundary(let position, let usesApplication):
            coercion = nil
            settle(usesApplication ? application ?? position : position)
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
        settle(lines?.callPosition ?? code.position)
        for entry in lines?.entries ?? [] { slots.append(Slot(entry: entry)) }
    }

    private mutating func explainCoercion(_ entry: TraceEntry) {
        if let coercion { slots[coercion].entry = entry }
        coercion = nil
    }

    /// Gives what waits its place.
    private mutating func settle(_ position: SourcePosition?) {
        if waitsForPosition {
            failure.position = position
            waitsForPosition = false
        }
        for index in waiting {
            if position == nil, slots[index].needsPosition {
                slots[index].entry = nil
            } else {
                slots[index].entry?.position = position
            }
        }
        waiting.removeAll(keepingCapacity: true)
        application = nil
    }

    mutating func finish() -> EvalFailure {
        // What is still waiting was called from outside the program.
        waitsForPosition = false
        for index in waiting { slots[index].entry = nil }
        let before = slots.prefix(failure.traceCut).count { $0.entry == nil }
        failure.traceOmitted = failure.framesOmitted
        failure.traceCut -= before
        failure.trace = slots.compactMap(\.entry)
        failure.frames = []
        return failure
    }
}
