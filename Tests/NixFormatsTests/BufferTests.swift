import Testing

@testable import NixFormats

@Suite struct BufferTests {
    @Test func growsWithinItsRoom() throws {
        let (sum, _, taken) = try TestBudget().run(byteLimit: 1 << 20) { meter in
            var buffer = Buffer<Int>()
            for number in 0..<1_000 { try buffer.append(number, &meter) }
            #expect(meter.usedBytes == buffer.byteCount)
            var sum = 0
            for index in 0..<buffer.count { sum += buffer[index] }
            buffer.removeLast(999)
            #expect(buffer.count == 1 && buffer[0] == 0)
            buffer.free(&meter)
            return sum
        }
        #expect(sum == 499_500)
        #expect(taken == 0)
    }

    @Test func asksForRoomBeforeItTakesIt() {
        #expect(throws: WorkStop.needsMemory(bytes: 8_000)) {
            try TestBudget().run(byteLimit: 7_999) { meter in
                var buffer = Buffer<Int>()
                try buffer.reserve(1_000, &meter)
            }
        }
        #expect(throws: WorkStop.needsMemory(bytes: .max)) {
            try TestBudget().run { meter in
                var buffer = Buffer<Int>()
                try buffer.reserve(.max, &meter)
            }
        }
        // More than any system has.
        #expect(throws: WorkStop.outOfMemory) {
            try TestBudget().run { meter in
                var buffer = Buffer<UInt8>()
                try buffer.reserve(1 << 60, &meter)
            }
        }
    }

    /// The total charge does not depend on the size of the grants.
    @Test func meterIsExact() throws {
        let budget = TestBudget(20_000)
        let (_, units, _) = try budget.run { meter in for _ in 0..<2_000 { try meter.charge(10) } }
        #expect(units == 20_000)
        #expect(budget.polls == 3)
        #expect(throws: WorkStop.interrupted) {
            try TestBudget(19_999).run { meter in for _ in 0..<2_000 { try meter.charge(10) } }
        }
    }
}
