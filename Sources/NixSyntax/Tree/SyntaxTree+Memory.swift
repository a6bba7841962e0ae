extension SyntaxTree {
    /// Bytes of the source and the tables, about; the same for the same source.
    public var memoryBytes: Int {
        var bytes = source.count + nodes.keptByteCount + symbols.keptByteCount
        bytes += texts.keptByteCount + spans.keptByteCount + children.keptByteCount
        bytes += parts.keptByteCount + partSpans.keptByteCount + attributeNames.keptByteCount
        bytes += lambdas.keptByteCount + formals.keptByteCount + bindings.keptByteCount
        bytes += attributes.keptByteCount + dynamicAttributes.keptByteCount
        return bytes + ambiguousOrs.keptByteCount
    }
}
