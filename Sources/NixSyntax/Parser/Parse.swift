/// Parses a Nix expression, in a bounded part of the native stack however deeply the source nests.
///
/// - Parameters:
///   - source: the bytes of one file or string.
///   - options: feature flags and limits.
/// - Returns: the tree, which is never deeper than `SyntaxTree.maximumDepth`.
/// - Throws: the first error, as Nix words it.
public func parse(_ source: [UInt8], options: ParseOptions = ParseOptions()) throws(SyntaxError) -> SyntaxTree {
    let limit = min(options.maximumSourceSize, ParseOptions.largestSource)
    guard source.count <= limit else {
        let failure = ParseFailure(
            .sourceTooLarge, "source is too large: \(source.count) bytes, at most \(limit) are allowed",
            at: Span(start: 0, end: 0))
        throw SyntaxError(failure, source: [])
    }
    do {
        return try unsafe source.withUnsafeBufferPointer { buffer throws(ParseFailure) in
            var parser = unsafe Parser(SourceBytes(buffer), options: options)
            let root = try parser.run()
            try parser.finish()
            return parser.tree(source, root)
        }
    } catch {
        throw SyntaxError(error, source: source)
    }
}

extension Parser {
    /// Frees what only parsing needs, before the bindings are laid out.
    fileprivate mutating func finish() throws(ParseFailure) {
        releaseStacks()
        try poll(taking: bindings.laidOutByteCount)
    }

    /// Assembles the tree from the parser's tables.
    fileprivate consuming func tree(_ source: [UInt8], _ root: NodeID) -> SyntaxTree {
        var tree = SyntaxTree(
            source: source, root: root, nodes: nodes, spans: spans, symbols: symbols.names, texts: texts,
            children: children, parts: parts, partSpans: partSpans, attributeNames: attributeNames,
            lambdas: lambdas, formals: formals, bindings: [], attributes: [], dynamicAttributes: [],
            ambiguousOrs: ambiguousOrs)
        bindings.layOut(
            bindings: &tree.bindings, attributes: &tree.attributes, dynamicAttributes: &tree.dynamicAttributes,
            children: &tree.children)
        tree.trim()
        return tree
    }
}
