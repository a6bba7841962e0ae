import Testing

@testable import NixStore

/// The growing array of trivial elements.
@Suite struct TrivialBufferTests {
    @Test func keepsItsElementsWhileItGrows() {
        var buffer = TrivialBuffer<Int>()
        for index in 0..<1000 {
            let growth = buffer.growth(adding: 1)
            let before = buffer.byteCount
            buffer.append(index)
            // What was announced is the new memory, while the old one is still there.
            #expect(growth == (buffer.byteCount == before ? 0 : buffer.byteCount))
        }
        #expect((0..<1000).allSatisfy { buffer[$0] == $0 })
        buffer.truncate(to: 10)
        #expect(buffer.count == 10)
        buffer.removeAll(keeping: buffer.byteCount)
        #expect(buffer.count == 0 && buffer.byteCount > 0)
        buffer.removeAll(keeping: 0)
        #expect(buffer.byteCount == 0)
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, Int(UInt32.max), Int.max])
    func writesNumbers(number: Int) {
        var buffer = TrivialBuffer<UInt8>()
        buffer.append(number: number)
        buffer.append(counted: Array("text".utf8))
        let entry = DerivationRecords.Entry(
            modulo: .zero, order: DerivationRecords.PathOrder(high: 0, low: 0), start: 0, pathLength: 0,
            system: BufferRange(start: 0, count: 0), outputCount: 0, inputCount: 0, sourceCount: 0, featureCount: 0,
            moduloKind: .deferred, isWritten: false)
        var reader = RecordReader(entry)
        #expect(unsafe reader.number(buffer.view) == number)
        #expect(unsafe reader.text(buffer.view) == Array("text".utf8))
        #expect(reader.offset == buffer.count)
    }

    @Test func replacesAPart() {
        var buffer = TrivialBuffer<UInt8>()
        buffer.append("0123456789")
        unsafe Array("abc".utf8).withUnsafeBufferPointer {
            unsafe buffer.replace(BufferRange(start: 2, count: 3), with: $0)
        }
        #expect(buffer.array == Array("01abc56789".utf8))
    }
}
