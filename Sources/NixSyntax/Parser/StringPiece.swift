/// A piece of a string that is being parsed.
struct StringPiece {
    enum Content {
        /// Text whose escapes are done.
        case text(TextID)
        /// Text of an indented string as written, by offsets.
        case indented
        case interpolation(NodeID)
    }

    var content: Content
    var span: Span
}
