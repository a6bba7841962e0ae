import FirnProtocol
import TestSupport
import Testing

@Suite struct TraceTests {
    /// A trace of random events, as a recorder builds it and a reader must return it.
    private struct RandomTrace {
        var words: [UInt64] = []
        var stacks: [[[UInt8]]] = []
        var events: [TraceEvent] = []

        init(count: Int, hasStacks: Bool, _ generator: inout SeededGenerator) {
            var open = 3
            var time: UInt64 = 1_000
            while events.count < count {
                if Bool.random(using: &generator) {
                    time += UInt64.random(in: 0...5_000_000_000, using: &generator)
                    words.append((time - 1_000) << 8)
                    stacks.append([])
                }
                var word = UInt64.random(in: 0..<300, using: &generator) << 32 | .random(in: 1...14, using: &generator)
                // A frame that is closed must have been opened.
                if open < 2, Self.form(word).kind.framesOpened < 0 { word = word & ~0xFF | 4 }
                let form = Self.form(word)
                if form.kind.framesOpened > 0 { open += 1 }
                let values = hasStacks ? Int.random(in: 0...6, using: &generator) : 0
                let stack = (0..<values).map { Array("\($0)".utf8) }
                words.append(word)
                stacks.append(stack)
                events.append(
                    TraceEvent(
                        kind: form.kind, nanoseconds: time, depth: UInt32(open - 1), name: form.name,
                        chunk: form.chunk, offset: form.offset, opcode: form.opcode, detail: form.detail,
                        stack: stack, stackHeight: UInt32(stack.count), arguments: form.arguments))
                if form.kind.framesOpened < 0 { open -= 1 }
            }
        }

        /// The form of a word. Some forms share a name, and some have none.
        static func form(_ word: UInt64) -> TraceForm {
            let number = UInt32(word >> 32)
            return TraceForm(
                kind: WireTraceEventKind(rawValue: Int(word & 0xFF)) ?? .unspecified,
                name: number % 3 == 0 ? [] : Array("name \(number % 7)".utf8), chunk: number % 2 == 0 ? nil : number,
                offset: number * 1_000, opcode: UInt8(number % 90), detail: number % 5 == 0 ? Array("force".utf8) : [],
                arguments: number % 4)
        }

        /// The segments that a builder makes of the trace.
        func segments(_ builder: inout TraceSegmentBuilder, hasStacks: Bool) -> [[UInt8]] {
            var segments: [[UInt8]] = []
            var next = 0
            var (open, time) = (3, UInt64(1_000))
            while next < words.count {
                if !hasStacks {
                    next = builder.append(words.span, from: next, base: 1_000, open: 3, describe: Self.form)
                    if next < words.count { segments.append(builder.takeSegment()) }
                    continue
                }
                let word = words[next]
                if word & 0xFF == 0 { time = 1_000 + word >> 8 }
                let isTaken =
                    word & 0xFF == 0
                    || builder.append(
                        word, nanoseconds: time, open: open, stack: stacks[next],
                        stackHeight: UInt32(stacks[next].count),
                        describe: Self.form)
                if isTaken {
                    open += Self.form(word).kind.framesOpened
                    next += 1
                } else {
                    segments.append(builder.takeSegment())
                }
            }
            return segments + [builder.takeSegment()]
        }
    }

    @Test(arguments: [true, false])
    func eventsComeBackAsTheyWere(_ hasStacks: Bool) throws {
        var generator = SeededGenerator(seed: 3)
        for (count, limit) in [(0, 9), (1, 9), (2, 1), (500, 100_000), (5_000, 640), (5_000, 100_000)] {
            var builder = TraceSegmentBuilder(maxEvents: limit)
            let trace = RandomTrace(count: count, hasStacks: hasStacks, &generator)
            let segments = trace.segments(&builder, hasStacks: hasStacks)
            let readers = try segments.map { try TraceSegmentReader(encoded: $0) }
            let isSame = Array(readers.joined()) == trace.events
            #expect(isSame, "\(count) events, \(limit) in a segment")
            #expect(readers.allSatisfy { $0.count <= limit })
            #expect(builder.isEmpty)
        }
    }

    @Test func longStringsEndASegment() throws {
        var builder = TraceSegmentBuilder(maxStringBytes: 1_000)
        let words = (1...100).map { UInt64($0) << 32 | 4 }
        let next = builder.append(words.span, from: 0, base: 0, open: 0) {
            TraceForm(kind: .enterCallFrame, name: [UInt8](repeating: UInt8($0 >> 32), count: 92))
        }
        #expect(next == 10)
        let reader = try TraceSegmentReader(encoded: builder.takeSegment())
        #expect(reader.map(\.depth) == Array(0..<10))
    }

    @Test func columnsThatDoNotFitAreRefused() {
        let segments: [WireTraceEvents] = [
            .with { ($0.kinds, $0.chunks) = (.init([4, 5]), [1]) },
            .with { ($0.kinds, $0.names) = (.init([4]), [1]) },
            .with { ($0.kinds, $0.events) = (.init([4]), [0, 1]) },
            .with { ($0.kinds, $0.events, $0.timeSteps) = (.init([4]), [0], [1]) },
            .with { ($0.kinds, $0.events, $0.timeSteps, $0.timeDeltasNs) = (.init([4]), [0], [1, 1], [1, 1]) },
            .with { ($0.kinds, $0.events, $0.stackCounts) = (.init([14]), [0], .init([2])) },
            .with { ($0.kinds, $0.events, $0.stackCounts) = (.init([14]), [0], .init([7])) },
            .with { ($0.kinds, $0.events, $0.stackHeights) = (.init([14]), [0], [1, 2]) },
            .with {
                ($0.kinds, $0.events, $0.stackCounts, $0.stackValues) = (.init([14]), [0], .init([1]), [0])
            },
        ]
        for segment in segments {
            let error = #expect(throws: ProtocolError.self) { try TraceSegmentReader(encoded: segment.encoded()) }
            #expect(error?.code == .malformedBody)
        }
    }

    @Test func mutantsAreReadOrRefused() {
        var generator = SeededGenerator(seed: 4)
        var builder = TraceSegmentBuilder()
        let good = RandomTrace(count: 20, hasStacks: true, &generator).segments(&builder, hasStacks: true)[0]
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if let reader = try? TraceSegmentReader(encoded: bytes) {
                #expect(Array(reader).count == reader.count)
            } else {
                refused += 1
            }
        }
        #expect(refused > 0)
    }
}
