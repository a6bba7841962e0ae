import NixBytecode
import NixSyntax

/// A source whose variables are resolved, from which code can be generated. It has neither a name nor a directory.
public struct AnalysedSource: Sendable {
    let tree: SyntaxTree
    let analysis: Analysis

    /// Resolves the variables of a tree.
    ///
    /// - Parameters:
    ///   - tree: the tree as the parser returns it.
    ///   - options: the global names, and the names that `scopedImport` adds.
    /// - Throws: an undefined variable, wherever it is; or limits and cancellation.
    public init(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) {
        self.tree = tree
        analysis = try ScopeAnalyser.analyse(tree, options: options)
    }

    /// All warnings, in the order in which the analysis found them.
    public var warnings: [Warning] { analysis.warnings(in: tree) }
    /// The first `limit` warnings.
    public func warnings(limit: Int) -> [Warning] { analysis.warnings(in: tree, limit: limit) }
    public var warningCount: Int { analysis.warningCount }
    /// The spans of each `or` that is an identifier and that newer versions of Nix parse differently.
    public var ambiguousOrs: [Span] { tree.ambiguousOrs }
    public var source: [UInt8] { tree.source }

    /// Generates the whole program. Its encoding depends on the source alone.
    ///
    /// - Parameter shouldCancel: see `CompileOptions.shouldCancel`.
    /// - Throws: limits and cancellation.
    public func program(shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil) throws(CompileError) -> Program {
        var generator = try CodeGenerator(tree, analysis: analysis, shouldCancel: shouldCancel)
        return try generator.generateProgram(shouldCancel: shouldCancel)
    }

    /// Bytes that the tree and the analysis take.
    public var memoryBytes: Int { tree.memoryBytes + analysis.memoryBytes }
}
