/// Why a source could not be parsed, worded as Nix words it.
public struct SyntaxError: Error, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// A token that the grammar does not allow here.
        case unexpectedToken
        /// An integer or float outside its type's range.
        case invalidNumber
        /// A path that ends in a slash.
        case invalidPath
        /// A string with a null byte, which no Nix string can hold.
        case nullByte
        /// An attribute defined twice.
        case duplicateAttribute
        /// A formal argument named twice.
        case duplicateFormal
        /// A computed attribute name where only fixed ones are allowed.
        case dynamicAttribute
        /// A construct whose feature flag is not set.
        case disabledFeature
        /// A tree deeper than `SyntaxTree.maximumDepth`.
        case nestedTooDeeply
        /// A source larger than `ParseOptions.maximumSourceSize`.
        case sourceTooLarge
        /// `ParseOptions.isCancelled` returned true.
        case cancelled
    }

    public let kind: Kind
    /// What is wrong, without any position.
    public let message: String
    /// The bytes at fault.
    public let span: Span
    /// Where `span` starts.
    public let location: SourceLocation
    /// For a duplicate attribute: where it was defined before.
    public let previousDefinition: SourceLocation?
    /// The line at fault and its neighbours.
    public let excerpt: SourceExcerpt

    init(_ failure: Failure, source: [UInt8]) {
        kind = failure.kind
        message = failure.message
        span = failure.span
        excerpt = SourceExcerpt(source: source, offset: failure.span.start)
        location = excerpt.location
        previousDefinition = failure.previous.map { SourceLocation(offset: $0, in: source) }
    }

    /// The message, with the place of an earlier definition if it refers to one.
    ///
    /// - Parameter sourceName: how the source is called: a path, or `«string»`.
    public func message(sourceName: String) -> String {
        guard let previousDefinition else { return message }
        return "\(message) at \(sourceName):\(previousDefinition.line):\(previousDefinition.column)"
    }

    /// The error as Nix prints it: message, place, source line with a caret. Ends in a newline.
    public func rendered(sourceName: String) -> String {
        "error: \(message(sourceName: sourceName))\n"
            + "       at \(sourceName):\(location.line):\(location.column):\n" + excerpt.rendered()
    }
}
