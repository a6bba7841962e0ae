import FirnProtocol
import TestSupport
import Testing

@Suite struct TraceTests {
    private func randomEvent(at time: UInt64, _ generator: inout SeededGenerator) -> TraceEvent {
        let stack = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            Array("\(UInt8.random(in: 0...20, using: &generator))".utf8)
        }
        return TraceEvent(
            kind: WireTraceEventKind(rawValue: Int.random(in: 1...14, using: &generator)) ?? .executeOp,
            nanoseconds: time, depth: .random(in: 0...9, using: &generator),
            name: Bool.random(using: &generator) ? Array("map".utf8) : [],
            chunk: Bool.random(using: &generator) ? .random(in: 0...3, using: &generator) : nil,
            offset: .random(in: 0...70_000, using: &generator), opcode: .random(in: 0...90, using: &generator),
            detail: Bool.random(using: &generator) ? Array("force".utf8) : [], stack: stack,
            stackHeight: UInt32(stack.count))
    }

    @Test func eventsComeBackAsTheyWere() throws {
        var generator = SeededGenerator(seed: 3)
        for count in [0, 1, 2, 500] {
            var time: UInt64 = 1_000
            var builder = TraceSegmentBuilder()
            var events: [TraceEvent] = []
            for _ in 0..<count {
                time += UInt64.random(in: 0...5_000, using: &generator)
                events.append(randomEvent(at: time, &generator))
                builder.append(events[events.count - 1])
            }
            let reader = try TraceSegmentReader(encoded: builder.takeSegment())
            #expect(reader.count == count && Array(reader) == events)
            #expect(builder.isEmpty)
        }
    }

    @Test func aSegmentIsBounded() {
        var builder = TraceSegmentBuilder(maxEvents: 2)
        #expect(builder.canTake(nanoseconds: 0))
        builder.append(kind: .tailCall, nanoseconds: 5)
        #expect(builder.canTake(nanoseconds: 6))
        #expect(!builder.canTake(nanoseconds: 6 + UInt64(UInt32.max)))
        builder.append(kind: .tailCall, nanoseconds: 6)
        #expect(!builder.canTake(nanoseconds: 6))
    }

    @Test func columnsThatDoNotFitAreRefused() {
        let segments: [WireTraceEvents] = [
            .with { ($0.kinds, $0.depths) = (.init([4, 5]), [1]) },
            .with { ($0.kinds, $0.names) = (.init([4]), [1]) },
            .with { ($0.kinds, $0.stackCounts) = (.init([14]), .init([2])) },
            .with { ($0.kinds, $0.stackCounts) = (.init([14]), .init([7])) },
            .with { ($0.kinds, $0.stackCounts, $0.stackValues) = (.init([14]), .init([1]), [0]) },
        ]
        for segment in segments {
            let error = #expect(throws: ProtocolError.self) { try TraceSegmentReader(encoded: segment.encoded()) }
            #expect(error?.code == .malformedBody)
        }
    }

    @Test func mutantsAreReadOrRefused() {
        var generator = SeededGenerator(seed: 4)
        var builder = TraceSegmentBuilder()
        for time in 0..<20 { builder.append(randomEvent(at: UInt64(time), &generator)) }
        let good = builder.takeSegment()
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
