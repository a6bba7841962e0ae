/// A parse error with byte offsets only; `parse` adds lines and columns when it makes a `SyntaxError` of it.
struct ParseFailure: Error {
    var kind: SyntaxError.Kind
    var message: String
    var span: Span
    /// Start of the earlier definition that the message refers to.
    var previous: UInt32?

    init(_ kind: SyntaxError.Kind, _ message: String, at span: Span, previous: UInt32? = nil) {
        self.kind = kind
        self.message = message
        self.span = span
        self.previous = previous
    }
}
