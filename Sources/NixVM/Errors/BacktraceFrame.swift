import NixBytecode

/// What a failure left behind on its way out, innermost first. Who knows the source turns it into words: the machine
/// knows instructions and values, but not the expressions they stand for.
public enum BacktraceFrame: Sendable {
    /// Code that was being evaluated.
    case code(CodeFrame)
    /// Words that need nothing else.
    case entry(TraceEntry)
    /// A call, whose place is that of the next code frame outwards.
    case call(Call)
    /// The value at fault was being coerced to a string; why is up to the next code frame outwards, or follows.
    case coercion
    case coercionReason(String)
    /// Where the calls before are, and the failure's own place, if they still wait for it.
    case place(SourcePosition?)
    /// The failure's own place is that of the next code frame outwards.
    case failurePosition
    /// The thunk of an application that a builtin made (`map`, `genList`): where its function stands.
    case application(SourcePosition?)
    /// What forced or called the frames before. Calls that have no place yet get this one, or that of the application.
    case boundary(SourcePosition?, usesApplication: Bool)

    /// A call of a function or builtin.
    public struct Call: Sendable {
        public var message: String
        /// Only for `--show-trace`.
        public var isDetailed: Bool
        /// Nothing is to be said when the place stays unknown.
        public var needsPosition: Bool
    }
}

/// One instruction of a program that a failure passed.
public struct CodeFrame: Sendable {
    /// What of the instruction failed.
    public enum Phase: Sendable {
        /// The instruction itself, or what it called.
        case own
        /// An operand, while it was forced.
        case operand
        /// The attribute that it selected, while it was forced.
        case attribute
    }

    /// Where an attribute is defined.
    public enum Definition: Sendable {
        case unknown
        /// In no source: it is a builtin's.
        case nowhere
        case at(SourcePosition)
    }

    /// The span that the instruction carries.
    public var position: SourcePosition
    public var opcode: Opcode
    public var phase: Phase
    /// How many instructions directly before it carry the same span and select too: the step of a selection path.
    public var step: Int
    /// For `+`: the operand that could not be coerced. `differs` when an assertion found its operands not equal.
    public var operand: Int?
    public static let differs: Int8 = 2
    /// Where the last attribute of a selection's path that was found is defined.
    public var definition: Definition
    /// What a computed name of the selection was, where it is the one at fault.
    public var name: String?
    /// The expression of the thunk that was being forced, if it is code.
    public var forced: SourcePosition?
    public var chunk: Chunk.Kind
    /// The expression that the whole chunk is; of a lambda, the innermost function.
    public var chunkPosition: SourcePosition
}
