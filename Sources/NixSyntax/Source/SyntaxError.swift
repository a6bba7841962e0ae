/// Why a source could not be parsed, in Nix's words.
public struct SyntaxError: Error, Sendable {
    /// The kind of an error.
    public enum Kind: Hashable, Sendable {
        /// A token that the grammar does not allow here.
        case unexpectedToken
        /// An integer or float that its type cannot represent.
        case invalidNumber
        /// A path that ends in a slash.
        case invalidPath
        /// A string with a null byte, which Nix strings cannot contain.
        case nullByte
        /// An attribute defined twice.
        case duplicateAttribute
        /// A formal argument named twice.
        case duplicateFormal
        /// A computed attribute name where only static ones are allowed.
        case dynamicAttribute
        /// Syntax of an experimental feature that is not enabled.
        case disabledFeature
        /// A tree deeper than `SyntaxTree.maximumDepth`.
        case nestedTooDeeply
        /// A source larger than `ParseOptions.maximumSourceSize`.
        case sourceTooLarge
        /// `ParseOptions.shouldCancel` returned true.
        case cancelled
    }

    public let kind: Kind
    /// What is wrong, without a position.
    public let message: String
    /// The source range at fault.
    public let span: Span
    /// The location of the start of `span`.
    public let location: SourceLocation
    /// For a duplicate attribute, the location of the earlier definition.
    public let previousDefinition: SourceLocation?
    /// The source line at fault and its neighbours.
    public let excerpt: SourceExcerpt

    init(_ failure: ParseFailure, source: [UInt8]) {
        kind = failure.kind
        message = failure.message
        span = failure.span
        excerpt = SourceExcerpt(source: source, offset: failure.span.start)
        location = excerpt.location
        previousDefinition = failure.previous.map { SourceLocation(offset: $0, in: source) }
    }

    /// The message, with the location of the earlier definition if it refers to one.
    ///
    /// - Parameter sourceName: the name of the source: a path, or `«string»`.
    public func message(sourceName: String) -> String {
        guard let previousDefinition else { return message }
        return "\(message) at \(sourceName):\(previousDefinition.line):\(previousDefinition.column)"
    }

    /// The error as Nix prints it: the message, the location, and the source lines with a caret. It ends in a newline.
    ///
    /// - Parameter sourceName: the name of the source: a path, or `«string»`.
    public func rendered(sourceName: String) -> String {
        "error: \(message(sourceName: sourceName))\n"
            + "       at \(sourceName):\(location.line):\(location.column):\n" + excerpt.rendered()
    }
}
