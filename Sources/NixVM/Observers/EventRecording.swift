import NixBytecode
import Platform

/// The buffers of a recorder, and who is told of them.
final class EventRecording {
    /// Rows of a batch.
    static let capacity = 4096

    unowned let machine: Machine
    let observer: any RuntimeObserver
    let level: TraceLevel
    let records: UnsafeMutablePointer<EventRecord>
    /// What each frame was entered as, by depth: the code, or 0.
    private(set) var entered: UnsafeMutablePointer<UInt32>
    private(set) var enteredCapacity = 1 << 12
    /// Depth of the frame in which the last run stopped; -1 when none began.
    var depth = -1
    /// Monotonic nanoseconds of the batch's beginning.
    private(set) var baseTime = MonotonicClock.now()
    /// Depth before the first record of the batch.
    private(set) var batchDepth = -1
    /// Printed stack values: a length in one byte, then bytes.
    private var text: [UInt8] = []
    /// What a record of level `ops` has besides its word.
    private struct OpRow {
        var opcode: UInt8 = 0
        var stackCount: UInt8 = 0
        var stackHeight: UInt32 = 0
        /// Where its values begin in `text`.
        var textStart = 0
    }
    /// By record; level `ops` only.
    private var operationRecords: [OpRow] = []
    /// Events by kind, in lanes: events of one kind follow one another, and adding to one counter would wait.
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

    /// Events by the number of their kind, since the recording began.
    var counts: [UInt64] {
        (0..<16).map { kind in kind == 0 ? 0 : (0..<EventRecording.laneCount).reduce(0) { $0 + lanes[$1 * 16 + kind] } }
    }

    /// Passes so many records on and begins a new batch.
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

    /// Notes the printed values of the record at an index, of which each has at most 255 bytes.
    func addStack(_ index: Int, _ values: [[UInt8]], height: Int) {
        reach(index)
        operationRecords[index].stackCount = UInt8(truncatingIfNeeded: values.count)
        operationRecords[index].stackHeight = UInt32(truncatingIfNeeded: height)
        operationRecords[index].textStart = text.count
        for value in values {
            text.append(UInt8(truncatingIfNeeded: value.count))
            text += value
        }
    }

    func addOpcode(_ index: Int, _ opcode: Opcode) {
        reach(index)
        operationRecords[index].opcode = opcode.rawValue
    }

    private func reach(_ index: Int) {
        while operationRecords.count <= index { operationRecords.append(OpRow()) }
    }

    func opcode(_ index: Int) -> Opcode? {
        index < operationRecords.count ? Opcode(rawValue: operationRecords[index].opcode) : nil
    }

    func stackHeight(_ index: Int) -> Int {
        index < operationRecords.count ? Int(operationRecords[index].stackHeight) : 0
    }

    /// The printed values of the record at an index.
    func stack(_ index: Int) -> [[UInt8]] {
        guard index < operationRecords.count else { return [] }
        var place = operationRecords[index].textStart
        return (0..<Int(operationRecords[index].stackCount)).map { _ in
            let length = Int(text[place])
            defer { place += 1 + length }
            return Array(text[(place + 1)...].prefix(length))
        }
    }
}
