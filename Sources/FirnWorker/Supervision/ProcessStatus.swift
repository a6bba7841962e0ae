import CPlatform
import FirnProtocol
import Glibc
import Synchronization

/// The state of a worker process that its supervisor sees in shared memory: which job is evaluated, and by when it must
/// have stopped. It can be read whatever the process does, and after it has ended.
///
/// Each word has one writer: the evaluating thread for the evaluation, the supervisor for what it says of prepared sets, and
/// the polling thread for the rest. A reader may
/// see the evaluation change while it reads, and combine one job with the deadline of another. That is harmless: the
/// other deadline is not long past unless that job was late itself.
final class ProcessStatus: Sendable {
    /// An evaluation in progress.
    struct Evaluation: Equatable {
        let key: LeaseKey
        /// The monotonic time, which all processes of the machine share, by which it should have ended: its deadline or
        /// its cancellation. `UInt64.max` if there is none.
        let stopBy: UInt64
    }

    private enum Word: Int {
        case isEvaluating, job, attempt, deadline
        case cancelledJob, cancelledAttempt, cancelledAt
        case isWelcomed, instanceHead, instanceTail
        /// The first of as many words as there may be prepared sets: what the supervisor says of each.
        case sets = 64
        /// The same of what the process wants.
        case wantedSets = 128
    }

    // An integer and not a pointer, because a pointer is not Sendable.
    private let address: UInt
    private static let byteCount = 4_096

    /// A file descriptor of new zeroed memory, closed on exec; nil if the system has none to give.
    static func makeMemory() -> Int32? {
        let descriptor = firn_memory_file()
        guard descriptor >= 0 else { return nil }
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Maps the memory behind a descriptor, which may be closed afterwards; nil if it cannot be mapped.
    init?(descriptor: Int32) {
        let mapped = unsafe mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, UInt(bitPattern: mapped) != UInt.max else { return nil }
        _ = unsafe mapped.bindMemory(to: Atomic<UInt64>.self, capacity: Self.byteCount / 8)
        address = UInt(bitPattern: mapped)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), Self.byteCount) }

    private func load(_ word: Word, _ offset: Int = 0) -> UInt64 {
        guard let words = unsafe UnsafeMutablePointer<Atomic<UInt64>>(bitPattern: address) else { return 0 }
        return unsafe words[word.rawValue + offset].load(ordering: .acquiring)
    }

    private func store(_ value: UInt64, _ word: Word, _ offset: Int = 0) {
        guard let words = unsafe UnsafeMutablePointer<Atomic<UInt64>>(bitPattern: address) else { return }
        unsafe words[word.rawValue + offset].store(value, ordering: .releasing)
    }
}

/// The worker's side.
extension ProcessStatus {
    /// - Parameter deadline: when the evaluation must end; `UInt64.max` if there is no deadline.
    func began(_ key: LeaseKey, deadline: UInt64) {
        store(key.job, .job)
        store(UInt64(key.attempt), .attempt)
        store(deadline, .deadline)
        store(1, .isEvaluating)
    }

    func ended() { store(0, .isEvaluating) }

    /// Records that an evaluation was cancelled, and so should stop from `time` on.
    func cancelled(_ key: LeaseKey, at time: UInt64) {
        guard key.job != load(.cancelledJob) || UInt64(key.attempt) != load(.cancelledAttempt) else { return }
        store(time, .cancelledAt)
        store(UInt64(key.attempt), .cancelledAttempt)
        store(key.job, .cancelledJob)
    }

    /// Records the 16-byte instance under which the coordinator knows the process.
    func welcomed(as instance: [UInt8]) {
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        store(word(instance.prefix(8)), .instanceHead)
        store(word(instance.dropFirst(8).prefix(8)), .instanceTail)
        store(1, .isWelcomed)
    }

    /// What the supervisor says of the first prepared sets.
    func sets(_ count: Int) -> [PreparedSetWord] {
        (0..<min(count, ProtocolLimits.preparedSets)).map { PreparedSetWord(rawValue: load(.sets, $0)) }
    }

    /// Says that the process wants a prepared set, which is its last wish until another one for the same set.
    func want(_ index: Int, _ identity: [UInt8]) {
        guard index < ProtocolLimits.preparedSets else { return }
        store(PreparedSetWord(.wanted, identity).rawValue, .wantedSets, index)
    }

    /// Says that nothing is wanted of a prepared set any more.
    func wantNothing(_ index: Int) {
        guard index < ProtocolLimits.preparedSets else { return }
        store(0, .wantedSets, index)
    }
}

/// The supervisor's side.
extension ProcessStatus {
    /// The evaluation in progress; nil if there is none.
    var evaluation: Evaluation? {
        guard load(.isEvaluating) == 1 else { return nil }
        let key = LeaseKey(job: load(.job), attempt: UInt32(truncatingIfNeeded: load(.attempt)))
        let isCancelled = load(.cancelledJob) == key.job && load(.cancelledAttempt) == UInt64(key.attempt)
        let deadline = load(.deadline)
        return Evaluation(key: key, stopBy: isCancelled ? min(deadline, load(.cancelledAt)) : deadline)
    }

    /// Says what has become of prepared sets.
    func tell(_ words: [PreparedSetWord]) {
        for (index, word) in words.prefix(ProtocolLimits.preparedSets).enumerated() {
            store(word.rawValue, .sets, index)
        }
    }

    /// What the process wants of the first prepared sets.
    func wanted(_ count: Int) -> [PreparedSetWord] {
        (0..<min(count, ProtocolLimits.preparedSets)).map { PreparedSetWord(rawValue: load(.wantedSets, $0)) }
    }

    /// The instance under which the coordinator knows the process; nil before its welcome.
    var instance: [UInt8]? {
        guard load(.isWelcomed) == 1 else { return nil }
        return [load(.instanceHead), load(.instanceTail)].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }
}
