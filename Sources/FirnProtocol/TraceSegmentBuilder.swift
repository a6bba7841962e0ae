/// Gathers events for the columns of a `TraceEvents`, cheaply: one array append for each. Names are put into
/// the segment's string table once (`intern`), so a hot loop passes an index and no bytes.
///
///     guard builder.canTake(nanoseconds: now) else { send(builder.takeSegment()) ... }
///     builder.append(kind: ..., nanoseconds: now, ...)
public struct TraceSegmentBuilder: Sendable {
    /// An index into the present segment's strings; not valid after `takeSegment`.
    public struct StringIndex: Sendable, Hashable {
        /// Plus 1; 0 is no string.
        let number: UInt32
        public static let none = StringIndex(number: 0)
    }

    /// An event without its strings. One array of these is filled faster than ten columns.
    private struct Row {
        let delta: UInt32
        let depth: UInt32
        let name: UInt32
        let chunk: UInt32
        let offset: UInt32
        let detail: UInt32
        let stackHeight: UInt32
        let kind: UInt8
        let opcode: UInt8
        let stackCount: UInt8
    }

    private var baseNanoseconds: UInt64 = 0
    private var rows: [Row] = []
    private var stackValues: [UInt32] = []
    private var strings: [[UInt8]] = []
    private var stringNumbers: [[UInt8]: UInt32] = [:]
    private var stringBytes = 0
    private var lastNanoseconds: UInt64 = 0

    private let maxEvents: Int
    private let maxStringBytes: Int

    /// - Parameters:
    ///   - maxEvents: of a segment.
    ///   - maxStringBytes: of a segment's string table; with it a segment stays near 1 MiB.
    public init(maxEvents: Int = 32_768, maxStringBytes: Int = 512 << 10) {
        self.maxEvents = min(max(1, maxEvents), ProtocolLimits.segmentEvents)
        self.maxStringBytes = maxStringBytes
        rows.reserveCapacity(self.maxEvents)
    }

    public var count: Int { rows.count }
    public var isEmpty: Bool { rows.isEmpty }

    /// Whether one more event at this time fits; else take the segment first.
    public func canTake(nanoseconds: UInt64) -> Bool {
        guard !rows.isEmpty else { return true }
        // Time that runs backwards is written as no time.
        let gap = nanoseconds > lastNanoseconds ? nanoseconds - lastNanoseconds : 0
        return rows.count < maxEvents && stringBytes < maxStringBytes && gap <= UInt64(UInt32.max)
    }

    /// The string's index in the present segment. Empty: none.
    public mutating func intern(_ string: [UInt8]) -> StringIndex {
        guard !string.isEmpty else { return .none }
        if let number = stringNumbers[string] { return StringIndex(number: number) }
        strings.append(string)
        // 8 bytes for an entry's own cost.
        stringBytes += string.count + 8
        let number = UInt32(truncatingIfNeeded: strings.count)
        stringNumbers[string] = number
        return StringIndex(number: number)
    }

    /// - Parameters:
    ///   - stack: printed values, the topmost last. Only the last 6 are kept.
    public mutating func append(
        kind: WireTraceEventKind, nanoseconds: UInt64, depth: UInt32 = 0, name: StringIndex = .none,
        chunk: UInt32? = nil, offset: UInt32 = 0, opcode: UInt8 = 0, detail: StringIndex = .none,
        stack: [[UInt8]] = [], stackHeight: UInt32 = 0
    ) {
        let delta = advance(to: nanoseconds)
        rows.append(
            Row(
                delta: delta, depth: depth, name: name.number, chunk: chunk.map { $0 &+ 1 } ?? 0,
                offset: offset, detail: detail.number, stackHeight: stackHeight,
                kind: UInt8(truncatingIfNeeded: kind.rawValue), opcode: opcode,
                stackCount: UInt8(truncatingIfNeeded: min(stack.count, TraceEvent.stackValues))))
        guard !stack.isEmpty else { return }
        for value in stack.suffix(TraceEvent.stackValues) { stackValues.append(stackIndex(of: value)) }
    }

    /// An event of a kind by its number, without instruction and stack: what most of a trace is.
    ///
    /// - Parameter chunkNumber: its index plus 1; 0: none.
    public mutating func append(
        kind: UInt8, nanoseconds: UInt64, depth: UInt32, name: StringIndex, chunkNumber: UInt32, detail: StringIndex,
        stackHeight: UInt32
    ) {
        let delta = advance(to: nanoseconds)
        rows.append(
            Row(
                delta: delta, depth: depth, name: name.number, chunk: chunkNumber, offset: 0, detail: detail.number,
                stackHeight: stackHeight, kind: kind, opcode: 0, stackCount: 0))
    }

    /// The time since the event before.
    private mutating func advance(to nanoseconds: UInt64) -> UInt32 {
        if rows.isEmpty {
            baseNanoseconds = nanoseconds
            lastNanoseconds = nanoseconds
        }
        guard nanoseconds > lastNanoseconds else { return 0 }
        defer { lastNanoseconds = nanoseconds }
        return UInt32(clamping: nanoseconds - lastNanoseconds)
    }

    public mutating func append(_ event: TraceEvent) {
        append(
            kind: event.kind, nanoseconds: event.nanoseconds, depth: event.depth, name: intern(event.name),
            chunk: event.chunk, offset: event.offset, opcode: event.opcode, detail: intern(event.detail),
            stack: event.stack, stackHeight: event.stackHeight)
    }

    /// The encoded `TraceEvents` of what was appended, and an empty builder.
    ///
    /// A trace has millions of events, so the columns are written as protobuf has them on the wire, straight from the rows.
    public mutating func takeSegment() -> [UInt8] {
        var wire = WireWriter(capacity: rows.count * 16 + stringBytes)
        wire.number(field: 1, baseNanoseconds)
        wire.bytes(field: 2, rows.map(\.kind))
        packed(3, &wire) { $0.delta }
        packed(4, &wire) { $0.depth }
        packed(5, &wire) { $0.name }
        packed(6, &wire) { $0.chunk }
        packed(7, &wire) { $0.offset }
        bytes(8, &wire) { $0.opcode }
        packed(9, &wire) { $0.detail }
        bytes(10, &wire) { $0.stackCount }
        if !stackValues.isEmpty { wire.packed(field: 11, count: stackValues.count) { stackValues[$0] } }
        packed(12, &wire) { $0.stackHeight }
        for string in strings { wire.bytes(field: 13, string) }
        rows.removeAll(keepingCapacity: true)
        stackValues.removeAll(keepingCapacity: true)
        strings.removeAll(keepingCapacity: true)
        stringNumbers.removeAll(keepingCapacity: true)
        stringBytes = 0
        baseNanoseconds = 0
        lastNanoseconds = 0
        return wire.output
    }

    /// A column of zeros is left out.
    @inline(__always)
    private func packed(_ field: UInt8, _ wire: inout WireWriter, _ value: (Row) -> UInt32) {
        var union: UInt32 = 0
        for row in rows { union |= value(row) }
        guard union != 0 else { return }
        wire.packed(field: field, count: rows.count) { value(rows[$0]) }
    }

    @inline(__always)
    private func bytes(_ field: UInt8, _ wire: inout WireWriter, _ value: (Row) -> UInt8) {
        let column = rows.map(value)
        if column.contains(where: { $0 != 0 }) { wire.bytes(field: field, column) }
    }

    private mutating func stackIndex(of value: [UInt8]) -> UInt32 {
        if let number = stringNumbers[value] { return number - 1 }
        strings.append(value)
        stringBytes += value.count + 8
        let number = UInt32(truncatingIfNeeded: strings.count)
        stringNumbers[value] = number
        return number - 1
    }
}
