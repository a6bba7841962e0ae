/// All that the interpreter can run by an index: its own steps, then the builtins of the language.
///
/// The table is made once for a process, from constants. Machines share it.
enum BuiltinTable {
    /// The builtins of the language by family, as the files beside this folder list them.
    static let families: [[Builtin]] = [
        Builtin.lists, Builtin.listWalks, Builtin.sorting, Builtin.grouping, Builtin.attributes, Builtin.closures,
        Builtin.strings, Builtin.replacing, Builtin.arithmetic, Builtin.types, Builtin.control, Builtin.errorContexts,
        Builtin.files, Builtin.searchPaths, Builtin.json, Builtin.patterns, Builtin.versions, Builtin.hashes,
        Builtin.xml, Builtin.toml, Builtin.derivations, Builtin.contexts, Builtin.store, Builtin.sources,
        Builtin.fetch, Builtin.fetchTree, Builtin.flakes,
    ]

    /// The builtins of the language. The first has the index `InternalStep.count`.
    static let builtins = Array(families.joined())

    /// By index.
    static let codes = BuiltinEntries(InternalStep.allCases.map(\.code) + builtins.map(\.code))
    /// By index: an instruction that runs a step.
    static let instructions = FixedTable((0..<(InternalStep.count + builtins.count)).map(BuiltinCode.instruction))

    /// The variables of the global scope that are builtins: `map`, `__add`.
    static let globals: [(name: [UInt8], value: Value)] = builtins.enumerated().map { index, builtin in
        (Array((builtin.isGlobal ? "" : "__").utf8) + Array(builtin.name.utf8), .builtin(InternalStep.count + index))
    }

    /// The builtin of the language at an index; nil for an internal step.
    static func builtin(_ index: Int) -> Builtin? {
        index < InternalStep.count ? nil : builtins[index - InternalStep.count]
    }

    static func name(_ index: Int) -> String { builtin(index)?.name ?? InternalStep.allCases[index].name }

    static func backtrace(_ index: Int) -> BacktraceHook {
        builtin(index)?.backtrace ?? InternalStep.allCases[index].backtrace
    }
}
