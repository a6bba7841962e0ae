import SwiftProtobuf

/// Reads the events of a segment back. The columns are checked against each other first, so reading cannot fail.
public struct TraceSegmentReader: Sequence, Sendable {
    private let events: WireTraceEvents
    private let kinds: [UInt8]
    private let opcodes: [UInt8]
    private let stackCounts: [UInt8]

    /// - Parameter encoded: `TraceSegment.events`.
    /// - Throws: `malformedBody` when it is not a TraceEvents or its columns do not fit each other.
    public init(encoded: some SwiftProtobufContiguousBytes) throws(ProtocolError) {
        events = try WireTraceEvents(encoded: encoded)
        kinds = [UInt8](events.kinds)
        opcodes = [UInt8](events.opcodes)
        stackCounts = [UInt8](events.stackCounts)
        try checkLengths()
        try checkStrings()
    }

    public var count: Int { kinds.count }

    private func checkLengths() throws(ProtocolError) {
        try require(count <= ProtocolLimits.segmentEvents, "has more than \(ProtocolLimits.segmentEvents) events")
        let lengths = [
            events.timeDeltasNs.count, events.depths.count, events.names.count, events.chunks.count,
            events.offsets.count, opcodes.count, events.details.count, stackCounts.count, events.stackHeights.count,
        ]
        try require(lengths.allSatisfy { $0 == 0 || $0 == count }, "has columns of different lengths")
        try require(
            stackCounts.allSatisfy { $0 <= TraceEvent.stackValues }, "has an event with more than 6 stack values")
        let values = stackCounts.reduce(0) { $0 + Int($1) }
        try require(values == events.stackValues.count, "has not as many stack values as its events say")
    }

    private func checkStrings() throws(ProtocolError) {
        let count = events.strings.count
        try require(
            events.names.allSatisfy { $0 <= count } && events.details.allSatisfy { $0 <= count }
                && events.stackValues.allSatisfy { $0 < count }, "refers to a string that it does not have")
    }

    private func require(_ condition: Bool, _ message: String) throws(ProtocolError) {
        guard condition else { throw ProtocolError(.malformedBody, "a trace segment \(message)") }
    }

    public func makeIterator() -> Iterator { Iterator(reader: self) }

    public struct Iterator: IteratorProtocol {
        private let reader: TraceSegmentReader
        private var index = 0
        private var stackIndex = 0
        private var nanoseconds: UInt64

        init(reader: TraceSegmentReader) {
            self.reader = reader
            nanoseconds = reader.events.baseNs
        }

        public mutating func next() -> TraceEvent? {
            guard index < reader.count else { return nil }
            defer { index += 1 }
            let events = reader.events
            nanoseconds &+= UInt64(entry(events.timeDeltasNs))
            let chunk = entry(events.chunks)
            return TraceEvent(
                kind: WireTraceEventKind(rawValue: Int(reader.kinds[index])) ?? .unspecified, nanoseconds: nanoseconds,
                depth: entry(events.depths), name: string(entry(events.names)), chunk: chunk == 0 ? nil : chunk - 1,
                offset: entry(events.offsets), opcode: entry(reader.opcodes), detail: string(entry(events.details)),
                stack: takeStack(), stackHeight: entry(events.stackHeights))
        }

        private func entry<Value: FixedWidthInteger>(_ column: [Value]) -> Value {
            column.isEmpty ? 0 : column[index]
        }

        private func string(_ number: UInt32) -> [UInt8] {
            number == 0 ? [] : [UInt8](reader.events.strings[Int(number) - 1])
        }

        private mutating func takeStack() -> [[UInt8]] {
            let end = stackIndex + Int(entry(reader.stackCounts))
            defer { stackIndex = end }
            return reader.events.stackValues[stackIndex..<end].map { [UInt8](reader.events.strings[Int($0)]) }
        }
    }
}
