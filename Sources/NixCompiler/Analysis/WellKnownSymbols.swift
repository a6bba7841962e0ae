import NixSyntax

/// Symbols that the language itself refers to.
struct WellKnownSymbols: Sendable {
    var `true`: SymbolID
    var `false`: SymbolID
    var null: SymbolID
    /// The functions that Nix's parser turns `-`, `*`, `/` and the comparisons into. A scope may bind them.
    var subtract: SymbolID
    var multiply: SymbolID
    var divide: SymbolID
    var lessThan: SymbolID
    /// `<name>` is `__findFile __nixPath "name"`.
    var findFile: SymbolID
    var nixPath: SymbolID
    var overrides: SymbolID
    /// The attribute that a legacy `let` selects.
    var body: SymbolID

    private static let names: [[UInt8]] = [
        "true", "false", "null", "__sub", "__mul", "__div", "__lessThan", "__findFile", "__nixPath", "__overrides",
        "body",
    ].map { Array($0.utf8) }

    private static let filter = GlobalNames(names)

    /// Finds the names among the symbols, and appends those that are not there.
    init(adding symbols: inout [[UInt8]]) {
        var found = [SymbolID?](repeating: nil, count: Self.names.count)
        for (index, name) in symbols.enumerated() where Self.filter.contains(name) {
            if let known = Self.names.firstIndex(of: name) {
                found[known] = SymbolID(UInt32(truncatingIfNeeded: index))
            }
        }
        let all = Self.names.indices.map { index -> SymbolID in
            if let symbol = found[index] { return symbol }
            symbols.append(Self.names[index])
            return SymbolID(UInt32(truncatingIfNeeded: symbols.count - 1))
        }
        (`true`, `false`, null) = (all[0], all[1], all[2])
        (subtract, multiply, divide, lessThan) = (all[3], all[4], all[5], all[6])
        (findFile, nixPath, overrides, body) = (all[7], all[8], all[9], all[10])
    }
}
