import ByteCounting

extension SyntaxTree {
    /// Bytes that the source and the tables take, estimated so that equal sources give equal numbers.
    public var memoryBytes: Int {
        var bytes = source.count + nodes.estimatedByteCount + symbols.estimatedByteCount
        bytes += texts.estimatedByteCount + spans.estimatedByteCount + children.estimatedByteCount
        bytes += parts.estimatedByteCount + partSpans.estimatedByteCount + attributeNames.estimatedByteCount
        bytes += lambdas.estimatedByteCount + formals.estimatedByteCount + bindings.estimatedByteCount
        bytes += attributes.estimatedByteCount + dynamicAttributes.estimatedByteCount
        return bytes + ambiguousOrs.estimatedByteCount
    }

    /// Returns the room into which the tables might have grown.
    mutating func trim() {
        nodes.trim()
        spans.trim()
        symbols.trim()
        texts.trim()
        children.trim()
        parts.trim()
        partSpans.trim()
        attributeNames.trim()
        lambdas.trim()
        formals.trim()
    }
}
