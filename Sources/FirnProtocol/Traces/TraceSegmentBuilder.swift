/// Builds segments of events cheaply. A segment describes each form of event once; after that, an event costs a lookup
/// in a small hash table and mostly one byte.
///
/// The recorder names each event by a word whose lowest byte is the number of its kind. Equal words stand for equal
/// forms.
///
///     var next = 0
///     while next < words.count {
///         next = builder.append(words, from: next, base: time, open: depth) { describe($0) }
///         if next < words.count { send(builder.takeSegment()) }
///     }
public struct TraceSegmentBuilder {
    /// The columns that describe forms.
    private struct Columns {
        var kinds: [UInt8] = []
        var names: [UInt32] = []
        var chunks: [UInt32] = []
        var offsets: [UInt32] = []
        var opcodes: [UInt8] = []
        var details: [UInt32] = []
        var arguments: [UInt32] = []
    }

    private var table = TraceFormTable()
    private var forms = Columns()
    /// The encoded numbers of forms, followed by unused space.
    private var events: [UInt8] = []
    private var eventBytes = 0
    public private(set) var count = 0
    /// The frames that are open after the last event.
    private var open = 0
    private var baseDepth = 0
    private var now: UInt64 = 0
    private var baseNanoseconds: UInt64 = 0
    private var timeSteps: [UInt32] = []
    private var timeDeltas: [UInt64] = []
    /// The number of events before the last entry of the time columns.
    private var timedEvents = 0
    /// One entry for each event; empty until an event has a stack.
    private var stackCounts: [UInt8] = []
    private var stackHeights: [UInt32] = []
    private var stackValues: [UInt32] = []
    private var strings: [[UInt8]] = []
    private var stringNumbers: [[UInt8]: UInt32] = [:]
    private var stringBytes = 0

    private let maxEvents: Int
    private let maxStringBytes: Int
    /// The most bytes of a 32-bit varint.
    private static let longest = 5

    /// Makes a builder.
    ///
    /// - Parameters:
    ///   - maxEvents: the most events of a segment, and eight times the most of a segment with stacks.
    ///   - maxStringBytes: the most bytes of a segment's string table; the default keeps segments near 1 MiB.
    public init(maxEvents: Int = 262_144, maxStringBytes: Int = 512 << 10) {
        self.maxEvents = min(max(1, maxEvents), ProtocolLimits.segmentEvents)
        self.maxStringBytes = maxStringBytes
    }

    public var isEmpty: Bool { count == 0 }

    /// The most events of this segment.
    private var limit: Int { stackCounts.isEmpty ? maxEvents : max(1, maxEvents / 8) }

    /// Adds a batch of events, until the segment is full.
    ///
    /// - Parameters:
    ///   - words: a word for each event. A word whose lowest byte is 0 is not an event but the time of those that
    ///     follow: its other bits are nanoseconds since the batch began.
    ///   - first: the index of the word to begin with; earlier ones were added before.
    ///   - base: the time at which the batch began, in nanoseconds.
    ///   - open: the frames that were open at that time.
    ///   - describe: returns the form of a word; called when a segment meets the word first.
    /// - Returns: the index of the first word that was not added.
    public mutating func append(
        _ words: Span<UInt64>, from first: Int, base: UInt64, open: Int, describe: (UInt64) -> TraceForm
    ) -> Int {
        if first == 0 {
            self.open = open
            advance(to: base)
        }
        begin(open: self.open)
        var next = first
        while next < words.count {
            next += unsafe words.extracting(next...).withUnsafeBufferPointer { unsafe write($0) }
            guard next < words.count else { break }
            let word = words[next]
            if word & 0xFF == 0 {
                advance(to: base &+ word >> 8)
                next += 1
                continue
            }
            guard count < limit, stringBytes < maxStringBytes else { break }
            if table.number(of: word) == nil { add(word, describe(word)) }
        }
        if next < words.count { self.open += Self.opened(by: words, first..<next) }
        return next
    }

    /// Writes events with known forms, as many as there is space for.
    private mutating func write(_ words: UnsafeBufferPointer<UInt64>) -> Int {
        let room = max(0, min(words.count, limit - count))
        reserve(room * Self.longest)
        let (table, start) = (table, eventBytes)
        let (taken, bytes) = unsafe events.withUnsafeMutableBufferPointer { events in
            guard let output = events.baseAddress else { return (0, 0) }
            return unsafe table.write(UnsafeBufferPointer(rebasing: words[..<room]), to: output + start)
        }
        count += taken
        eventBytes += bytes
        return taken
    }

    private mutating func reserve(_ bytes: Int) {
        let missing = eventBytes + bytes - events.count
        if missing > 0 { events += repeatElement(0, count: max(missing, events.count)) }
    }

    /// Adds an event with its stack.
    ///
    /// - Parameters:
    ///   - word: the event's kind and what it is about, of which the segment has one form for all equal words.
    ///   - nanoseconds: the time of the event. A time before the previous event counts as the time of that.
    ///   - open: the frames that were open before the event.
    ///   - stack: printed values with the top last, of which the last 6 are kept.
    ///   - stackHeight: the number of values on the whole stack.
    ///   - describe: called for a word that is new in the segment.
    /// - Returns: false if the segment is full and must be taken first.
    public mutating func append(
        _ word: UInt64, nanoseconds: UInt64, open: Int, stack: [[UInt8]], stackHeight: UInt32,
        describe: (UInt64) -> TraceForm
    ) -> Bool {
        guard count < limit, stringBytes < maxStringBytes, stackValues.count < max(1, maxEvents / 2) else {
            return false
        }
        advance(to: nanoseconds)
        begin(open: open)
        if table.number(of: word) == nil { add(word, describe(word)) }
        _ = unsafe withUnsafePointer(to: word) { unsafe write(UnsafeBufferPointer(start: $0, count: 1)) }
        let values = stack.suffix(TraceEvent.stackValues)
        padStacks(to: count - 1)
        stackCounts.append(UInt8(truncatingIfNeeded: values.count))
        stackHeights.append(stackHeight)
        for value in values { stackValues.append(number(of: value) - 1) }
        return true
    }

    /// Adds empty entries for events without stacks that lie between events with stacks.
    private mutating func padStacks(to count: Int) {
        stackCounts += repeatElement(0, count: count - stackCounts.count)
        stackHeights += repeatElement(0, count: count - stackHeights.count)
    }

    /// Records at which time and depth the segment begins, so that it can be read alone.
    private mutating func begin(open: Int) {
        guard count == 0 else { return }
        baseDepth = open
        baseNanoseconds = now
    }

    private mutating func advance(to nanoseconds: UInt64) {
        guard nanoseconds > now || count == 0 else { return }
        let delta = nanoseconds > now ? nanoseconds - now : 0
        now += delta
        if count == 0 {
            baseNanoseconds = now
        } else if !timeSteps.isEmpty, timedEvents == count {
            timeDeltas[timeDeltas.count - 1] += delta
        } else {
            timeSteps.append(UInt32(truncatingIfNeeded: count - timedEvents))
            timeDeltas.append(delta)
            timedEvents = count
        }
    }

    private mutating func add(_ word: UInt64, _ form: TraceForm) {
        table.add(word)
        forms.kinds.append(UInt8(truncatingIfNeeded: form.kind.rawValue))
        forms.names.append(intern(form.name))
        forms.chunks.append(form.chunk.map { $0 &+ 1 } ?? 0)
        forms.offsets.append(form.offset)
        forms.opcodes.append(form.opcode)
        forms.details.append(intern(form.detail))
        forms.arguments.append(form.arguments)
    }

    /// The number of a name or detail; 0 for an empty one.
    private mutating func intern(_ string: [UInt8]) -> UInt32 { string.isEmpty ? 0 : number(of: string) }

    /// The string's index in the segment plus 1.
    private mutating func number(of string: [UInt8]) -> UInt32 {
        if let number = stringNumbers[string] { return number }
        strings.append(string)
        // The 8 bytes stand for an entry's own cost.
        stringBytes += string.count + 8
        let number = UInt32(truncatingIfNeeded: strings.count)
        stringNumbers[string] = number
        return number
    }

    /// The encoded `TraceEvents` of the segment. The builder is empty afterwards.
    public mutating func takeSegment() -> [UInt8] {
        var wire = WireWriter(capacity: eventBytes + stringBytes + timeSteps.count * 6 + stackValues.count * 3)
        wire.number(field: 1, baseNanoseconds)
        wire.number(field: 2, UInt64(max(0, baseDepth)))
        if !forms.kinds.isEmpty { wire.bytes(field: 3, forms.kinds) }
        wire.column(field: 4, forms.names)
        wire.column(field: 5, forms.chunks)
        wire.column(field: 6, forms.offsets)
        wire.column(field: 7, forms.opcodes)
        wire.column(field: 8, forms.details)
        wire.column(field: 9, forms.arguments)
        if count > 0 { wire.bytes(field: 10, events[..<eventBytes]) }
        if !timeSteps.isEmpty {
            wire.packed(field: 11, timeSteps)
            wire.packed(field: 12, timeDeltas)
        }
        if !stackCounts.isEmpty { padStacks(to: count) }
        wire.column(field: 13, stackCounts)
        if !stackValues.isEmpty { wire.packed(field: 14, stackValues) }
        wire.column(field: 15, stackHeights)
        for string in strings { wire.bytes(field: 16, string) }
        clear()
        return wire.output
    }

    private mutating func clear() {
        table.removeAll()
        forms = Columns()
        (eventBytes, count, timedEvents, stringBytes) = (0, 0, 0, 0)
        timeSteps.removeAll(keepingCapacity: true)
        timeDeltas.removeAll(keepingCapacity: true)
        stackCounts.removeAll(keepingCapacity: true)
        stackHeights.removeAll(keepingCapacity: true)
        stackValues.removeAll(keepingCapacity: true)
        strings.removeAll(keepingCapacity: true)
        stringNumbers.removeAll(keepingCapacity: true)
    }

    /// The number of frames that the words open, minus those that they close.
    private static func opened(by words: Span<UInt64>, _ range: Range<Int>) -> Int {
        var sum = 0
        for index in range { sum += WireTraceEventKind(rawValue: Int(words[index] & 0xFF))?.framesOpened ?? 0 }
        return sum
    }
}
