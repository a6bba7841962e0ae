import NixSyntax

/// Why a source that parses cannot be compiled.
public struct CompileError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// A name that no scope binds, with no `with` around it.
        case undefinedVariable
        /// More nested expressions than `Compiler.maximumDepth`.
        case nestingTooDeep
        /// More of something than the program format can count.
        case tooLarge
        /// `CompileOptions.shouldCancel` answered true.
        case cancelled
        /// The compiler made code that the builder refuses: a defect of the compiler.
        case internalError
    }

    public var kind: Kind
    /// Worded as Nix words it, without position.
    public var message: String
    /// The offending expression.
    public var span: Span

    public init(kind: Kind, message: String, span: Span) {
        self.kind = kind
        self.message = message
        self.span = span
    }
}
