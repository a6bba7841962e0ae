import SwiftProtobuf

/// Gathers events into the columns of a `TraceEvents`, cheaply: about one array append per column. Names are put into
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

    private var segment = WireTraceEvents()
    private var kinds: [UInt8] = []
    private var deltas: [UInt32] = []
    private var depths: [UInt32] = []
    private var names: [UInt32] = []
    private var chunks: [UInt32] = []
    private var offsets: [UInt32] = []
    private var opcodes: [UInt8] = []
    private var details: [UInt32] = []
    private var stackCounts: [UInt8] = []
    private var stackValues: [UInt32] = []
    private var stackHeights: [UInt32] = []
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
        reserve()
    }

    public var count: Int { kinds.count }
    public var isEmpty: Bool { kinds.isEmpty }

    /// Whether one more event at this time fits; else take the segment first.
    public func canTake(nanoseconds: UInt64) -> Bool {
        guard !kinds.isEmpty else { return true }
        // Time that runs backwards is written as no time.
        let gap = nanoseconds > lastNanoseconds ? nanoseconds - lastNanoseconds : 0
        return kinds.count < maxEvents && stringBytes < maxStringBytes && gap <= UInt64(UInt32.max)
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
        if kinds.isEmpty {
            segment.baseNs = nanoseconds
            lastNanoseconds = nanoseconds
        }
        let gap = nanoseconds > lastNanoseconds ? nanoseconds - lastNanoseconds : 0
        lastNanoseconds = max(lastNanoseconds, nanoseconds)
        kinds.append(UInt8(truncatingIfNeeded: kind.rawValue))
        deltas.append(UInt32(clamping: gap))
        depths.append(depth)
        names.append(name.number)
        chunks.append(chunk.map { $0 &+ 1 } ?? 0)
        offsets.append(offset)
        opcodes.append(opcode)
        details.append(detail.number)
        stackHeights.append(stackHeight)
        let kept = stack.suffix(TraceEvent.stackValues)
        stackCounts.append(UInt8(truncatingIfNeeded: kept.count))
        for value in kept { stackValues.append(stackIndex(of: value)) }
    }

    public mutating func append(_ event: TraceEvent) {
        append(
            kind: event.kind, nanoseconds: event.nanoseconds, depth: event.depth, name: intern(event.name),
            chunk: event.chunk, offset: event.offset, opcode: event.opcode, detail: intern(event.detail),
            stack: event.stack, stackHeight: event.stackHeight)
    }

    /// The encoded `TraceEvents` of what was appended, and an empty builder.
    public mutating func takeSegment() -> [UInt8] {
        segment.kinds = .init(kinds)
        segment.timeDeltasNs = deltas
        segment.depths = Self.column(depths)
        segment.names = Self.column(names)
        segment.chunks = Self.column(chunks)
        segment.offsets = Self.column(offsets)
        segment.opcodes = opcodes.contains { $0 != 0 } ? .init(opcodes) : .init()
        segment.details = Self.column(details)
        segment.stackCounts = stackValues.isEmpty ? .init() : .init(stackCounts)
        segment.stackValues = stackValues
        segment.stackHeights = Self.column(stackHeights)
        segment.strings = strings.map { .init($0) }
        let bytes = segment.encoded()
        self = TraceSegmentBuilder(maxEvents: maxEvents, maxStringBytes: maxStringBytes)
        return bytes
    }

    private mutating func stackIndex(of value: [UInt8]) -> UInt32 {
        if let number = stringNumbers[value] { return number - 1 }
        strings.append(value)
        stringBytes += value.count + 8
        let number = UInt32(truncatingIfNeeded: strings.count)
        stringNumbers[value] = number
        return number - 1
    }

    /// A column of zeros is left out.
    private static func column(_ values: [UInt32]) -> [UInt32] { values.contains { $0 != 0 } ? values : [] }

    private mutating func reserve() {
        kinds.reserveCapacity(maxEvents)
        deltas.reserveCapacity(maxEvents)
        depths.reserveCapacity(maxEvents)
        names.reserveCapacity(maxEvents)
        chunks.reserveCapacity(maxEvents)
        offsets.reserveCapacity(maxEvents)
        opcodes.reserveCapacity(maxEvents)
        details.reserveCapacity(maxEvents)
        stackCounts.reserveCapacity(maxEvents)
        stackHeights.reserveCapacity(maxEvents)
    }
}
