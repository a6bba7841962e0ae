/// Builds the derivations whose outputs an evaluation reads. One thread may use it at a time.
///
/// What it builds was added to the store before, by the `StoreWriter` of the same evaluation.
public protocol DerivationBuilder: AnyObject {
    /// Looks for outputs that need not be built.
    ///
    /// - Parameters:
    ///   - outputs: the outputs that are needed.
    ///   - isStopped: polled while the builder waits; true ends the work.
    /// - Returns: the objects that may be read, or nil if an output is not in the store.
    /// - Throws: why the store cannot be asked.
    func existing(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [BuiltObject]?

    /// Builds outputs, all of them at once as far as the builder can.
    ///
    /// - Parameters:
    ///   - outputs: the outputs that are needed. Their derivations are in the store.
    ///   - isStopped: polled while the builder waits; true ends the work.
    /// - Returns: why outputs could not be built, in the builder's own words with the end of the log. An output that is
    ///   not in it was built.
    /// - Throws: why the builder cannot be used at all.
    func build(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]]
}

/// A store that builds what was added to it.
public protocol BuildingStore: StoreWriter, DerivationBuilder {}

extension DaemonStore: BuildingStore {}

/// A store object that was built, or that such an object refers to.
public struct BuiltObject: Sendable, Equatable {
    /// The store path.
    public var path: [UInt8]
    /// Where the object is read from.
    public var location: [UInt8]
    /// The store paths that the object refers to.
    public var references: [[UInt8]]

    public init(path: [UInt8], location: [UInt8], references: [[UInt8]]) {
        self.path = path
        self.location = location
        self.references = references
    }
}
