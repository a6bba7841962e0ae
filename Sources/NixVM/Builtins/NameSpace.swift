import NixFormats

/// Names that a text brings, made symbols: their memory is counted before it is taken.
struct NameSpace {
    private let vm: VM
    /// Bytes beside the heap that the text's reader and the building of its value take.
    private let taken: Int
    /// Bytes of the table of symbols when they were last looked at, and at the start.
    private var known: Int
    private let first: Int

    /// Bytes of names that are made before room is looked for.
    private static let block = 1 << 14

    init(_ vm: VM, beside taken: Int) {
        self.vm = vm
        self.taken = taken
        known = vm.s.pointee.symbols.byteCount
        first = known
    }

    /// The symbol of a name: a unit, and one for every 32 bytes. Nil with `failure` set.
    mutating func intern(_ name: ByteView) -> UInt32? {
        guard vm.charge(1 + name.count / 32) else { return nil }
        let grown = vm.s.pointee.symbols.byteCount - known + name.count
        if grown > NameSpace.block {
            known += grown
            guard vm.hasRoomOutsideHeap(taken + grown) else {
                _ = vm.failMemory()
                return nil
            }
        }
        return vm.s.pointee.symbols.intern(name.buffer)
    }

    /// Lets the next collection come earlier by what the names take.
    func finish() { vm.bringCollectionForward(vm.s.pointee.symbols.byteCount - first) }
}
