import Testing

@testable import NixVM

/// The table of what is known of elements of contexts.
@Suite struct WordTableTests {
    @Test func findsWhatWasSetLast() {
        var table = WordTable<Int>()
        #expect(table.find(1) == nil)
        let keys = (1...5000).map { UInt64($0) * 8 }
        for (index, key) in keys.enumerated() { table.set(key, index) }
        for key in keys.prefix(100) { table.set(key, -1) }
        #expect(table.count == keys.count)
        for (index, key) in keys.enumerated() { #expect(table.find(key) == (index < 100 ? -1 : index)) }
        #expect(table.find(4) == nil)
        var sum = 0
        table.forEach { key, _ in sum += Int(key) }
        #expect(sum == keys.reduce(0) { $0 + Int($1) })
    }
}
