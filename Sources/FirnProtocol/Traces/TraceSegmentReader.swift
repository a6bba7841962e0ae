import SwiftProtobuf

/// Reads the events of a segment. The columns are checked when it is made, so that iterating cannot fail.
public struct TraceSegmentReader: Sequence, Sendable {
    private let events: WireTraceEvents
    private let forms: [TraceForm]
    private let strings: [[UInt8]]
    private let stackCounts: [UInt8]

    /// - Parameter encoded: `TraceSegment.events`.
    /// - Throws: `malformedBody` if the bytes are not a TraceEvents message or its columns do not fit each other.
    public init(encoded: some SwiftProtobufContiguousBytes) throws(ProtocolError) {
        events = try WireTraceEvents(encoded: encoded)
        strings = events.strings.map { [UInt8]($0) }
        stackCounts = [UInt8](events.stackCounts)
        forms = try Self.forms(events, strings)
        try checkEvents()
        try checkTimes()
    }

    public var count: Int { events.events.count }

    private static func forms(_ events: WireTraceEvents, _ strings: [[UInt8]]) throws(ProtocolError) -> [TraceForm] {
        let kinds = [UInt8](events.kinds)
        let opcodes = [UInt8](events.opcodes)
        let lengths = [
            events.names.count, events.chunks.count, events.offsets.count, opcodes.count, events.details.count,
            events.arguments.count,
        ]
        try require(lengths.allSatisfy { $0 == 0 || $0 == kinds.count }, "has columns of different lengths")
        try require(
            events.names.allSatisfy { $0 <= strings.count } && events.details.allSatisfy { $0 <= strings.count },
            "refers to a string that it does not have")
        func entry<Value: FixedWidthInteger>(_ column: [Value], _ index: Int) -> Value {
            column.isEmpty ? 0 : column[index]
        }
        func string(_ number: UInt32) -> [UInt8] { number == 0 ? [] : strings[Int(number) - 1] }
        return kinds.indices.map { index in
            let chunk = entry(events.chunks, index)
            return TraceForm(
                kind: WireTraceEventKind(rawValue: Int(kinds[index])) ?? .unspecified,
                name: string(entry(events.names, index)), chunk: chunk == 0 ? nil : chunk - 1,
                offset: entry(events.offsets, index), opcode: entry(opcodes, index),
                detail: string(entry(events.details, index)), arguments: entry(events.arguments, index))
        }
    }

    private func checkEvents() throws(ProtocolError) {
        try Self.require(count <= ProtocolLimits.segmentEvents, "has more than \(ProtocolLimits.segmentEvents) events")
        try Self.require(events.events.allSatisfy { $0 < forms.count }, "has an event of a form that it does not have")
        try Self.require(
            [stackCounts.count, events.stackHeights.count].allSatisfy { $0 == 0 || $0 == count },
            "has columns of different lengths")
        try Self.require(
            stackCounts.allSatisfy { $0 <= TraceEvent.stackValues }, "has an event with more than 6 stack values")
        let values = stackCounts.reduce(0) { $0 + Int($1) }
        try Self.require(values == events.stackValues.count, "has not as many stack values as its events say")
        try Self.require(
            events.stackValues.allSatisfy { $0 < strings.count }, "refers to a string that it does not have")
    }

    private func checkTimes() throws(ProtocolError) {
        try Self.require(events.timeSteps.count == events.timeDeltasNs.count, "has columns of different lengths")
        let steps = events.timeSteps.reduce(0) { $0 + Int($1) }
        try Self.require(steps <= count, "has times for more events than it has")
    }

    private static func require(_ condition: Bool, _ message: String) throws(ProtocolError) {
        guard condition else { throw ProtocolError(.malformedBody, "a trace segment \(message)") }
    }

    public func makeIterator() -> Iterator { Iterator(reader: self) }

    /// Returns the events in order.
    public struct Iterator: IteratorProtocol {
        private let reader: TraceSegmentReader
        private var index = 0
        private var stackIndex = 0
        private var timeIndex = 0
        /// The index of the next event at which time advances.
        private var timedEvent = 0
        private var nanoseconds: UInt64
        private var open: Int

        init(reader: TraceSegmentReader) {
            self.reader = reader
            nanoseconds = reader.events.baseNs
            open = Int(reader.events.baseDepth)
            timedEvent = reader.events.timeSteps.first.map { Int($0) } ?? .max
        }

        public mutating func next() -> TraceEvent? {
            guard index < reader.count else { return nil }
            defer { index += 1 }
            passTime()
            let form = reader.forms[Int(reader.events.events[index])]
            let height = reader.events.stackHeights.isEmpty ? 0 : reader.events.stackHeights[index]
            return TraceEvent(
                kind: form.kind, nanoseconds: nanoseconds, depth: passFrame(form.kind), name: form.name,
                chunk: form.chunk, offset: form.offset, opcode: form.opcode, detail: form.detail, stack: takeStack(),
                stackHeight: height, arguments: form.arguments)
        }

        private mutating func passTime() {
            let events = reader.events
            while timedEvent == index {
                nanoseconds &+= events.timeDeltasNs[timeIndex]
                timeIndex += 1
                timedEvent = timeIndex < events.timeSteps.count ? timedEvent + Int(events.timeSteps[timeIndex]) : .max
            }
        }

        /// The depth of an event: that of the frame opened last, also if the event closes this frame.
        private mutating func passFrame(_ kind: WireTraceEventKind) -> UInt32 {
            let opened = kind.framesOpened
            if opened > 0 { open += 1 }
            let depth = UInt32(clamping: open - 1)
            if opened < 0, open > 0 { open -= 1 }
            return depth
        }

        private mutating func takeStack() -> [[UInt8]] {
            guard !reader.stackCounts.isEmpty else { return [] }
            let end = stackIndex + Int(reader.stackCounts[index])
            defer { stackIndex = end }
            return reader.events.stackValues[stackIndex..<end].map { reader.strings[Int($0)] }
        }
    }
}
