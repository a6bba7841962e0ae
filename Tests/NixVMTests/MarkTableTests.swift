import Glibc
import Testing

@testable import NixVM

/// The tables of a full collection, against a count of single words.
@Suite struct MarkTableTests {
    private static let words = 64 * 40

    /// Marks objects with gaps between them, of sizes around those of a block.
    private static func objects() -> [(word: Int, size: Int)] {
        var objects: [(word: Int, size: Int)] = []
        var word = 0
        for size in [1, 2, 3, 60, 63, 64, 65, 1, 127, 128, 129, 1, 1, 62, 300, 7, 64, 64, 64, 5] {
            objects.append((word, size))
            word += size + (size % 3 == 0 ? 0 : size % 5 * 13)
        }
        return objects
    }

    private func withTable(_ body: (MarkTable, UnsafeMutablePointer<UInt64>) -> Void) {
        let heap = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.words)
        let bytes = MarkTable.byteCount(covering: Self.words * 8)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
        unsafe memset(memory, 0, bytes)
        unsafe body(MarkTable(start: heap, extent: Self.words * 8, memory: memory), heap)
        unsafe heap.deallocate()
        unsafe memory.deallocate()
    }

    @Test func findsObjectsAndWhereTheyMove() {
        unsafe withTable { table, heap in
            let objects = Self.objects()
            for object in objects { unsafe table.mark(heap + object.word, words: object.size) }
            let start = UInt(bitPattern: heap)
            let end = start + UInt(Self.words * 8)
            var free = start
            table.computeTargets(from: start, to: end, &free)
            var address = start
            var before = 0
            for object in objects {
                let found = unsafe table.firstMarked(from: address, to: end)
                #expect(unsafe found == heap + object.word)
                let at = start + UInt(object.word * 8)
                #expect(table.isMarked(at))
                #expect(table.target(at) == start + UInt(before * 8))
                before += object.size
                address = at + UInt(object.size * 8)
            }
            #expect(free == start + UInt(before * 8))
            #expect(unsafe table.firstMarked(from: address, to: end) == nil)
        }
    }

    @Test func isEmptyAfterClearing() {
        unsafe withTable { table, heap in
            let start = UInt(bitPattern: heap)
            let end = start + UInt(Self.words * 8)
            for object in Self.objects() { unsafe table.mark(heap + object.word, words: object.size) }
            table.clear(from: start, to: end)
            #expect(unsafe table.firstMarked(from: start, to: end) == nil)
        }
    }

    @Test func takesAThirtySecondPart() {
        #expect(MarkTable.byteCount(covering: 1 << 20) == 1 << 15)
    }
}
