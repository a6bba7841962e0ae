import NixBytecode
import NixVM

/// One event of an execution as a line of text, in the form of Tvix's tracing observer: whether it happens here or was
/// read from a trace, it reads the same.
public struct TraceLine: Sendable {
    /// What happened: in the compiler, or in the machine.
    public enum Happening: Sendable, Equatable {
        case compiled(Chunk.Kind)
        case machine(RuntimeEventKind)

        /// As in protocol/firn-1.md, in one word.
        public var name: String {
            switch self {
            case .compiled(.topLevel): "compiledTopLevel"
            case .compiled(.lambda): "compiledLambda"
            case .compiled(.thunk): "compiledThunk"
            case .machine(let kind): "\(kind)"
            }
        }
    }

    public var happening: Happening
    /// Frames below.
    public var depth: Int
    /// Of the function, thunk or builtin; empty: none.
    public var name: [UInt8]
    /// Index among the chunks of the machine; nil for a builtin.
    public var chunk: Int?
    /// Of an entered frame; 0 for a thunk.
    public var arguments: Int
    /// Of an instruction in its chunk.
    public var offset: Int
    public var opcode: Opcode?
    /// What a builtin's frame asks for.
    public var request: String
    /// The topmost values, the topmost first.
    public var stack: [[UInt8]]
    public var stackHeight: Int

    public init(
        _ happening: Happening, depth: Int, name: [UInt8], chunk: Int?, arguments: Int = 0, offset: Int = 0,
        opcode: Opcode? = nil, request: String = "", stack: [[UInt8]] = [], stackHeight: Int = 0
    ) {
        self.happening = happening
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

    /// Without a line end.
    public var text: String {
        switch happening {
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
