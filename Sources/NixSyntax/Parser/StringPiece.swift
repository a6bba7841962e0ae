/// A piece of a string or path that is being parsed.
struct StringPiece {
    enum Content {
        /// Text with its escapes replaced.
        case text(TextID)
        /// Text of an indented string with its indentation, given by the span.
        case indented
        case interpolation(NodeID)
    }

    var content: Content
    var span: Span
}
