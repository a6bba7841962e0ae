import MessageText

/// Why a reference cannot be read or a source not fetched.
public struct FetchError: Error, Sendable {
    /// What can be done about it.
    public enum Kind: Sendable {
        /// The text is no URL that means something here; as a flake reference it may still be a path.
        case badURL
        case invalid
        /// What is asked for would need the network, a program that is not there, or a file that may not be read.
        case restricted
        /// The caller's `proceed` said no.
        case stopped
    }

    public let kind: Kind
    public let message: [UInt8]

    init(_ kind: Kind, _ message: [UInt8]) {
        self.kind = kind
        self.message = message
    }

    init(_ kind: Kind, _ message: String) { self.init(kind, Array(message.utf8)) }

    /// A message about one or two texts, which it quotes.
    init(_ kind: Kind, _ first: String, _ text: [UInt8], _ second: String, _ other: [UInt8] = [], _ third: String = "")
    {
        let quoted = MessageText.excerpt(text) + Array(second.utf8) + MessageText.excerpt(other)
        self.init(kind, Array(first.utf8) + quoted + Array(third.utf8))
    }

    static let stopped = FetchError(.stopped, "stopped")
}
