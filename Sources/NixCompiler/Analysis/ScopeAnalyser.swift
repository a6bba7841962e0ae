import NixSyntax

/// The first pass: goes once over the whole tree, in the order of the code to be generated, and fills an `Analysis`.
///
/// Every variable is resolved here, also in code that will never be forced. What an expression becomes is decided
/// here too: `analyse` stands for code that leaves a forced value on the stack, `analyseLazily` for code that leaves a
/// value that may be delayed (`ScopeAnalyser+Laziness.swift`). The code generator follows these decisions.
///
/// Scopes are one table by symbol of the innermost binding, with a log of what to restore when a scope ends.
struct ScopeAnalyser: ~Copyable {
    let tree: SyntaxTree
    var analysis: Analysis
    var bindings: [Binding] = []
    /// By symbol: the innermost lexical binding, or -1.
    var scope: [Int32]
    /// By symbol: what it is where no scope binds it.
    var outermost: [OutermostName]
    /// Bindings that the open scopes shadow, to be restored in reverse.
    var shadowed: [(symbol: Int, binding: Int32)] = []
    /// The functions around the current place, outermost first; the index is the function's depth.
    var openFunctions: [OpenFunction] = []
    var captureEntries: [CaptureEntry] = []
    /// The innermost `with`: index in `Analysis.withs`, else -1.
    var currentWith: Int32 = -1
    /// `rec` sets with `__overrides` around the current place.
    var overrideGroups: [OverrideGroup] = []
    /// Operators whose left operand is being analysed.
    var operatorChain: [NodeID] = []
    /// Number of expressions around the current one.
    var depth = 0
    private var unitsUntilPoll = ScopeAnalyser.pollInterval
    private let mustStop: (@Sendable (_ bytes: Int) -> Bool)?

    /// What a name means where no lexical scope binds it.
    enum OutermostName: UInt8 {
        case unknown, global
        /// An attribute of the top level's argument.
        case attribute
    }

    /// A function that is being analysed, and the list of what it captures so far.
    struct OpenFunction {
        var id: FunctionID
        var firstCapture: Int32 = -1
        var lastCapture: Int32 = -1
    }

    /// One capture of an open function, in a list in the order of first use.
    struct CaptureEntry {
        var binding: BindingID
        /// Depth of the capturing function.
        var depth: Int32
        /// The binding's next shallower entry.
        var outer: Int32
        /// The function's next entry.
        var next: Int32
    }

    /// A `rec` set whose `__overrides` replace what its names mean.
    struct OverrideGroup {
        /// The hidden binding of the overridden set.
        var set: BindingID
        /// The thunk of `__overrides` itself, which sees the names as they are without it.
        var overrides: FunctionID?
    }

    init(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) {
        let symbols = (tree.symbols.count + 16) * (MemoryLayout<Int32>.stride + MemoryLayout<OutermostName>.stride)
        guard options.mustStop?(Analysis.byteCount(for: tree) + symbols) != true else {
            throw Self.cancelled(tree.span(of: tree.root))
        }
        self.tree = tree
        baseBytes = Analysis.byteCount(for: tree) + symbols
        analysis = Analysis(tree)
        mustStop = options.mustStop
        let count = tree.symbols.count + analysis.wellKnown.added.count
        scope = Array(repeating: -1, count: count)
        var outermost = [OutermostName](repeating: .unknown, count: count)
        let globals = options.globals
        unsafe tree.forEachName { symbol, name in
            if unsafe globals.contains(name) { outermost[Int(symbol.rawValue)] = .global }
        }
        for (index, name) in analysis.wellKnown.added.enumerated() where globals.contains(name) {
            outermost[tree.symbols.count + index] = .global
        }
        self.outermost = outermost
        addScope(options.scopeNames ?? [])
    }

    /// Bytes of the tables that do not grow.
    private let baseBytes: Int

    /// Names that `scopedImport` adds.
    private mutating func addScope(_ names: [[UInt8]]) {
        guard !names.isEmpty else { return }
        let added = Set(names)
        for index in outermost.indices where added.contains(name(of: SymbolID(UInt32(truncatingIfNeeded: index)))) {
            outermost[index] = .attribute
        }
    }

    func name(of symbol: SymbolID) -> [UInt8] { analysis.wellKnown.name(of: symbol, in: tree) }

    /// Analyses a tree.
    static func analyse(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) -> Analysis {
        var analyser = try ScopeAnalyser(tree, options: options)
        try analyser.analyseTopLevel(takesScope: options.scopeNames != nil)
        return try analyser.finish()
    }

    private mutating func analyseTopLevel(takesScope: Bool) throws(CompileError) {
        open(.topLevel(tree.root), arity: takesScope ? 1 : 0, name: nil)
        if takesScope { _ = addBinding(isInitialised: true) }
        try analyse(tree.root)
        close()
    }

    private consuming func finish() throws(CompileError) -> Analysis {
        try poll(taking: bindings.count * MemoryLayout<FunctionID>.stride)
        analysis.homes = bindings.map(\.function)
        return analysis
    }

    /// Counts a level of nesting. The caller takes the level back.
    mutating func descend(_ node: NodeID) throws(CompileError) {
        depth += 1
        guard depth <= Compiler.maximumDepth else {
            throw CompileError(
                kind: .nestingTooDeep,
                message: "expressions are nested more than \(Compiler.maximumDepth) levels deep",
                span: tree.span(of: node))
        }
        try work()
    }

    /// Counts expressions and entries of tables that were worked through, and now and then asks whether to stop.
    @inline(__always)
    mutating func work(_ units: Int = 1) throws(CompileError) {
        unitsUntilPoll &-= units
        if unitsUntilPoll < 0 { try poll() }
    }

    /// Expressions between two such questions: some 50 µs of work.
    private static let pollInterval = 512

    @inline(never)
    private mutating func poll(taking bytes: Int = 0) throws(CompileError) {
        unitsUntilPoll = Self.pollInterval
        guard let mustStop, mustStop(byteCount + bytes) else { return }
        throw Self.cancelled(tree.span(of: tree.root))
    }

    private static func cancelled(_ span: Span) -> CompileError {
        CompileError(kind: .cancelled, message: "compilation was cancelled", span: span)
    }

    /// Bytes of all tables, and what they will take until the next question: an expression makes a few entries at most.
    private var byteCount: Int {
        let step = 4 * Self.pollInterval
        return baseBytes + analysis.byteCount(adding: step) + bindings.byteCount(adding: step)
            + shadowed.byteCount(adding: step) + openFunctions.byteCount(adding: step)
            + captureEntries.byteCount(adding: step) + overrideGroups.byteCount(adding: step)
            + operatorChain.byteCount(adding: step)
    }

    mutating func warn(_ kind: PackedWarning.Kind, _ name: SymbolID = SymbolID(0), at span: Span) {
        analysis.packedWarnings.append(PackedWarning(kind: kind, name: name, span: span))
    }
}
