import FirnProtocol
import NixBytecode
import NixEval
import NixVM

extension TraceLine {
    /// The line of an event that came in a segment.
    init(_ event: TraceEvent) {
        let kind = RuntimeEventKind(rawValue: UInt8(event.kind.rawValue)) ?? .tailCall
        let isEnter = kind == .enterCallFrame
        self.init(
            kind: kind, depth: Int(event.depth), name: event.name, chunk: event.chunk.map { Int($0) },
            arguments: isEnter ? Int(event.stackHeight) : 0, offset: Int(event.offset),
            opcode: kind == .executeOp ? Opcode(rawValue: event.opcode) : nil,
            request: String(decoding: event.detail, as: UTF8.self), stack: event.stack.reversed(),
            stackHeight: isEnter ? 0 : Int(event.stackHeight))
    }
}
