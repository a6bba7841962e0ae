import NixBytecode

/// What a failure passed on its way out, in frames from the innermost outwards. The machine knows instructions and
/// values, but not the expressions they come from, so whoever has the source turns these frames into words.
public enum BacktraceFrame: Sendable {
    /// Code that was being evaluated.
    case code(CodeFrame)
    /// A finished line of the trace.
    case entry(TraceEntry)
    /// A call. Its position is that of the next code frame outwards.
    case call(Call)
    /// The value at fault was being coerced to a string. The reason comes from the next code frame outwards, or from
    /// the next `coercionReason`.
    case coercion
    case coercionReason(String)
    /// The position of the calls before, and of the failure itself, as far as they have none yet.
    case position(SourcePosition?)
    /// The failure's own position is that of the next code frame outwards.
    case failurePosition
    /// The thunk of an application that a builtin made (`map`, `genList`), with the position of the function.
    case application(SourcePosition?)
    /// What forced or called the frames before. Calls that have no position yet get this one, or that of the
    /// application.
    case boundary(SourcePosition?, usesApplication: Bool)

    /// A call of a function or builtin.
    public struct Call: Sendable {
        public var message: String
        /// Whether it is shown with `--show-trace` only.
        public var isDetailed: Bool
        /// Whether it is omitted when its position stays unknown.
        public var needsPosition: Bool
    }
}

/// An instruction that a failure passed.
public struct CodeFrame: Sendable {
    /// The part of the instruction that failed.
    public enum Phase: Sendable {
        /// The instruction itself, or what it called.
        case own
        /// An operand, while it was being forced.
        case operand
        /// The attribute that the instruction selected, while it was being forced.
        case attribute
    }

    /// Where an attribute is defined.
    public enum Definition: Sendable {
        case unknown
        /// The attribute comes from a builtin and not from a source.
        case nowhere
        case at(SourcePosition)
    }

    /// The span of the instruction.
    public var position: SourcePosition
    public var opcode: Opcode
    public var phase: Phase
    /// The step within a selection path: how many instructions directly before this one select, too, and have the same
    /// span.
    public var step: Int
    /// The operand of `+` that could not be coerced, or `differs` if an assertion found that its operands are not
    /// equal.
    public var operand: Int?
    public static let differs: Int8 = 2
    /// The definition of the last attribute on a selection path that was found.
    public var definition: Definition
    /// The value of a dynamic attribute name, if the failure is about that attribute.
    public var name: String?
    /// The expression of the thunk that was being forced, if it is code.
    public var forced: SourcePosition?
    public var chunk: Chunk.Kind
    /// The expression of the whole chunk, or the innermost function of a lambda.
    public var chunkPosition: SourcePosition
}
