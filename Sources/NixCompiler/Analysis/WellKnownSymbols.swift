import NixSyntax

/// The symbols of names that the language itself refers to.
struct WellKnownSymbols: Sendable {
    var `true`: SymbolID
    var `false`: SymbolID
    var null: SymbolID
    /// The functions that Nix desugars `-`, `*`, `/` and the comparisons to. A scope may bind them.
    var subtract: SymbolID
    var multiply: SymbolID
    var divide: SymbolID
    var lessThan: SymbolID
    /// The variables of `<name>`, which is `__findFile __nixPath "name"`.
    var findFile: SymbolID
    var nixPath: SymbolID
    var overrides: SymbolID
    /// The attribute that a legacy `let` selects.
    var body: SymbolID

    /// The names that do not occur in the source. Their symbols follow the tree's.
    private(set) var added: [[UInt8]]

    private static let names: [[UInt8]] = [
        "true", "false", "null", "__sub", "__mul", "__div", "__lessThan", "__findFile", "__nixPath", "__overrides",
        "body",
    ].map { Array($0.utf8) }

    private static let filter = GlobalNames(names)

    /// Looks the names up in the tree, and adds those that do not occur in it.
    init(_ tree: SyntaxTree) {
        var found = [SymbolID?](repeating: nil, count: Self.names.count)
        unsafe tree.forEachName { symbol, name in
            guard unsafe Self.filter.contains(name) else { return }
            if let known = Self.names.firstIndex(where: { unsafe $0.elementsEqual(name) }) {
                found[known] = symbol
            }
        }
        var added: [[UInt8]] = []
        let all = Self.names.indices.map { index -> SymbolID in
            if let symbol = found[index] { return symbol }
            added.append(Self.names[index])
            return SymbolID(UInt32(truncatingIfNeeded: tree.symbols.count + added.count - 1))
        }
        self.added = added
        (`true`, `false`, null) = (all[0], all[1], all[2])
        (subtract, multiply, divide, lessThan) = (all[3], all[4], all[5], all[6])
        (findFile, nixPath, overrides, body) = (all[7], all[8], all[9], all[10])
    }

    /// The name of a symbol of the tree or of an added one, without a copy.
    func slice(of symbol: SymbolID, in tree: SyntaxTree) -> ArraySlice<UInt8> {
        let index = Int(symbol.rawValue) - tree.symbols.count
        return index < 0 ? tree.slice(of: symbol) : added[index][...]
    }

    /// The name of a symbol of the tree or of an added one.
    func name(of symbol: SymbolID, in tree: SyntaxTree) -> [UInt8] {
        let index = Int(symbol.rawValue) - tree.symbols.count
        return index < 0 ? tree.bytes(of: symbol) : added[index]
    }
}
