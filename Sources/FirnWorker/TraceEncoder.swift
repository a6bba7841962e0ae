import FirnProtocol
import NixBytecode
import NixEval
import NixVM

/// Turns a job's events into segments while it runs, and hands them to the sending thread. Lives on the machine's.
///
/// What does not fit the job's trace limit, or finds the queue full, is dropped and counted: a trace never holds an
/// evaluation up.
final class TraceEncoder: RuntimeObserver {
    private let key: LeaseKey
    private let level: WireTraceLevel
    private let maximumBytes: Int
    private let queue: TraceQueue
    private let begin = MonotonicClock.now()

    private var builder = TraceSegmentBuilder()
    private var chunkNames = SegmentNames()
    private var builtinNames = SegmentNames()
    private var summary = WireTraceSummary()
    private var droppedBefore: UInt64 = 0
    private var hasReachedLimit = false

    init(key: LeaseKey, level: WireTraceLevel, maximumBytes: Int, queue: TraceQueue) {
        self.key = key
        self.level = level
        self.maximumBytes = maximumBytes
        self.queue = queue
        summary.level = level
    }

    func observe(_ rows: Span<EventRow>, _ context: borrowing EventContext) {
        var place = Place(context.clock, since: begin)
        for index in rows.indices {
            let row = rows[index]
            guard let kind = row.kind else {
                place.time = place.base &+ row.nanoseconds
                continue
            }
            place.pass(kind)
            if hasReachedLimit {
                drop(1)
            } else {
                if !builder.canTake(nanoseconds: place.time) { send(isLast: false) }
                append(kind, row, index, place, context)
            }
        }
    }

    /// Sends the rest.
    ///
    /// - Parameter counts: how often each kind of event happened, by its number.
    func finish(counts: [UInt64]) -> WireTraceSummary {
        if !builder.isEmpty { send(isLast: true) }
        summary.eventCounts = counts
        return summary
    }

    @inline(__always)
    private func append(
        _ kind: RuntimeEventKind, _ row: EventRow, _ index: Int, _ place: Place, _ context: borrowing EventContext
    ) {
        let code = row.code
        let name = name(of: code, context)
        let chunk = code.isBuiltin ? 0 : UInt32(truncatingIfNeeded: code.index) &+ 1
        guard level == .calls else { return appendWhole(kind, row, index, place, name, chunk, context) }
        let arguments = kind == .enterCallFrame ? UInt32(truncatingIfNeeded: row.detail) : 0
        builder.append(
            kind: kind.rawValue, nanoseconds: place.time, depth: place.depth, name: name, chunkNumber: chunk,
            detail: .none, stackHeight: arguments)
    }

    /// At level `ops`: with the instruction, what a builtin asks for, and the stack.
    private func appendWhole(
        _ kind: RuntimeEventKind, _ row: EventRow, _ index: Int, _ place: Place,
        _ name: TraceSegmentBuilder.StringIndex, _ chunk: UInt32, _ context: borrowing EventContext
    ) {
        let request = kind == .requestOfBuiltinFrame ? BuiltinRequest(rawValue: row.detail) : nil
        let isEnter = kind == .enterCallFrame
        builder.append(
            kind: WireTraceEventKind(rawValue: Int(kind.rawValue)) ?? .unspecified, nanoseconds: place.time,
            depth: place.depth, name: name, chunk: chunk == 0 ? nil : chunk &- 1,
            offset: kind == .executeOp ? UInt32(truncatingIfNeeded: row.detail) : 0,
            opcode: kind == .executeOp ? context.opcode(index)?.rawValue ?? 0 : 0,
            detail: request.map { builder.intern(Array("\($0)".utf8)) } ?? .none,
            stack: isEnter ? [] : context.stack(index).reversed(),
            stackHeight: UInt32(clamping: isEnter ? row.detail : context.stackHeight(index)))
    }

    private func name(of code: CodeID, _ context: borrowing EventContext) -> TraceSegmentBuilder.StringIndex {
        let index = code.index
        if code.isBuiltin {
            if let known = builtinNames[index] { return known }
            let name = builder.intern(context.name(code) ?? [])
            builtinNames[index] = name
            return name
        }
        if let known = chunkNames[index] { return known }
        let name = builder.intern(context.name(code) ?? [])
        chunkNames[index] = name
        return name
    }

    private func send(isLast: Bool) {
        let count = UInt64(builder.count)
        let events = builder.takeSegment()
        chunkNames = SegmentNames()
        builtinNames = SegmentNames()
        guard Int(clamping: summary.bytes) + events.count <= maximumBytes else {
            hasReachedLimit = true
            return drop(count)
        }
        let segment = WireTraceSegment.with {
            $0.job = key.job
            $0.attempt = key.attempt
            $0.number = summary.segments
            $0.level = level
            $0.events = .init(events)
            $0.droppedBefore = droppedBefore
            $0.last = isLast
        }
        guard queue.add(Envelope(TraceMessage.segment(segment)).frames()) else { return drop(count) }
        droppedBefore = 0
        summary.segments += 1
        summary.events += count
        summary.bytes += UInt64(events.count)
    }

    private func drop(_ count: UInt64) {
        droppedBefore += count
        summary.eventsDropped += count
    }

    /// Where in the trace a row stands: rows say neither depth nor, but for now and then, time.
    private struct Place {
        let base: UInt64
        var time: UInt64
        private(set) var depth: UInt32 = 0
        private var depthAfter: Int

        init(_ clock: EventClock, since begin: UInt64) {
            base = clock.time > begin ? clock.time - begin : 0
            time = base
            depthAfter = clock.depth
        }

        @inline(__always)
        mutating func pass(_ kind: RuntimeEventKind) {
            switch kind {
            case .enterCallFrame, .enterBuiltinFrame, .enterBuiltin:
                depthAfter &+= 1
                depth = UInt32(truncatingIfNeeded: depthAfter)
            case .exitCallFrame, .exitBuiltinFrame, .exitBuiltin:
                depth = UInt32(truncatingIfNeeded: depthAfter)
                depthAfter &-= 1
            default: depth = UInt32(truncatingIfNeeded: depthAfter)
            }
        }
    }
}

/// Indices into a segment's strings, by the index of a chunk or builtin.
private struct SegmentNames {
    private var entries: [TraceSegmentBuilder.StringIndex?] = []

    subscript(_ index: Int) -> TraceSegmentBuilder.StringIndex? {
        get { index < entries.count ? entries[index] : nil }
        set {
            while entries.count <= index { entries.append(nil) }
            entries[index] = newValue
        }
    }
}
