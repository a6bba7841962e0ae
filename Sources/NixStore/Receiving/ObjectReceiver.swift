/// Receives the contents of one object in pieces, and verifies that its path follows from them.
///
/// Up to a mebibyte is kept in memory, and more in a file without a name, which vanishes with the object.
public struct ObjectReceiver {
    public let expected: ExpectedObject
    private var bytes: ReceivedBytes
    private var hash: HashStream?
    private let maximumBytes: Int

    /// - Parameters:
    ///   - expected: the object.
    ///   - directory: where a file for large contents is made.
    ///   - maximumBytes: the most bytes that the object may have.
    public init(_ expected: ExpectedObject, directory: [UInt8], maximumBytes: Int = .max) {
        self.expected = expected
        self.maximumBytes = maximumBytes
        bytes = ReceivedBytes(directory: directory)
        if expected.method == .nar, let hash = expected.hash { self.hash = HashStream(hash.algorithm) }
    }

    /// The bytes received so far.
    public var count: Int { bytes.count }

    /// A text is parsed as a whole, so it must fit into memory. Nix's own limit for a string is lower.
    private static let maximumText = 64 << 20

    /// Takes the next bytes.
    public mutating func append(_ piece: UnsafeRawBufferPointer) throws(StoreWriteError) {
        let limit = expected.method == .text ? min(maximumBytes, Self.maximumText) : maximumBytes
        guard piece.count <= limit - bytes.count else {
            throw StoreWriteError("refused ", expected.path, ": it has more than \(limit) bytes")
        }
        do throws(SystemError) {
            unsafe try bytes.append(piece)
        } catch {
            throw StoreWriteError("cannot receive ", expected.path, ": \(error.reason); TMPDIR names another directory")
        }
        unsafe hash?.update(piece)
    }

    /// Ends the contents.
    ///
    /// - Throws: if the path does not follow from them.
    public func finish() throws(StoreWriteError) -> StoreAddition {
        if expected.method == .text { return try expected.addition(text: text()) }
        if let hash, hash.finish() != expected.hash {
            throw StoreWriteError("refused ", expected.path, ": its archive has another hash than its path says")
        }
        let tree: NarTree
        do throws(MalformedArchive) {
            tree = try NarTree(bytes.contents)
        } catch {
            throw StoreWriteError("refused ", expected.path, ": the archive that came for it \(error.reason)")
        }
        guard expected.method == .nar || tree.plainFileSize != nil,
            let addition = expected.addition(tree, root: [CanonPath.slash], isStopped: { false })
        else {
            throw StoreWriteError("refused ", expected.path, ": its contents have another hash than its path says")
        }
        return addition
    }

    private func text() throws(StoreWriteError) -> [UInt8] {
        if let text = bytes.text { return text }
        do throws(SystemError) {
            return try bytes.contents.read(at: 0, count: bytes.count)
        } catch {
            throw StoreWriteError("cannot read what was received of ", expected.path, ": \(error.reason)")
        }
    }
}
