/// From what the path of a store object follows: the hash of its contents, and how that is made.
public struct ContentAddress: Sendable, Equatable {
    public let method: ContentAddressMethod
    public let hash: Hash

    public init(_ method: ContentAddressMethod, _ hash: Hash) {
        self.method = method
        self.hash = hash
    }

    /// The method and the algorithm as Nix writes them: `fixed:r:sha256`, `fixed:sha256` or `text:sha256`.
    public var kind: [UInt8] {
        let prefix = method == .text ? "text:" : "fixed:\(method.prefix)"
        return Array((prefix + hash.algorithm.rawValue).utf8)
    }

    /// The address as Nix stores it with an object: the kind, a colon and the hash in base 32.
    public var text: [UInt8] { kind + [UInt8(ascii: ":")] + hash.text(.nix32) }
}
