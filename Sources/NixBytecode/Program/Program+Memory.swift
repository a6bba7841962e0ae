/// What parts of a program take in memory beside their places in its tables.
extension Constant {
    public var ownBytes: Int {
        switch self {
        case .integer, .float, .global: 0
        case .string(let bytes), .path(let bytes): bytes.isEmpty ? 0 : arrayBytes + bytes.count
        }
    }
}

extension Shape {
    public var ownBytes: Int { names.isEmpty ? 0 : arrayBytes + names.count * MemoryLayout<Name>.stride }
}

extension Formals {
    public var ownBytes: Int {
        var bytes = formals.isEmpty ? 0 : arrayBytes + formals.count * MemoryLayout<Formal>.stride
        for formal in formals {
            if case .thunk(_, let captures, _) = formal.defaultValue, !captures.isEmpty {
                bytes += arrayBytes + captures.count * MemoryLayout<Position>.stride
            }
        }
        return bytes
    }
}

extension Chunk {
    public var ownBytes: Int { (code.isEmpty ? 0 : arrayBytes + code.count) + descriptionBytes }

    /// The same without the code.
    public var descriptionBytes: Int {
        var bytes = 0
        if !parameters.isEmpty { bytes += arrayBytes + parameters.count * MemoryLayout<UInt32?>.stride }
        if !spans.isEmpty { bytes += arrayBytes + spans.count * MemoryLayout<SourceSpan>.stride }
        if !instructionSpans.isEmpty {
            bytes += arrayBytes + instructionSpans.count * MemoryLayout<InstructionSpan>.stride
        }
        return bytes
    }
}

extension Program {
    /// Bytes that the whole takes, about; the same for the same program.
    public var memoryBytes: Int {
        var bytes = symbols.estimatedByteCount + constants.estimatedByteCount
        bytes += shapes.estimatedByteCount + formals.estimatedByteCount
        bytes += chunks.estimatedByteCount + (lines?.lineStarts.estimatedByteCount ?? 0)
        for symbol in symbols where !symbol.isEmpty { bytes += arrayBytes + symbol.count }
        for constant in constants { bytes += constant.ownBytes }
        for shape in shapes { bytes += shape.ownBytes }
        for pattern in formals { bytes += pattern.ownBytes }
        for chunk in chunks { bytes += chunk.ownBytes }
        return bytes
    }
}
