/// What a fetcher found.
public struct FetchedTree: Sendable {
    public var object: StoreObject
    /// The name of the store object.
    public var name: [UInt8]
    public var narHash: Hash
    /// Seconds since 1970.
    public var lastModified: Int64?
    /// The commit, in base 16; nil for none.
    public var revision: [UInt8]?
    public var revisionCount: Count?
    /// The commit that a changed work tree began from.
    public var dirtyRevision: [UInt8]?
    /// The branch, of Mercurial.
    public var branch: [UInt8]?
    /// Of Git only.
    public var submodules: Bool?

    /// What the user should know of the tree.
    public var warning: [UInt8]?

    /// How many commits there are up to this one.
    public enum Count: Sendable {
        case known(Int64)
        /// Only an evaluation that asks for it fails.
        case unknown(message: [UInt8])
    }

    /// Bytes of the message that stands for a count that is not known.
    public var longestMessage: Int { if case .unknown(let message) = revisionCount { message.count } else { 0 } }

    /// The store path that the tree has under its name.
    public func storePath() throws(StoreError) -> [UInt8] { try StorePath.fixed(name: name, narHash, .nar) }
}
