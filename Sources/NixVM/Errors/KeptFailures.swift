/// Failures that `tryEval` caught, for the thunks that failed on the way: who asks for one of them again gets the same
/// failure, and nothing is evaluated twice. A thunk names its failure by number, so that the collector can tell which
/// ones are still in use.
///
/// Only what was caught is kept. A failure that ends an evaluation leaves its thunks as they were: the host may go on
/// with other values of the same machine, and what it hears of them must not depend on what it asked for before.
final class KeptFailures {
    private struct Record {
        var failure: EvalFailure
        var notes: BacktraceNotes
        /// The run of the machine that it happened in.
        var run: Int
        var byteCount: Int
        /// Whether a thunk outside the nursery refers to it.
        var isOld: Bool
    }

    private var records: [Record?] = []
    private var freeNumbers: [Int] = []
    /// What was made since the last collection.
    private var young: [Int] = []
    /// What the collection at work has met.
    private var isUsed: [Bool] = []
    /// How often the machine was started.
    private var run = 0
    /// Bytes of all failures, about: they count under the memory limit.
    private(set) var byteCount = 0

    func beginRun() { run += 1 }

    /// The number of the failure being unwound, before it is known where it ends.
    func takeNumber() -> Int {
        let number = freeNumbers.popLast() ?? records.count
        if number == records.count { records.append(nil) }
        return number
    }

    /// Keeps what was caught.
    ///
    /// - Parameters:
    ///   - number: from `takeNumber`; what was kept under it before is replaced.
    ///   - isOld: whether a thunk outside the nursery refers to it.
    ///   - most: How many notes are kept.
    /// - Returns: Bytes that it takes.
    func keep(
        _ number: Int, _ failure: EvalFailure, _ notes: BacktraceNotes, isOld: Bool,
        most: Int = BacktraceNotes.keptBound
    ) -> Int {
        let kept = notes.innermost(most)
        let bytes = MemoryLayout<Record>.stride + failure.message.count + kept.byteCount
        let before = records[number]
        byteCount += bytes - (before?.byteCount ?? 0)
        records[number] = Record(
            failure: failure, notes: kept, run: run, byteCount: bytes, isOld: isOld || before?.isOld == true)
        young.append(number)
        return bytes
    }

    /// The failure with what is to be shown of its way. In the run that it happened in this is all of it, up to the
    /// `tryEval`, as in Nix; later the way to the thunk alone, as if it were evaluated now.
    func failure(_ reference: FailureReference) -> (failure: EvalFailure, notes: BacktraceNotes)? {
        guard reference.number < records.count, let record = records[reference.number] else { return nil }
        if record.run == run { return (record.failure, record.notes) }
        return (record.failure, record.notes.innermost(reference.notes))
    }

    func beginCollection() { isUsed = [Bool](repeating: false, count: records.count) }

    func noteUse(_ reference: FailureReference) {
        if reference.number < isUsed.count { isUsed[reference.number] = true }
    }

    /// Lets go of what no thunk refers to any more.
    ///
    /// - Parameter isFull: Whether all thunks were met, and not only new ones.
    func endCollection(isFull: Bool) {
        for number in isFull ? Array(records.indices) : young where !isUsed[number] {
            guard let record = records[number], isFull || !record.isOld else { continue }
            byteCount -= record.byteCount
            records[number] = nil
            freeNumbers.append(number)
        }
        young.removeAll(keepingCapacity: true)
    }
}

/// What a failed thunk holds: the number of the failure, and how many notes had been taken when the thunk was left.
struct FailureReference {
    private static let countBits = 12

    /// Of a failure that did not happen yet.
    static let none = FailureReference(number: 1 << 40, notes: 0)

    var number: Int
    var notes: Int

    init(number: Int, notes: Int) {
        self.number = number
        self.notes = notes
    }

    init(_ value: Value) {
        number = value.small >> FailureReference.countBits
        notes = value.small & (1 << FailureReference.countBits - 1)
    }

    var value: Value {
        Value(small: number << FailureReference.countBits | min(notes, BacktraceNotes.keptBound))
    }
}

extension Interpreter {
    /// Makes a thunk one that fails with a kept failure. Its captures are let go of.
    func markFailed(_ thunk: Object, _ number: Int) {
        thunk[0] = Object.header(Kind.failed, count: 1, field: thunk.field)
        thunk[1] = FailureReference(number: number, notes: machine.notes.count).value.bits
    }

    /// Fails where a thunk is needed that cannot be forced: it failed before, or is being forced.
    ///
    /// - Parameter mode: the frame mode that its frame would have got.
    @inline(never)
    func failForced(_ thunk: Object, mode: UInt) -> Step {
        guard thunk.kind == Kind.failed else { return infiniteRecursion(thunk) }
        let reference = FailureReference(Value(bits: thunk[1]))
        guard let kept = machine.keptFailures.failure(reference) else { return infiniteRecursion(thunk) }
        machine.failure = kept.failure
        machine.notes = kept.notes
        machine.failedOperand = -1
        machine.recursion = 0
        machine.coerced = .absent
        machine.failedAgain = (thunk, mode)
        return .error
    }

    /// Where the frame on top stands when it failed by itself, or by needing a thunk that failed before.
    func placeOfFailure() -> FramePlace {
        let start = state.pointee.instruction
        guard let (thunk, mode) = machine.failedAgain else { return FramePlace(pc: start, isStart: true, forced: nil) }
        machine.failedAgain = nil
        let isStart = mode == FrameMode.updateAndRetry
        if isStart { state.pointee.r.pc = start }
        return FramePlace(pc: state.pointee.r.pc, isStart: isStart, forced: thunk)
    }
}
