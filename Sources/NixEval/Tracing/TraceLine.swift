import NixBytecode
import NixVM

/// An event of an execution, with its text in the form of Tvix's tracing observer. Live events and those read from a
/// trace have the same text.
public struct TraceLine: Sendable {
    /// The kind of the event, in the compiler or in the machine.
    public enum Event: Sendable, Equatable {
        case compiled(Chunk.Kind)
        case machine(RuntimeEventKind)

        /// The name in protocol/firn-1.md, as one word.
        public var name: String {
            switch self {
            case .compiled(.topLevel): "compiledTopLevel"
            case .compiled(.lambda): "compiledLambda"
            case .compiled(.thunk): "compiledThunk"
            case .machine(let kind): "\(kind)"
            }
        }
    }

    public var event: Event
    /// The number of frames below.
    public var depth: Int
    /// The name of the function, thunk or builtin; empty if there is none.
    public var name: [UInt8]
    /// The index among the chunks of the machine; nil for a builtin.
    public var chunk: Int?
    /// The number of arguments of an entered frame; 0 for a thunk.
    public var arguments: Int
    /// The code offset of an instruction in its chunk.
    public var offset: Int
    public var opcode: Opcode?
    /// The request of a builtin's frame.
    public var request: String
    /// The topmost values, the topmost one first.
    public var stack: [[UInt8]]
    public var stackHeight: Int

    public init(
        _ event: Event, depth: Int, name: [UInt8], chunk: Int?, arguments: Int = 0, offset: Int = 0,
        opcode: Opcode? = nil, request: String = "", stack: [[UInt8]] = [], stackHeight: Int = 0
    ) {
        self.event = event
        self.depth = depth
        self.name = name
        self.chunk = chunk
        self.arguments = arguments
        self.offset = offset
        self.opcode = opcode
        self.request = request
        self.stack = stack
        self.stackHeight = stackHeight
    }

    /// The text of the event without a newline.
    public var text: String {
        switch event {
        case .compiled(let kind):
            "=== compiled \(kind == .topLevel ? "toplevel" : "\(kind)")\(name.isEmpty ? "" : " '\(shownName)'")\(shownChunk) ==="
        case .machine(let kind): text(kind)
        }
    }

    private func text(_ kind: RuntimeEventKind) -> String {
        switch kind {
        case .enterCallFrame:
            "=== entering \(arguments == 0 ? "thunk" : "closure") \(quotedName)in frame[\(depth)]\(shownChunk) ==="
        case .exitCallFrame: "=== exiting frame \(depth) ===\t\(shownStack)"
        case .suspendCallFrame: "=== suspending frame \(depth) ===\t\(shownStack)"
        case .enterBuiltinFrame: "=== entering builtin frame '\(shownName)' [\(depth)] ===\t\(shownStack)"
        case .exitBuiltinFrame: "=== exiting builtin frame '\(shownName)' [\(depth)] ===\t\(shownStack)"
        case .suspendBuiltinFrame: "=== suspending builtin frame '\(shownName)' [\(depth)] ===\t\(shownStack)"
        case .requestOfBuiltinFrame: "=== builtin frame '\(shownName)' requested \(request) ==="
        case .tailCall: "=== tail-calling \(quotedName)in frame[\(depth)]\(shownChunk) ==="
        case .enterBuiltin: "=== entering builtin \(shownName) ==="
        case .exitBuiltin: "=== exiting builtin \(shownName) ===\t\(shownStack)"
        case .executeOp: "\(paddedOffset) \(opcode.map { "\($0)" } ?? "")\t\(shownStack)"
        }
    }

    private var shownName: String { String(decoding: name, as: UTF8.self) }

    private var quotedName: String { name.isEmpty ? "" : "'\(shownName)' " }

    private var shownChunk: String { chunk.map { " @ \($0)" } ?? "" }

    private var paddedOffset: String {
        let digits = String(offset)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private var shownStack: String {
        let values = stack.map { String(decoding: $0, as: UTF8.self) + " " }.joined()
        return "[ \(values)\(stackHeight > stack.count ? "..." : "")]"
    }
}
