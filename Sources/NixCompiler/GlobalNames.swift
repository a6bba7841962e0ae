/// The names of the global scope. Every name of every source is looked up, so most are rejected by their first byte and
/// length, before hashing.
public struct GlobalNames: Sendable {
    private let names: Set<[UInt8]>
    /// By first byte: bit `n` is set if a name with that first byte has `n` bytes; bit 63 stands for 63 and more.
    private var lengths = [UInt64](repeating: 0, count: 256)

    public init(_ names: some Sequence<[UInt8]>) {
        self.names = Set(names)
        for name in self.names {
            if let first = name.first { lengths[Int(first)] |= 1 << UInt64(min(name.count, 63)) }
        }
    }

    /// Whether a name is global.
    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = unsafe name.first, lengths[Int(first)] & 1 << UInt64(min(name.count, 63)) != 0 else {
            return false
        }
        return unsafe names.contains(Array(name))
    }

    /// Whether a name is global.
    public func contains(_ name: [UInt8]) -> Bool {
        guard let first = name.first, lengths[Int(first)] & 1 << UInt64(min(name.count, 63)) != 0 else { return false }
        return names.contains(name)
    }
}
