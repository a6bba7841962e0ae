/// The limits of a single call of an `EvalIO`.
public struct ReadLimits: Sendable {
    /// Bytes of one file.
    public var maximumFileSize: Int
    /// Entries of one directory.
    public var maximumDirectoryEntries: Int

    public init(maximumFileSize: Int = 1 << 30, maximumDirectoryEntries: Int = 1 << 20) {
        self.maximumFileSize = maximumFileSize
        self.maximumDirectoryEntries = maximumDirectoryEntries
    }
}
