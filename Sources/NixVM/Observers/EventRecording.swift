import NixBytecode
import Platform

/// The buffers of a recorder, and the observer that receives them.
final class EventRecording {
    /// The number of records in a batch.
    static let capacity = 4096

    unowned let machine: Machine
    let observer: any RuntimeObserver
    let level: TraceLevel
    let records: UnsafeMutablePointer<EventRecord>
    /// The code that each frame was entered with, by depth.
    private(set) var entered: UnsafeMutablePointer<UInt32>
    private(set) var enteredCapacity = 1 << 12
    /// The depth of the frame in which the last run stopped, or -1 if none has begun.
    var depth = -1
    /// The time at which the batch began, in nanoseconds of the monotonic clock.
    private(set) var baseTime = MonotonicClock.now()
    /// The depth before the first record of the batch.
    private(set) var batchDepth = -1
    /// Printed stack values, each as a length in one byte and the bytes.
    private var text: [UInt8] = []
    /// What a record at level `ops` has in addition to its word.
    private struct OperationRecord {
        var opcode: UInt8 = 0
        var stackCount: UInt8 = 0
        var stackHeight: UInt32 = 0
        /// The index in `text` at which its values begin.
        var textStart = 0
    }
    /// One element for each record, at level `ops` only.
    private var operationRecords: [OperationRecord] = []
    /// Event counts by kind, in several lanes. Events of one kind often follow one another, and additions to a single
    /// counter would wait for each other.
    private let lanes: UnsafeMutablePointer<UInt64>
    private static let laneCount = 4

    init(machine: Machine, observer: any RuntimeObserver, level: TraceLevel) {
        self.machine = machine
        self.level = level
        self.observer = observer
        records = .allocate(capacity: EventRecording.capacity)
        lanes = .allocate(capacity: EventRecording.laneCount * 16)
        lanes.initialize(repeating: 0, count: EventRecording.laneCount * 16)
        entered = .allocate(capacity: enteredCapacity)
        entered.initialize(repeating: 0, count: enteredCapacity)
    }

    deinit {
        records.deallocate()
        lanes.deallocate()
        entered.deallocate()
    }

    func growEntered() {
        let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: enteredCapacity * 2)
        larger.initialize(repeating: 0, count: enteredCapacity * 2)
        larger.update(from: entered, count: enteredCapacity)
        entered.deallocate()
        entered = larger
        enteredCapacity *= 2
    }

    func count(_ kind: RuntimeEventKind) { lanes[Int(kind.rawValue)] &+= 1 }

    /// The number of events of each kind since the recording began, indexed by the kind's number.
    var counts: [UInt64] {
        (0..<16).map { kind in kind == 0 ? 0 : (0..<EventRecording.laneCount).reduce(0) { $0 + lanes[$1 * 16 + kind] } }
    }

    /// Delivers the first `count` records and begins a new batch.
    func drain(_ count: Int, depth: Int) {
        if count > 0 {
            for index in 0..<count {
                lanes[(index & (EventRecording.laneCount - 1)) * 16 + Int(records[index].word & 0xF)] &+= 1
            }
            observer.observe(
                UnsafeBufferPointer(start: records, count: count).span, EventContext(recording: self))
        }
        text.removeAll(keepingCapacity: true)
        operationRecords.removeAll(keepingCapacity: true)
        batchDepth = depth
        baseTime = MonotonicClock.now()
    }

    /// Stores the printed values of a record, each of which has at most 255 bytes.
    func addStack(_ index: Int, _ values: [[UInt8]], height: Int) {
        ensureRecord(index)
        operationRecords[index].stackCount = UInt8(truncatingIfNeeded: values.count)
        operationRecords[index].stackHeight = UInt32(truncatingIfNeeded: height)
        operationRecords[index].textStart = text.count
        for value in values {
            text.append(UInt8(truncatingIfNeeded: value.count))
            text += value
        }
    }

    func addOpcode(_ index: Int, _ opcode: Opcode) {
        ensureRecord(index)
        operationRecords[index].opcode = opcode.rawValue
    }

    private func ensureRecord(_ index: Int) {
        while operationRecords.count <= index { operationRecords.append(OperationRecord()) }
    }

    func opcode(_ index: Int) -> Opcode? {
        index < operationRecords.count ? Opcode(rawValue: operationRecords[index].opcode) : nil
    }

    func stackHeight(_ index: Int) -> Int {
        index < operationRecords.count ? Int(operationRecords[index].stackHeight) : 0
    }

    /// The printed values of a record.
    func stack(_ index: Int) -> [[UInt8]] {
        guard index < operationRecords.count else { return [] }
        var offset = operationRecords[index].textStart
        return (0..<Int(operationRecords[index].stackCount)).map { _ in
            let length = Int(text[offset])
            defer { offset += 1 + length }
            return Array(text[(offset + 1)...].prefix(length))
        }
    }
}
