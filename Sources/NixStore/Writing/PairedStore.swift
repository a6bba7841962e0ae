/// Two stores that are given the same objects.
public final class PairedStore: StoreWriter {
    private let first: any StoreWriter
    private let second: any StoreWriter

    /// - Parameters:
    ///   - first: makes the roots, too.
    ///   - second: the other store.
    public init(_ first: any StoreWriter, _ second: any StoreWriter) {
        self.first = first
        self.second = second
    }

    public var byteCount: Int { first.byteCount + second.byteCount }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try first.add(addition, isStopped: isStopped)
        try second.add(addition, isStopped: isStopped)
    }

    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try first.flush(isStopped: isStopped)
        try second.flush(isStopped: isStopped)
    }

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try first.finish(isStopped: isStopped)
        try second.finish(isStopped: isStopped)
    }

    public func abandon() {
        first.abandon()
        second.abandon()
    }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) { try first.addRoot(link, to: path, isStopped: isStopped) }
}
