import NixVM

/// What making programs of sources may take beside the machine's heap: parser, compiler and decoder say how large their
/// tables are before these grow, and are told to stop at a limit.
extension Evaluator {
    /// Asked with the bytes that one of them takes; true ends it. Nil when nothing can.
    ///
    /// - Parameter held: bytes that are held meanwhile and not counted by the machine yet; negative for such as it counts
    ///   and the tables hold, too.
    func stopCondition(besides held: Int = 0) -> (@Sendable (_ bytes: Int) -> Bool)? {
        let stop = machine.stop
        let room = machine.roomOutsideHeap
        guard stop.isPossible || room != .max else { return nil }
        let most = room == .max ? room : room - held
        return { bytes in bytes > most || stop.cause != nil }
    }

    /// Counts a program that is kept to the end.
    func hold(program bytes: Int) throws(EvalFailure) {
        guard bytes <= machine.roomOutsideHeap else { throw machine.memoryFailure }
        machine.countOutsideHeap(bytes)
    }

    /// Why it was told to stop.
    var stopFailure: EvalFailure { machine.stop.failure ?? machine.memoryFailure }

    /// Lets the heap give up what is garbage before a source is parsed that may need its room.
    func makeRoom(forSource bytes: Int) { machine.collectForRoom(bytes * Self.bytesPerSourceByte) }

    /// Bytes that tree and analysis take for each byte of a source, at most about: measured for lists of numbers, which
    /// have the most nodes for their size.
    private static let bytesPerSourceByte = 48
}
