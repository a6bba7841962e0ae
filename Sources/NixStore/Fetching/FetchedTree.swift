/// The result of fetching an input.
public struct FetchedTree: Sendable {
    public var object: StoreObject
    /// The name of the store object.
    public var name: [UInt8]
    public var narHash: Hash
    /// The modification time in seconds since 1970.
    public var lastModified: Int64?
    /// The commit in base 16; nil if there is none.
    public var revision: [UInt8]?
    public var revisionCount: Count?
    /// The commit that a modified work tree is based on.
    public var dirtyRevision: [UInt8]?
    /// The full name of the branch that is checked out, for a clean Git work tree only.
    public var reference: [UInt8]?
    /// The URL that always gives this tree, if the server named one.
    public var lockedURL: [UInt8]?
    /// The branch, for Mercurial only.
    public var branch: [UInt8]?
    /// Whether submodules are included, for Git only.
    public var submodules: Bool?

    /// A warning about the tree for the user.
    public var warning: [UInt8]?

    /// The number of commits up to this one.
    public enum Count: Sendable {
        case known(Int64)
        /// The number is not available. An evaluation only fails if it uses it.
        case unknown(message: [UInt8])
    }

    /// The length in bytes of the message for an unavailable count; 0 if the count is known.
    public var longestMessage: Int { if case .unknown(let message) = revisionCount { message.count } else { 0 } }

    /// The store path of the tree, by its name and NAR hash.
    public func storePath() throws(StoreError) -> [UInt8] { try StorePath.fixed(name: name, narHash, .nar) }
}
