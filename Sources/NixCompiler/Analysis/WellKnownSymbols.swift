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

    private static let names = [
        "true", "false", "null", "__sub", "__mul", "__div", "__lessThan", "__findFile", "__nixPath", "__overrides",
        "body",
    ]

    /// Finds the names among the symbols, and appends those that are not there.
    init(adding symbols: inout [[UInt8]]) {
        var wanted: [[UInt8]: Int] = [:]
        for (index, name) in Self.names.enumerated() { wanted[Array(name.utf8)] = index }
        let longest = Self.names.reduce(0) { max($0, $1.utf8.count) }
        var found = [SymbolID?](repeating: nil, count: Self.names.count)
        for (index, name) in symbols.enumerated() where name.count <= longest {
            if let known = wanted[name] { found[known] = SymbolID(UInt32(truncatingIfNeeded: index)) }
        }
        let all = Self.names.indices.map { index -> SymbolID in
            if let symbol = found[index] { return symbol }
            symbols.append(Array(Self.names[index].utf8))
            return SymbolID(UInt32(truncatingIfNeeded: symbols.count - 1))
        }
        (`true`, `false`, null) = (all[0], all[1], all[2])
        (subtract, multiply, divide, lessThan) = (all[3], all[4], all[5], all[6])
        (findFile, nixPath, overrides, body) = (all[7], all[8], all[9], all[10])
    }
}
