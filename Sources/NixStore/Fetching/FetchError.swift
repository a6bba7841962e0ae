import MessageText

/// Why a reference is invalid or a source cannot be fetched.
public struct FetchError: Error, Sendable {
    /// The class of an error, which decides how it is handled.
    public enum Kind: Sendable {
        /// The text is not a supported URL. As a flake reference it may still be a path.
        case badURL
        case invalid
        /// Fetching needs the network, a program that is not installed, or a file that may not be read.
        case restricted
        /// No registry says what the name of a flake stands for.
        case unknownName
        /// A server could not be reached, or did not answer, for a reason that may pass.
        case unreachable
        /// The caller's `proceed` returned false.
        case stopped
    }

    public let kind: Kind
    public let message: [UInt8]

    init(_ kind: Kind, _ message: [UInt8]) {
        self.kind = kind
        self.message = message
    }

    init(_ kind: Kind, _ message: String) { self.init(kind, Array(message.utf8)) }

    /// Creates an error whose message quotes one or two texts.
    init(_ kind: Kind, _ first: String, _ text: [UInt8], _ second: String, _ other: [UInt8] = [], _ third: String = "")
    {
        let quoted = MessageText.excerpt(text) + Array(second.utf8) + MessageText.excerpt(other)
        self.init(kind, Array(first.utf8) + quoted + Array(third.utf8))
    }

    static let stopped = FetchError(.stopped, "stopped")

    /// The error for a URL that the settings `restrict-eval` and `allowed-uris` forbid.
    public static func forbidden(_ url: [UInt8]) -> FetchError {
        FetchError(.restricted, "access to URI '", url, "' is forbidden in restricted mode")
    }

    /// The error for a work tree with changes that are not committed, with the words that tell of it.
    public static func dirtyTree(_ message: [UInt8]) -> FetchError { FetchError(.invalid, message) }
}

extension FetchError {
    /// The error for an attribute of a reference in a lock file or registry that has no such type.
    public static func invalidAttribute(_ name: String) -> FetchError {
        FetchError(
            .invalid, "input attribute '\(MessageText.shortened(name))' is neither a string, a Boolean nor a number")
    }
}

extension FetchError {
    /// The error for an attribute of a flake's input that stands beside a URL.
    public static func unexpectedInputAttribute(_ name: String) -> FetchError {
        FetchError(.invalid, "unexpected flake input attribute '\(MessageText.shortened(name))'")
    }
}
