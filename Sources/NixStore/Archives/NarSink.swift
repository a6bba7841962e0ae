/// A node of an archive, with its path in the tree that is read.
public enum NarNode: Sendable, Equatable {
    case regular([UInt8], FileProperties)
    case symlink([UInt8], target: [UInt8])
    case directory([UInt8])
}

/// Receives an archive while it is written: its bytes, and what they mean for whoever builds the tree from it.
public protocol NarSink {
    /// Takes the next bytes of the archive, which are only valid during the call. Returning false stops.
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool

    /// Takes the next node; directories come before what is in them. Returning false stops.
    mutating func begin(_ node: NarNode) -> Bool

    /// Takes the next bytes of the regular file that began last. `write` is called with them as well. Returning false
    /// stops.
    mutating func contents(_ bytes: UnsafeRawBufferPointer) -> Bool
}

extension NarSink {
    public mutating func begin(_ node: NarNode) -> Bool { true }
    public mutating func contents(_ bytes: UnsafeRawBufferPointer) -> Bool { true }
}

extension HashStream: NarSink {
    public mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe update(bytes)
        return true
    }
}
