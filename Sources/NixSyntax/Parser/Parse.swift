/// Parses a Nix expression.
///
/// - Parameters:
///   - source: the bytes of one file or string.
///   - options: feature flags and limits.
/// - Returns: the tree, never deeper than `SyntaxTree.maximumDepth`.
/// - Throws: the first error, as Nix words it. Needs a bounded part of the thread's stack, however the source nests.
public func parse(_ source: [UInt8], options: ParseOptions = ParseOptions()) throws(SyntaxError) -> SyntaxTree {
    let limit = min(options.maximumSourceSize, ParseOptions.largestSource)
    guard source.count <= limit else {
        let failure = Failure(
            .sourceTooLarge, "source is too large: \(source.count) bytes, at most \(limit) are allowed",
            at: Span(start: 0, end: 0))
        throw SyntaxError(failure, source: [])
    }
    do {
        return try unsafe source.withUnsafeBufferPointer { buffer throws(Failure) in
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
    /// Lets go of what only parsing needs, before the bindings are laid out.
    fileprivate mutating func finish() throws(Failure) {
        releaseStacks()
        try poll(taking: bindings.laidOutByteCount)
    }

    /// The finished tables.
    fileprivate consuming func tree(_ source: [UInt8], _ root: NodeID) -> SyntaxTree {
        var tree = SyntaxTree(
            source: source, root: root, nodes: nodes, spans: spans, symbols: symbols.names, texts: texts,
            children: children, parts: parts, partSpans: partSpans, attributeNames: attributeNames,
            lambdas: lambdas, formals: formals, bindings: [], attributes: [], dynamicAttributes: [],
            ambiguousOrs: ambiguousOrs)
        bindings.layOut(
            bindings: &tree.bindings, attributes: &tree.attributes, dynamicAttributes: &tree.dynamicAttributes,
            children: &tree.children)
        return tree
    }
}
