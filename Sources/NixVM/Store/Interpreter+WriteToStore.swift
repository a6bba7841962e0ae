import NixStore

/// The writing of new objects, if the machine has a store to write to.
///
/// No fuel is charged for it. Reading a tree to hash it was charged by its size, and whether and where objects are
/// written must not change how far an evaluation comes with its fuel.
extension Interpreter {
    /// Writes an object that was just made. The result is false with `failure` set.
    func write(_ addition: StoreAddition) -> Bool {
        guard let writer = machine.storeWriter else { return true }
        let stop = machine.stop
        let before = writer.byteCount
        defer { countOutsideHeap(writer.byteCount - before) }
        do throws(StoreWriteError) {
            try writer.add(addition) { stop.cause != nil }
            return true
        } catch {
            if error.isStopped, !poll() { return false }
            _ = fail(.io, bytes: error.message)
            return false
        }
    }

    /// Writes a derivation that was just made, unless this evaluation has written it before. The result is false with
    /// `failure` set.
    ///
    /// - Parameters:
    ///   - record: the index of its record.
    ///   - text: the contents of its file.
    func write(derivation record: Int, _ text: [UInt8]) -> Bool {
        let table = machine.store.derivations
        guard machine.storeWriter != nil, table.markWritten(record) else { return true }
        let stop = machine.stop
        guard let hash = Hash(of: text, .sha256, isStopped: { stop.cause != nil }) else { return poll() }
        let object = StoreObject(text: text, references: table.references(record))
        // Unlike a source, a derivation is kept by nobody but the writer.
        guard hasRoomOutsideHeap(object.byteCount) else { return failMemory() }
        return write(
            StoreAddition(path: table.path(record), address: ContentAddress(.text, hash), object))
    }
}
