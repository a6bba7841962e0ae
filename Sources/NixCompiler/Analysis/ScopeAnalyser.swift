import ByteCounting
import NixSyntax

/// The first pass of the compiler. It traverses the whole tree once, in the order of the code to be generated, and
/// fills an `Analysis`.
///
/// Every variable is resolved, even in code that is never evaluated. The pass also decides how each expression is
/// compiled: `analyse` corresponds to code that pushes a forced value, `analyseLazily` to code that pushes a value that
/// may be a thunk (`ScopeAnalyser+Laziness.swift`). The code generator follows these decisions.
///
/// The scopes are one table that maps each symbol to its innermost binding, with a log of the shadowed bindings that
/// the end of a scope restores.
struct ScopeAnalyser: ~Copyable {
    let tree: SyntaxTree
    var analysis: Analysis
    var bindings: [Binding] = []
    /// By symbol: the innermost lexical binding, or -1.
    var scope: [Int32]
    /// By symbol: what it refers to where no lexical scope binds it.
    var outermost: [OutermostName]
    /// The bindings that open scopes shadow. They are restored in reverse order.
    var shadowed: [(symbol: Int, binding: Int32)] = []
    /// The open functions, outermost first; the index is the function's depth.
    var openFunctions: [OpenFunction] = []
    var captureEntries: [CaptureEntry] = []
    /// The innermost `with`: an index in `Analysis.withs`, or -1.
    var currentWith: Int32 = -1
    /// The enclosing `rec` sets with `__overrides`.
    var overrideGroups: [OverrideGroup] = []
    /// The operators whose left operand is being analysed.
    var operatorChain: [NodeID] = []
    /// The number of expressions around the current one.
    var depth = 0
    /// See `CompileOptions.delaysLikeNix`.
    let delaysLikeNix: Bool
    private var unitsUntilPoll = ScopeAnalyser.pollInterval
    private let shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?

    /// What a name refers to where no lexical scope binds it.
    enum OutermostName: UInt8 {
        case unknown, global
        /// An attribute of the argument of the top level.
        case attribute
    }

    /// A function that is being analysed, with a linked list of its captures.
    struct OpenFunction {
        var id: FunctionID
        var firstCapture: Int32 = -1
        var lastCapture: Int32 = -1
    }

    /// One capture of an open function. The captures of a function are linked in the order of first use.
    struct CaptureEntry {
        var binding: BindingID
        /// The depth of the capturing function.
        var depth: Int32
        /// The capture of the same binding by the next shallower function.
        var outer: Int32
        /// The next capture of the same function.
        var next: Int32
    }

    /// A `rec` set whose `__overrides` replace the values of its names.
    struct OverrideGroup {
        /// The hidden binding of the overridden set.
        var set: BindingID
        /// The thunk of `__overrides` itself, which sees the names without overrides.
        var overrides: FunctionID?
    }

    init(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) {
        let symbols = (tree.symbols.count + 16) * (MemoryLayout<Int32>.stride + MemoryLayout<OutermostName>.stride)
        guard options.shouldCancel?(Analysis.byteCount(for: tree) + symbols) != true else {
            throw Self.cancelled(tree.span(of: tree.root))
        }
        self.tree = tree
        baseBytes = Analysis.byteCount(for: tree) + symbols
        analysis = Analysis(tree)
        delaysLikeNix = options.delaysLikeNix
        shouldCancel = options.shouldCancel
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

    /// Bytes of the tables of fixed size.
    private let baseBytes: Int

    /// Declares the names that `scopedImport` adds.
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
        analysis.functionOfBinding = bindings.map(\.function)
        analysis.trim()
        return analysis
    }

    /// Counts one level of nesting. The caller decrements `depth` afterwards.
    mutating func descend(_ node: NodeID) throws(CompileError) {
        depth += 1
        guard depth <= Compiler.maximumDepth else {
            throw CompileError(
                kind: .nestingTooDeep,
                message: "expressions are nested more than \(Compiler.maximumDepth) levels deep",
                span: tree.span(of: node))
        }
        try charge()
    }

    /// Counts units of work, which are expressions and table entries, and polls when enough have been done.
    @inline(__always)
    mutating func charge(_ units: Int = 1) throws(CompileError) {
        unitsUntilPoll &-= units
        if unitsUntilPoll < 0 { try poll() }
    }

    /// The units of work between two polls, about 50 µs.
    private static let pollInterval = 512

    @inline(never)
    private mutating func poll(taking bytes: Int = 0) throws(CompileError) {
        unitsUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(byteCount + bytes) else { return }
        throw Self.cancelled(tree.span(of: tree.root))
    }

    private static func cancelled(_ span: Span) -> CompileError {
        CompileError(kind: .cancelled, message: "compilation was cancelled", span: span)
    }

    /// Bytes of all tables, including their growth until the next poll: an expression adds at most a few entries.
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
