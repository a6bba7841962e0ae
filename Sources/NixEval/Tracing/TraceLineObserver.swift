import NixVM

/// An observer that receives all kinds of events as lines.
public protocol TraceLineObserver: EvaluationObserver {
    /// - Parameters:
    ///   - line: the event.
    ///   - time: the time in nanoseconds on the monotonic clock.
    func add(_ line: TraceLine, at time: UInt64)
}

extension TraceLineObserver {
    public func compiled(_ chunk: CompiledChunk) { add(TraceLine(chunk), at: chunk.time) }

    public func enterCallFrame(_ event: borrowing RuntimeEvent) { add(event, .enterCallFrame) }
    public func exitCallFrame(_ event: borrowing RuntimeEvent) { add(event, .exitCallFrame) }
    public func suspendCallFrame(_ event: borrowing RuntimeEvent) { add(event, .suspendCallFrame) }
    public func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { add(event, .enterBuiltinFrame) }
    public func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { add(event, .exitBuiltinFrame) }
    public func suspendBuiltinFrame(_ event: borrowing RuntimeEvent) { add(event, .suspendBuiltinFrame) }
    public func requestOfBuiltinFrame(_ event: borrowing RuntimeEvent) { add(event, .requestOfBuiltinFrame) }
    public func tailCall(_ event: borrowing RuntimeEvent) { add(event, .tailCall) }
    public func enterBuiltin(_ event: borrowing RuntimeEvent) { add(event, .enterBuiltin) }
    public func exitBuiltin(_ event: borrowing RuntimeEvent) { add(event, .exitBuiltin) }
    public func executeOp(_ event: borrowing RuntimeEvent) { add(event, .executeOp) }

    private func add(_ event: borrowing RuntimeEvent, _ kind: RuntimeEventKind) {
        add(TraceLine(event, kind), at: event.time)
    }
}

extension TraceLine {
    init(_ chunk: CompiledChunk) {
        self.init(.compiled(chunk.kind), depth: max(0, chunk.open - 1), name: chunk.name, chunk: chunk.number)
    }

    init(_ event: borrowing RuntimeEvent, _ kind: RuntimeEventKind) {
        let isOp = kind == .executeOp
        self.init(
            .machine(kind), depth: event.depth, name: event.name ?? [],
            chunk: event.code.isBuiltin ? nil : event.code.index,
            arguments: kind == .enterCallFrame ? event.arguments : 0, offset: isOp ? event.offset : 0,
            opcode: isOp ? event.opcode : nil,
            request: kind == .requestOfBuiltinFrame ? event.request.map { "\($0)" } ?? "" : "",
            stack: event.stack, stackHeight: event.stackHeight)
    }
}
