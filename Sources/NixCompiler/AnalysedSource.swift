import NixBytecode
import NixSyntax

/// A source whose variables are resolved: all that making code needs. Bears no name and no directory.
public struct AnalysedSource: Sendable {
    let tree: SyntaxTree
    let analysis: Analysis

    /// Resolves the variables of a tree.
    ///
    /// - Throws: an undefined variable, wherever it stands; or limits and cancellation.
    public init(_ tree: SyntaxTree, options: CompileOptions) throws(CompileError) {
        self.tree = tree
        analysis = try ScopeAnalyser.analyse(tree, options: options)
    }

    /// In the order in which the analysis met them.
    public var warnings: [Warning] { analysis.warnings(in: tree) }
    /// The first of them.
    public func warnings(limit: Int) -> [Warning] { analysis.warnings(in: tree, limit: limit) }
    public var warningCount: Int { analysis.warningCount }
    /// Where `or` is an identifier in a way that will change its meaning.
    public var ambiguousOrs: [Span] { tree.ambiguousOrs }
    public var source: [UInt8] { tree.source }

    /// The whole program: the same bytes when encoded, whatever was run before.
    ///
    /// - Parameter shouldCancel: as `CompileOptions.shouldCancel`.
    public func program(shouldCancel: (@Sendable (_ bytes: Int) -> Bool)? = nil) throws(CompileError) -> Program {
        var generator = try CodeGenerator(tree, analysis: analysis, shouldCancel: shouldCancel)
        return try generator.generateProgram(shouldCancel: shouldCancel)
    }

    /// What it takes in memory.
    public var memoryBytes: Int { tree.memoryBytes + analysis.memoryBytes }
}
