/// What went wrong and where, before line and column are known; `parse` turns it into a `SyntaxError`.
struct Failure: Error {
    var kind: SyntaxError.Kind
    var message: String
    var span: Span
    /// Start of an earlier definition that the message refers to.
    var previous: UInt32?

    init(_ kind: SyntaxError.Kind, _ message: String, at span: Span, previous: UInt32? = nil) {
        self.kind = kind
        self.message = message
        self.span = span
        self.previous = previous
    }
}
