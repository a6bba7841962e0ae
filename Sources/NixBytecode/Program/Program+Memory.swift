import ByteCounting

/// The bytes that parts of a program take out of line, besides the elements of its tables.
extension Constant {
    public var outOfLineBytes: Int {
        switch self {
        case .integer, .float, .global: 0
        case .string(let bytes), .path(let bytes): bytes.isEmpty ? 0 : arrayBytes + bytes.count
        }
    }
}

extension Shape {
    public var outOfLineBytes: Int { names.isEmpty ? 0 : arrayBytes + names.count * MemoryLayout<Name>.stride }
}

extension Formals {
    public var outOfLineBytes: Int {
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
    public var outOfLineBytes: Int { (code.isEmpty ? 0 : arrayBytes + code.count) + descriptionBytes }

    /// The bytes without those of the code.
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
    /// Bytes that the program takes, estimated so that equal programs give equal numbers.
    public var memoryBytes: Int {
        var bytes = symbols.estimatedByteCount + constants.estimatedByteCount
        bytes += shapes.estimatedByteCount + formals.estimatedByteCount
        bytes += chunks.estimatedByteCount + (lines?.lineStarts.estimatedByteCount ?? 0)
        for symbol in symbols where !symbol.isEmpty { bytes += arrayBytes + symbol.count }
        for constant in constants { bytes += constant.outOfLineBytes }
        for shape in shapes { bytes += shape.outOfLineBytes }
        for pattern in formals { bytes += pattern.outOfLineBytes }
        for chunk in chunks { bytes += chunk.outOfLineBytes }
        return bytes
    }
}

/// Bytes of a non-empty array besides its elements: its header of 32 bytes, and an allowance for the memory allocator's
/// own.
let arrayBytes = 48
