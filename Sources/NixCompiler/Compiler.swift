import NixBytecode
import NixSyntax

/// The result of a compilation.
public struct CompiledProgram: Sendable {
    public var program: Program
    /// The warnings, in the order in which the analysis found them.
    public var warnings: [Warning]

    public init(program: Program, warnings: [Warning]) {
        self.program = program
        self.warnings = warnings
    }
}

/// Compiles Nix expressions to bytecode, in two passes.
///
/// The scope analysis (`ScopeAnalyser`) covers the whole tree: it resolves every variable, decides which expressions
/// become thunks, and lists what each function and thunk captures. The code generator (`CodeGenerator`) then generates
/// one chunk at a time from the analysis alone. It has a queue of chunks, so that its recursion is only as deep as the
/// nesting of expressions within one chunk.
public struct Compiler {
    /// The most nested expressions: one more than in the deepest tree that the parser returns.
    ///
    /// A level takes up to 18 KiB of native stack in a release build (measured; operators and computed attribute names
    /// take the most), so the calling thread needs 256 MiB for the deepest source. Chains of operators that nest to the
    /// left take none, and code generation only nests within one chunk.
    public static let maximumDepth = SyntaxTree.maximumDepth + 1

    /// The most parameters of one chunk; longer chains of lambdas are split.
    static let maximumArity = ProgramLimits.arity

    /// Checks the scopes of a tree without generating code.
    ///
    /// - Parameters:
    ///   - tree: the tree as the parser returns it.
    ///   - options: the global names, and the names that `scopedImport` adds.
    /// - Returns: the warnings, in the order in which the analysis found them.
    /// - Throws: an undefined variable, wherever it is; or limits and cancellation.
    public static func check(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) -> [Warning] {
        try ScopeAnalyser.analyse(tree, options: options).warnings(in: tree)
    }

    /// Compiles a tree.
    ///
    /// - Parameters:
    ///   - tree: the tree as the parser returns it.
    ///   - options: the global names, and the names that `scopedImport` adds.
    ///   - observer: notified of every chunk, in the order of the program.
    /// - Returns: the program, and the warnings.
    /// - Throws: an undefined variable, wherever it is; or limits and cancellation.
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
