import NixSyntax

/// Why a syntactically valid source cannot be compiled.
public struct CompileError: Error, Hashable, Sendable {
    /// The kind of an error.
    public enum Kind: Hashable, Sendable {
        /// A name that neither a lexical scope nor a `with` can bind.
        case undefinedVariable
        /// Expressions are nested deeper than `Compiler.maximumDepth`.
        case nestingTooDeep
        /// The program would exceed a limit of the program format.
        case tooLarge
        /// `CompileOptions.shouldCancel` returned true.
        case cancelled
        /// The builder refused generated code: a defect of the compiler.
        case internalError
    }

    public var kind: Kind
    /// The message in Nix's words, without a position.
    public var message: String
    /// The source range of the expression at fault.
    public var span: Span

    public init(kind: Kind, message: String, span: Span) {
        self.kind = kind
        self.message = message
        self.span = span
    }
}
