import FirnProtocol
import NixBytecode
import NixEval
import NixVM
import Platform

/// Encodes a job's events into segments while it runs, and passes them to the sending thread. It belongs to the
/// evaluating thread.
///
/// Events that exceed the job's trace limit, or find the queue full, are dropped and counted: a trace never delays an
/// evaluation.
final class TraceEncoder: EvaluationObserver {
    private let key: LeaseKey
    private let level: WireTraceLevel
    private let maximumBytes: Int
    private let queue: TraceQueue
    private let begin = MonotonicClock.now()

    private var builder: TraceSegmentBuilder
    private var summary = WireTraceSummary()
    /// How many chunks were compiled, by the number of the event's kind.
    private var compiledCounts = [UInt64](repeating: 0, count: 16)
    private var droppedBefore: UInt64 = 0
    private var hasReachedLimit = false

    init(key: LeaseKey, level: WireTraceLevel, maximumBytes: Int, queue: TraceQueue) {
        self.key = key
        self.level = level
        self.maximumBytes = maximumBytes
        self.queue = queue
        // Segments are small under a small limit, because one that does not fit is lost as a whole.
        builder = TraceSegmentBuilder(maxEvents: min(262_144, max(1_024, maximumBytes / 8)))
        summary.level = level
    }

    func observe(_ records: Span<EventRecord>, _ context: borrowing EventContext) {
        if level == .ops { return addWhole(records, context) }
        let base = since(context.clock.time)
        unsafe records.withUnsafeBufferPointer { records in
            unsafe records.withMemoryRebound(to: UInt64.self) { words in
                unsafe add(words.span, base: base, context)
            }
        }
    }

    private func add(_ words: Span<UInt64>, base: UInt64, _ context: borrowing EventContext) {
        let open = context.clock.depth + 1
        var next = 0
        while next < words.count {
            guard !hasReachedLimit else {
                return drop(UInt64((next..<words.count).count { EventRecord(word: words[$0]).kind != nil }))
            }
            next = builder.append(words, from: next, base: base, open: open) { describe($0, context) }
            if next < words.count { send(isLast: false) }
        }
    }

    /// Adds events with their stacks, at level `ops`.
    private func addWhole(_ records: Span<EventRecord>, _ context: borrowing EventContext) {
        var clock = context.clock
        for index in records.indices {
            let record = records[index]
            let open = clock.open
            guard let kind = clock.pass(record) else { continue }
            let time = since(clock.time)
            while !hasReachedLimit {
                let isTaken = builder.append(
                    record.word, nanoseconds: time, open: open, stack: context.stack(index).reversed(),
                    stackHeight: UInt32(clamping: kind == .enterCallFrame ? 0 : context.stackHeight(index)),
                    describe: { describe($0, context, opcode: context.opcode(index)) })
                if isTaken { break }
                send(isLast: false)
            }
            if hasReachedLimit { drop(1) }
        }
    }

    private func since(_ time: UInt64) -> UInt64 { time > begin ? time - begin : 0 }

    /// The event of a recorded word, without its time, depth and stack.
    private func describe(_ word: UInt64, _ context: borrowing EventContext, opcode: Opcode? = nil) -> TraceForm {
        let record = EventRecord(word: word)
        let request = record.kind == .requestOfBuiltinFrame ? BuiltinRequest(rawValue: record.detail) : nil
        return TraceForm(
            kind: WireTraceEventKind(rawValue: Int(word & 0xFF)) ?? .unspecified, name: context.name(record.code) ?? [],
            chunk: record.code.isBuiltin ? nil : UInt32(truncatingIfNeeded: record.code.index),
            offset: record.kind == .executeOp ? UInt32(truncatingIfNeeded: record.detail) : 0,
            opcode: record.kind == .executeOp ? opcode?.rawValue ?? 0 : 0,
            detail: request.map { Array("\($0)".utf8) } ?? [],
            arguments: record.kind == .enterCallFrame ? UInt32(truncatingIfNeeded: record.detail) : 0)
    }

    func compiled(_ chunk: CompiledChunk) {
        let kind: WireTraceEventKind =
            switch chunk.kind {
            case .topLevel: .compiledTopLevel
            case .lambda: .compiledLambda
            case .thunk: .compiledThunk
            }
        compiledCounts[kind.rawValue] += 1
        let number = UInt32(truncatingIfNeeded: chunk.number)
        let words = [UInt64(number) << 32 | UInt64(kind.rawValue)]
        var isTaken = false
        while !isTaken {
            guard !hasReachedLimit else { return drop(1) }
            isTaken =
                builder.append(words.span, from: 0, base: since(chunk.time), open: chunk.open) { _ in
                    TraceForm(kind: kind, name: chunk.name, chunk: number)
                } == 1
            if !isTaken { send(isLast: false) }
        }
    }

    /// Sends the last segment.
    ///
    /// - Parameter counts: the number of events of each kind, by the number of the kind.
    func finish(counts: [UInt64]) -> WireTraceSummary {
        if !builder.isEmpty { send(isLast: true) }
        summary.eventCounts = zip(counts, compiledCounts).map { $0 + $1 }
        return summary
    }

    private func send(isLast: Bool) {
        let count = UInt64(builder.count)
        let events = builder.takeSegment()
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
}
