import NixStore

/// What the fetchers may read, by the settings of Nix.
public struct FetchSettings: Sendable {
    /// The URLs that a restricted evaluation may fetch from (`allowed-uris`); nil for no restriction. Each allows what
    /// lies below it, too, and one that ends in a colon a whole scheme.
    public var allowedURIs: [String]?
    /// Whether a work tree with changes that are not committed may be fetched (`allow-dirty`).
    public var allowsDirtyTrees = true
    /// Whether a warning is printed for one (`warn-dirty`).
    public var warnsOfDirtyTrees = true

    /// What may be done on the network; nil for nothing.
    public var network: NetworkSettings?

    public init() {}

    /// Whether a URL equals one that is allowed or lies below it.
    func allows(_ url: [UInt8]) -> Bool {
        guard let allowedURIs else { return true }
        let slash = UInt8(ascii: "/")
        return allowedURIs.contains { allowed in
            let prefix = Array(allowed.utf8)
            guard url.starts(with: prefix), let last = prefix.last else { return false }
            return url.count == prefix.count || last == slash || url[prefix.count] == slash || Self.isScheme(prefix)
        }
    }

    /// Whether a text is the name of a scheme and a colon.
    private static func isScheme(_ text: [UInt8]) -> Bool {
        guard text.last == UInt8(ascii: ":"), let first = text.first, isLetter(first) else { return false }
        return text.dropLast().allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.".utf8.contains($0)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
