import NixFormats

/// Names that a text brings, made symbols: their memory is counted before it is taken.
struct NameSpace {
    private let interpreter: Interpreter
    /// Bytes beside the heap that the text's reader and the building of its value take.
    private let taken: Int
    /// Bytes of the table of symbols when they were last looked at, and at the start.
    private var known: Int
    private let first: Int

    /// Bytes of names that are made before room is looked for.
    private static let block = 1 << 14

    init(_ interpreter: Interpreter, beside taken: Int) {
        self.interpreter = interpreter
        self.taken = taken
        known = interpreter.state.pointee.symbols.byteCount
        first = known
    }

    /// The symbol of a name: a unit, and one for every 32 bytes. Nil with `failure` set.
    mutating func intern(_ name: ByteView) -> UInt32? {
        guard interpreter.charge(1 + name.count / 32) else { return nil }
        let grown = interpreter.state.pointee.symbols.byteCount - known + name.count
        if grown > NameSpace.block {
            known += grown
            guard interpreter.hasRoomOutsideHeap(taken + grown) else {
                _ = interpreter.failMemory()
                return nil
            }
        }
        return interpreter.state.pointee.symbols.intern(name.buffer)
    }

    /// Lets the next collection come earlier by what the names take.
    func finish() { interpreter.bringCollectionForward(interpreter.state.pointee.symbols.byteCount - first) }
}
