/// Passes an archive on, and hashes what the address of its object is made of.
struct VerifyingSink<Inner: NarSink>: NarSink {
    var inner: Inner
    private let address: ContentAddress
    private var hash: HashStream

    init(_ inner: Inner, _ address: ContentAddress) {
        self.inner = inner
        self.address = address
        hash = HashStream(address.hash.algorithm)
    }

    /// Whether all that passed is what the address says.
    var isVerified: Bool { hash.finish() == address.hash }

    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if address.method == .nar { unsafe hash.update(bytes) }
        return unsafe inner.write(bytes)
    }

    mutating func begin(_ node: NarNode) -> Bool { inner.begin(node) }

    mutating func contents(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if address.method != .nar { unsafe hash.update(bytes) }
        return unsafe inner.contents(bytes)
    }
}

extension StoreAddition {
    /// Writes the NAR of the object, and checks that the store path follows from what was written.
    ///
    /// - Returns: the sink.
    /// - Throws: also if the sink stopped; its owner knows the reason.
    package func writeVerified<Sink: NarSink>(
        to sink: Sink, isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> Sink {
        var verifying = VerifyingSink(sink, address)
        do throws(ArchiveError) {
            try object.writeArchive(to: &verifying) { _ in !isStopped() }
        } catch {
            throw StoreWriteError(error, adding: path)
        }
        guard verifying.isVerified else { throw .changed(path) }
        return verifying.inner
    }
}
