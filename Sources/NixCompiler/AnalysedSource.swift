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
    public var warnings: [Warning] { analysis.warnings }
    /// Where `or` is an identifier in a way that will change its meaning.
    public var ambiguousOrs: [Span] { tree.ambiguousOrs }
    /// Looked for anew each time.
    public var lines: LineTable { LineTable(lineStarts: tree.lineStarts) }

    /// The whole program: the same bytes when encoded, whatever was run before.
    public func program(isCancelled: (@Sendable () -> Bool)? = nil) throws(CompileError) -> Program {
        var generator = CodeGenerator(tree, analysis: analysis, isCancelled: isCancelled)
        return try generator.generateProgram()
    }

    /// About what it takes in memory.
    public var memoryBytes: Int {
        // Nodes with their spans, meanings and functions; what is not counted is in proportion to them.
        tree.source.count * 2 + tree.nodes.count * 40 + (tree.symbols.count + tree.texts.count) * 16
            + tree.attributes.count * 32 + analysis.functions.count * 40
    }
}
