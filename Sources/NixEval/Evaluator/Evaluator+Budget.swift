import NixVM

/// The memory limit outside of the machine's heap: parser, compiler and decoder report the size of their tables before
/// these grow, and are cancelled at the limit.
extension Evaluator {
    /// A poll for parser, compiler and decoder, which is called with the bytes that they take and returns true to
    /// cancel them. It is nil if nothing can cancel the evaluation.
    ///
    /// - Parameter held: bytes that are in use and not counted by the machine yet; negative for bytes that the machine
    ///   counts and the tables include as well.
    func stopCondition(besides held: Int = 0) -> (@Sendable (_ bytes: Int) -> Bool)? {
        let stop = machine.stop
        let room = machine.roomOutsideHeap
        guard stop.isPossible || room != .max else { return nil }
        let most = room == .max ? room : room - held
        return { bytes in bytes > most || stop.cause != nil }
    }

    /// Counts the bytes of a program that is kept until the end.
    func count(program bytes: Int) throws(EvalFailure) {
        guard bytes <= machine.roomOutsideHeap else { throw machine.memoryFailure }
        machine.countOutsideHeap(bytes)
    }

    /// The failure after a poll cancelled the work.
    var stopFailure: EvalFailure { machine.stop.failure ?? machine.memoryFailure }

    /// Collects garbage before a source is parsed, if its tables may need the memory.
    func collectGarbage(forSource bytes: Int) { machine.collectForRoom(bytes * Self.bytesPerSourceByte) }

    /// An upper estimate of the bytes that tree and analysis take for each byte of a source. It was measured for lists
    /// of numbers, which have the most nodes for their size.
    private static let bytesPerSourceByte = 48
}
