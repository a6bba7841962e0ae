import Glibc

/// Writes the archive of an object to a file of a binary cache, compressed if that is asked for, and hashes both.
final class CacheArchive: NarSink {
    private let descriptor: Int32
    private let encoder: XZEncoder?
    private var narHash = HashStream(.sha256)
    private var fileHash = HashStream(.sha256)
    private(set) var narSize = 0
    private(set) var fileSize = 0
    private var buffer: [UInt8] = []
    /// Why the sink stopped.
    private(set) var failure: SystemError?

    private static let bufferBytes = 1 << 16

    init(descriptor: Int32, isCompressed: Bool) throws(SystemError) {
        self.descriptor = descriptor
        encoder = isCompressed ? try XZEncoder() : nil
        buffer.reserveCapacity(2 * Self.bufferBytes)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe buffer.append(contentsOf: bytes)
        return buffer.count < Self.bufferBytes || trying { () throws(SystemError) in try drain() }
    }

    /// Completes the file. Returns the hashes of the archive and of the file.
    func finish() throws(SystemError) -> (nar: Hash, file: Hash) {
        try drain()
        unsafe try encoder?.finish { (bytes) throws(SystemError) in unsafe try put(bytes) }
        return (narHash.finish(), fileHash.finish())
    }

    private func drain() throws(SystemError) {
        narHash.update(buffer)
        narSize += buffer.count
        let bytes = buffer
        buffer.removeAll(keepingCapacity: true)
        var failure: SystemError?
        unsafe bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                guard let encoder else { return unsafe try put(bytes) }
                unsafe try encoder.feed(bytes) { (bytes) throws(SystemError) in unsafe try put(bytes) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        unsafe fileHash.update(bytes)
        fileSize += bytes.count
        unsafe try FileTree.write(bytes, to: descriptor)
    }

    private func trying(_ body: () throws(SystemError) -> Void) -> Bool {
        do throws(SystemError) {
            try body()
            return true
        } catch {
            failure = error
            return false
        }
    }
}
