/// A store that is only opened when something must be built or too much waits to be added.
///
/// Few of the evaluations that may import from derivations do so. Those that do not cost the store's daemon nothing.
public final class DeferredStore: StoreWriter, DerivationBuilder {
    private let connect: () throws(StoreWriteError) -> any BuildingStore
    private var store: (any BuildingStore)?
    private var waiting: [StoreAddition] = []
    private var waitingBytes = 0

    /// The bytes of objects that may wait: several thousand derivations.
    private static let maximumBytes = 16 << 20

    /// - Parameter connect: opens the store.
    public init(_ connect: @escaping () throws(StoreWriteError) -> any BuildingStore) { self.connect = connect }

    public var byteCount: Int { waitingBytes + (store?.byteCount ?? 0) }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        if let store { return try store.add(addition, isStopped: isStopped) }
        waiting.append(addition)
        waitingBytes += addition.object.byteCount + addition.path.count
        if waitingBytes > Self.maximumBytes { _ = try connected(isStopped) }
    }

    /// Does nothing: what waits is only added when something is built.
    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {}

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try store?.finish(isStopped: isStopped)
    }

    public func abandon() { store?.abandon() }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        let store = try connected(isStopped)
        try store.flush(isStopped: isStopped)
        try store.addRoot(link, to: path, isStopped: isStopped)
    }

    public func existing(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [BuiltObject]? {
        try connected(isStopped).existing(outputs, isStopped: isStopped)
    }

    public func build(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]] {
        try connected(isStopped).build(outputs, isStopped: isStopped)
    }

    /// The store, which has been given everything that waited.
    private func connected(_ isStopped: @escaping () -> Bool) throws(StoreWriteError) -> any BuildingStore {
        if let store { return store }
        let store = try connect()
        self.store = store
        for addition in waiting { try store.add(addition, isStopped: isStopped) }
        waiting = []
        waitingBytes = 0
        return store
    }

    /// Adds everything to the store, so that others can build it.
    public func publish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try connected(isStopped).flush(isStopped: isStopped)
    }
}
