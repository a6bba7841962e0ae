/// An unpacked archive.
public struct Tarball: Sendable {
    public let object: StoreObject
    /// The latest modification time of any entry, in seconds since 1970.
    public let lastModified: Int64

    /// Unpacks a tar archive, which may be compressed, into memory. If the only entry at the top is a directory, it
    /// becomes the root.
    ///
    /// - Parameters:
    ///   - path: the archive. Symbolic links are followed.
    ///   - io: reads the archive.
    ///   - proceed: called with the number of bytes about to be stored; returning false stops.
    /// - Throws: why the archive cannot be unpacked.
    public static func unpack(
        _ path: [UInt8], io: any EvalIO, proceed: @escaping (Int) -> Bool
    ) throws(UnpackError) -> Tarball {
        var reader = TarReader(proceed: proceed)
        let decompressor = Decompressor()
        var failure: UnpackError?
        do throws(EvalIOError) {
            let target = try io.resolveSymlinks(path, .full)
            unsafe try io.streamFile(target, begin: { _ in }) { piece in
                do throws(UnpackError) {
                    try unsafe decompressor.feed(piece) { bytes throws(UnpackError) in try unsafe reader.feed(bytes) }
                } catch {
                    failure = error
                }
                return failure == nil && !reader.isDone
            }
        } catch {
            throw .io(error)
        }
        if let failure { throw failure }
        if !reader.isDone {
            unsafe try decompressor.finish { bytes throws(UnpackError) in try unsafe reader.feed(bytes) }
            try reader.finish()
        }
        let tree = reader.tree
        return Tarball(object: StoreObject(tree, root: tree.onlyDirectory), lastModified: reader.lastModified)
    }
}
