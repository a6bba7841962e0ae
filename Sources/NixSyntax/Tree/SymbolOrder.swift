/// The rank of each of a tree's symbols in the alphabetical order of all.
struct SymbolOrder: Sendable {
    let ranks: [UInt32]

    init(_ symbols: [[UInt8]]) {
        let sorted = symbols.indices.sorted { symbols[$0].lexicographicallyPrecedes(symbols[$1]) }
        var ranks = [UInt32](repeating: 0, count: symbols.count)
        for (rank, symbol) in sorted.enumerated() { ranks[symbol] = UInt32(truncatingIfNeeded: rank) }
        self.ranks = ranks
    }
}

extension ExpressionPrinter {
    /// The rank of each symbol in alphabetical order.
    mutating func ranks() -> [UInt32] {
        if let order { return order.ranks }
        let made = SymbolOrder(tree.names())
        order = made
        return made.ranks
    }
}
