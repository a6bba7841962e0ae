import ByteCounting

/// The failures that `tryEval` caught, for the thunks that failed on the way. Forcing such a thunk again fails in the
/// same way, and nothing is evaluated twice. A thunk refers to its failure by number, so that the collector can find
/// the failures that are still in use.
///
/// Only caught failures are kept. A failure that ends an evaluation leaves its thunks unchanged: the host may continue
/// with other values of the same machine, and the results must not depend on what it evaluated before.
final class CaughtFailures {
    struct Record {
        fileprivate(set) var failure: EvalFailure
        fileprivate(set) var notes: BacktraceNotes
        /// The notes of a failure of an image, as they are in it; empty for others.
        fileprivate var encodedNotes: [UInt8] = []
        /// The run of the machine in which the failure happened.
        fileprivate var run: Int
        fileprivate(set) var byteCount: Int
        /// Whether a thunk outside the nursery refers to it.
        fileprivate var isOld: Bool
        /// Whether it is never released, because a thunk of an image refers to it.
        fileprivate var isPinned = false
        /// Whether a frame catches it, so that thunks have failed with it, or will.
        fileprivate var isCaught = true

        /// The notes, decoded if they are those of an image.
        fileprivate var allNotes: BacktraceNotes {
            if encodedNotes.isEmpty { return notes }
            return encodedNotes.withUnsafeBytes { bytes in
                var decoder = ImageDecoder(bytes)
                var decoded = BacktraceNotes()
                do throws(ImageError) {
                    for note in try decoder.list({ (decoder) throws(ImageError) in try decoder.note() }) {
                        decoded.append(note)
                    }
                } catch {
                    // The checksum of the image holds, so this cannot happen. The failure is shown without a backtrace.
                    return notes
                }
                return decoded
            }
        }

        /// The catch that waits for the failure with this number; nil if nothing catches it.
        func catching(_ number: Int) -> PendingCatch? {
            isCaught ? PendingCatch(number: number, hasOldThunk: isOld, hasImageThunk: isPinned) : nil
        }
    }

    private var records: [Record?] = []
    private var freeNumbers: [Int] = []
    /// The numbers of the failures recorded since the last collection.
    private var young: [Int] = []
    /// Which failures the current collection has found in use.
    private var isUsed: [Bool] = []
    /// How often the machine was started.
    private var run = 0
    /// The approximate number of bytes of all failures, which count towards the memory limit.
    private(set) var byteCount = 0

    func beginRun() { run += 1 }

    /// Reserves a number for the failure being unwound, before it is known which frame catches it.
    func reserveNumber() -> Int {
        let number = freeNumbers.popLast() ?? records.count
        if number == records.count { records.append(nil) }
        return number
    }

    /// Records a caught failure.
    ///
    /// - Parameters:
    ///   - number: A number from `reserveNumber`. What was recorded under it before is replaced.
    ///   - isOld: Whether a thunk outside the nursery refers to it.
    ///   - isPinned: Whether a thunk of the image refers to it, which the collector does not visit.
    ///   - isCaught: Whether a frame catches it.
    ///   - limit: How many notes are kept.
    /// - Returns: The number of bytes that it takes.
    func keep(
        _ number: Int, _ failure: EvalFailure, _ notes: BacktraceNotes, isOld: Bool, isPinned: Bool = false,
        isCaught: Bool = true, limit: Int = BacktraceNotes.caughtBound
    ) -> Int {
        let kept = notes.innermost(limit)
        let bytes = MemoryLayout<Record>.stride + failure.message.estimatedByteCount + kept.byteCount
        let before = records[number]
        byteCount += bytes - (before?.byteCount ?? 0)
        records[number] = Record(
            failure: failure, notes: kept, run: run, byteCount: bytes, isOld: isOld || before?.isOld == true,
            isPinned: isPinned || before?.isPinned == true, isCaught: isCaught)
        young.append(number)
        return bytes
    }

    /// Takes back a failure whose unwinding goes on. What is kept has one owner, so adding a note to it copies nothing.
    ///
    /// - Parameter number: A number of `keep`. If something catches the failure, the number stays reserved: thunks that
    ///   failed with it refer to it, and must not be forced before it is kept again.
    func take(_ number: Int) -> Record? {
        guard number < records.count, let record = records[number] else { return nil }
        byteCount -= record.byteCount
        records[number] = nil
        if !record.isCaught { freeNumbers.append(number) }
        return record
    }

    /// The failure with the notes that are to be shown. In the run in which it happened these are all notes up to the
    /// `tryEval`, as in Nix. In later runs they are those up to the thunk, as if the thunk were evaluated now.
    func failure(_ reference: FailureReference) -> (failure: EvalFailure, notes: BacktraceNotes)? {
        guard reference.number < records.count, let record = records[reference.number] else { return nil }
        let notes = record.allNotes
        return (record.failure, record.run == run ? notes : notes.innermost(reference.notes))
    }

    /// The failures for an image.
    ///
    /// - Parameter site: the address that the instruction at an address has in the image.
    func kept(site: (UnsafePointer<UInt8>) -> UInt) -> [ImageCatalogue.Failure] {
        records.enumerated().compactMap { number, record in
            guard let record else { return nil }
            var notes = ImageEncoder()
            notes.add(record.allNotes.innermost(BacktraceNotes.caughtBound).first) { $0.add($1, site: site) }
            return ImageCatalogue.Failure(number: number, failure: record.failure, notes: notes.bytes)
        }
    }

    /// Adds the failures of an image, which its thunks refer to. They are never released.
    func restore(_ failures: [ImageCatalogue.Failure]) {
        for kept in failures {
            while records.count <= kept.number { records.append(nil) }
            records[kept.number] = Record(
                failure: kept.failure, notes: BacktraceNotes(), encodedNotes: kept.notes, run: -1, byteCount: 0,
                isOld: true, isPinned: true)
        }
        for number in records.indices where records[number] == nil { freeNumbers.append(number) }
    }

    func beginCollection() { isUsed = [Bool](repeating: false, count: records.count) }

    func noteUse(_ reference: FailureReference) {
        if reference.number < isUsed.count { isUsed[reference.number] = true }
    }

    /// Releases the failures that no thunk refers to any more.
    ///
    /// - Parameter isFull: Whether the collection visited all thunks, and not only new ones.
    func endCollection(isFull: Bool) {
        for number in isFull ? Array(records.indices) : young where !isUsed[number] {
            guard let record = records[number], !record.isPinned, isFull || !record.isOld else { continue }
            byteCount -= record.byteCount
            records[number] = nil
            freeNumbers.append(number)
        }
        young.removeAll(keepingCapacity: true)
    }
}

/// The word of a failed thunk: the number of the failure, and how many notes had been taken when the thunk was unwound.
struct FailureReference {
    private static let countBits = 12

    /// A reference to no failure.
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
        Value(small: number << FailureReference.countBits | min(notes, BacktraceNotes.caughtBound))
    }
}

extension Interpreter {
    /// Makes a thunk fail with a recorded failure whenever it is forced. Its captures are released.
    func markFailed(_ thunk: Object, _ number: Int) {
        thunk[0] = Object.header(Kind.failed, count: 1, field: thunk.field)
        thunk[1] = FailureReference(number: number, notes: machine.notes.count).value.bits
    }

    /// Fails because a thunk cannot be forced: it failed before, or it is being forced.
    ///
    /// - Parameter mode: The mode that its frame would have got.
    @inline(never)
    func failForced(_ thunk: Object, mode: UInt) -> Step {
        guard thunk.kind == Kind.failed else { return infiniteRecursion(thunk) }
        let reference = FailureReference(Value(bits: thunk[1]))
        guard let kept = machine.caughtFailures.failure(reference) else { return infiniteRecursion(thunk) }
        machine.failure = kept.failure
        machine.notes = kept.notes
        machine.failedOperand = -1
        machine.recursion = 0
        machine.coerced = .absent
        machine.forcedFailedThunk = (thunk, mode)
        return .error
    }

    /// The location of the frame on top, which failed itself or forced a thunk that had failed before.
    func failureLocation() -> FrameLocation {
        let start = state.pointee.instruction
        guard let (thunk, mode) = machine.forcedFailedThunk else {
            return FrameLocation(pc: start, isStart: true, forced: nil)
        }
        machine.forcedFailedThunk = nil
        let isStart = mode == FrameMode.updateAndRetry
        if isStart { state.pointee.registers.pc = start }
        return FrameLocation(pc: state.pointee.registers.pc, isStart: isStart, forced: thunk)
    }
}
