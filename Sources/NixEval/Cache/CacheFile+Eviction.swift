/// Removing entries.
extension CacheFile {
    /// All slots that lead to an entry, with their bucket.
    func usedSlots() -> [(bucket: Int, slot: CacheSlot)] {
        guard let bytes = file.read(at: Self.tableStart, count: Self.tableBytes) else { return [] }
        return unsafe bytes.withUnsafeBytes { table in
            stride(from: 0, to: Self.tableBytes, by: Self.slotBytes).compactMap { start in
                let slot = unsafe CacheSlot(table, at: start)
                return slot.isFree ? nil : (start / Self.bucketBytes, slot)
            }
        }
    }

    /// Copies the entries that were used last to a new file.
    ///
    /// - Parameters:
    ///   - path: the path of the new file.
    ///   - room: the most bytes of all copied entries.
    /// - Returns: the new file; nil if it cannot be written.
    func copyLastUsed(to path: String, room: Int) -> CacheFile? {
        guard let copy = CacheFile(creating: path, checksum) else { return nil }
        // Entries that were used on one day are kept from the last one that was written.
        let candidates = usedSlots().sorted { ($0.slot.day, $0.slot.offset) > ($1.slot.day, $1.slot.offset) }
        var end = Self.entriesStart
        var filled: [Int: Int] = [:]
        for (bucket, slot) in candidates {
            let size = (slot.byteCount + 7) & ~7
            guard slot.byteCount > Self.entryHeader, slot.byteCount <= Self.largestEntry, isInside(slot) else { continue }
            guard end - Self.entriesStart + size <= room else { break }
            guard let entry = file.read(at: slot.offset, count: slot.byteCount) else { continue }
            let index = filled[bucket, default: 0]
            filled[bucket] = index + 1
            guard copy.file.write(entry, at: end),
                copy.file.write(slot.moved(to: end).bytes, at: Self.place(bucket, index))
            else { return nil }
            end += size
        }
        return copy
    }
}
