/// Adding entries. The folder is locked.
extension CacheFile {
    /// Adds programs that the file does not have.
    ///
    /// - Returns: whether all are in the file.
    func append(_ programs: [(key: DiskCache.Key, bytes: [UInt8])]) -> Bool {
        let start = (byteCount + 7) & ~7
        var block: [UInt8] = []
        var slots: [(key: DiskCache.Key, slot: CacheSlot)] = []
        for (key, bytes) in programs where program(key, limit: .max) == nil {
            let entry = entry(key, bytes)
            guard entry.count <= Self.largestEntry else { continue }
            slots.append((key, CacheSlot(key, offset: start + block.count, byteCount: entry.count)))
            block += entry
            block += [UInt8](repeating: 0, count: -block.count & 7)
        }
        guard file.write(block, at: start) else {
            // Nothing leads to what was written of the block.
            _ = file.resize(to: start)
            return false
        }
        for (key, slot) in slots {
            guard file.write(slot.bytes, at: place(for: key)) else { return false }
        }
        return true
    }

    /// The offset of the slot for a new entry: that of a damaged entry with the same key, a free one, or the one that has
    /// not been used for the longest time.
    private func place(for key: DiskCache.Key) -> Int {
        let bucket = key.bucket
        let slots = slots(ofBucket: bucket)
        let index =
            slots.firstIndex { $0.leads(to: key) } ?? slots.firstIndex { $0.isFree }
            ?? slots.indices.min { slots[$0].day < slots[$1].day } ?? 0
        return Self.place(bucket, index)
    }

    /// Marks the entries that were found as used today.
    func writeUses() {
        for (place, slot) in takeUses() {
            guard let now = file.read(at: place, count: Self.slotBytes), now == slot.bytes else { continue }
            _ = file.write(slot.used().bytes, at: place)
        }
    }
}
