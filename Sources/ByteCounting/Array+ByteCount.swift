/// Bytes of tables, which are counted against a memory limit before they are taken.
extension Array {
    /// Bytes that the array takes, including the larger buffer that it moves to if `more` further elements do not fit.
    /// Memory that the elements own is not counted.
    @inlinable package func byteCount(adding more: Int) -> Int {
        let stride = MemoryLayout<Element>.stride
        let present = capacity &* stride
        // There are many small arrays, and the growth of one does not matter.
        guard count &+ more > capacity, Swift.max(capacity, more) &* stride > Self.smallTable else { return present }
        return present &+ Swift.max(2 &* capacity, count &+ more) &* stride
    }

    /// An estimate of the bytes that the complete array takes. It is based on the count, because the capacity depends
    /// on the memory allocator, while the bytes counted for a job must be reproducible.
    @inlinable package var estimatedByteCount: Int { (count &+ count / 2) &* MemoryLayout<Element>.stride }

    /// Bytes up to which an array may double without being counted first.
    @inlinable package static var smallTable: Int { 1 << 15 }
}
