import Testing

@testable import NixVM

/// The names that the machine looks up.
@Suite struct SymbolsTests {
    @Test("A name's number is its place in the table, where the machine interns it")
    func numbers() {
        for (index, known) in Symbols.allCases.enumerated() {
            #expect(known.number == UInt32(index))
            #expect(Symbols(number: known.number) == known)
        }
        #expect(Symbols(number: UInt32(Symbols.allCases.count)) == nil)
        #expect(Symbols(number: .max) == nil)
    }
}
