import NixBytecode
import NixSyntax

/// What compilation gives.
public struct CompiledProgram: Sendable {
    public var program: Program
    /// In the order in which the analysis met them.
    public var warnings: [Warning]

    public init(program: Program, warnings: [Warning]) {
        self.program = program
        self.warnings = warnings
    }
}

/// Compiles Nix.
///
/// Two passes. The scope analysis (`ScopeAnalyser`) always covers the whole tree: it resolves every variable, decides
/// what is delayed, and lists what each function and thunk captures. The code generator (`CodeGenerator`) then makes
/// one chunk at a time from the analysis alone. It keeps a queue of chunks to make, so that only expressions that nest
/// inside one chunk nest on the native stack.
public struct Compiler {
    /// Goes up whenever the same source compiles to another program. Part of the key of cached programs.
    public static let version: UInt32 = 2

    /// How many expressions may nest: one more than in the deepest tree that the parser makes.
    ///
    /// A level costs up to 18 KiB of native stack in release builds (measured; the most is for operators and computed
    /// attribute names), so the calling thread needs 256 MiB for the deepest source. Chains of operators that nest to
    /// the left cost nothing, and expressions of different chunks do not nest when code is generated.
    public static let maximumDepth = SyntaxTree.maximumDepth + 1

    /// Most parameters of one chunk; longer chains of functions are split.
    static let maximumArity = ProgramLimits.arity

    /// Refuses what `compile` would refuse for its scopes, without making code.
    ///
    /// - Returns: the warnings, in the order in which the analysis met them.
    /// - Throws: an undefined variable, wherever it stands; or limits and cancellation.
    public static func check(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) -> [Warning] {
        try ScopeAnalyser.analyse(tree, options: options).warnings(in: tree)
    }

    /// Compiles a tree.
    ///
    /// - Parameters:
    ///   - tree: as the parser makes it.
    ///   - options: the global names, and the names that `scopedImport` adds.
    ///   - observer: told of every chunk, in the order of the program.
    /// - Throws: an undefined variable, wherever it stands; or limits and cancellation.
    public static func compile(
        _ tree: SyntaxTree, options: CompileOptions, observer: (any CompilerObserver)? = nil
    ) throws(CompileError) -> CompiledProgram {
        let analysis = try ScopeAnalyser.analyse(tree, options: options)
        var generator = try CodeGenerator(tree, analysis: analysis, shouldCancel: options.shouldCancel)
        let program = try generator.generateProgram(shouldCancel: options.shouldCancel)
        if let observer { observer.observe(program) }
        return CompiledProgram(program: program, warnings: analysis.warnings(in: tree))
    }
}
