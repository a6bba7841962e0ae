import FirnProtocol
import NixBytecode
import NixEval
import NixVM

extension TraceLine {
    /// The line for an event that was read from a trace.
    public init(_ event: TraceEvent) {
        let kind = Self.lineEvent(event.kind)
        self.init(
            kind, depth: Int(event.depth), name: event.name, chunk: event.chunk.map(Int.init),
            arguments: Int(event.arguments), offset: Int(event.offset),
            opcode: kind == .machine(.executeOp) ? Opcode(rawValue: event.opcode) : nil,
            request: String(decoding: event.detail, as: UTF8.self), stack: event.stack.reversed(),
            stackHeight: Int(event.stackHeight))
    }

    private static func lineEvent(_ kind: WireTraceEventKind) -> Event {
        switch kind {
        case .compiledTopLevel: .compiled(.topLevel)
        case .compiledLambda: .compiled(.lambda)
        case .compiledThunk: .compiled(.thunk)
        // A kind that only a newer worker knows is shown as an instruction.
        default: .machine(RuntimeEventKind(rawValue: UInt8(truncatingIfNeeded: kind.rawValue)) ?? .executeOp)
        }
    }
}
