/// The entries of the sections.
extension ProgramDecoder {
    mutating func span() throws(DecodeError.Code) -> SourceSpan {
        let start = try number()
        return SourceSpan(start: start, end: try Self.sum(start, number()))
    }

    mutating func optionalSpan() throws(DecodeError.Code) -> SourceSpan? {
        guard hasSpans, let start = try optional() else { return nil }
        return SourceSpan(start: start, end: try Self.sum(start, number()))
    }

    mutating func constant() throws(DecodeError.Code) -> Constant {
        guard let tag = ProgramFormat.ConstantTag(rawValue: try byte()) else { throw .unknownTag }
        switch tag {
        case .integer: return .integer(try signed())
        case .float:
            itemStart = offset
            guard end - offset >= 8 else { throw .truncated }
            offset += 8
            return .float(bytes[offset - 8..<offset].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        case .string: return .string(try text())
        case .path: return .path(try text())
        case .global: return .global(try number())
        }
    }

    mutating func shape() throws(DecodeError.Code) -> Shape {
        Shape(
            names: try list(minimum: hasSpans ? 2 : 1) { (decoder) throws(DecodeError.Code) in
                Shape.Name(symbol: try decoder.number(), span: try decoder.optionalSpan())
            })
    }

    mutating func formals() throws(DecodeError.Code) -> Formals {
        let ellipsis = try byte()
        guard ellipsis <= 1 else { throw .unknownTag }
        let formals = try list(minimum: hasSpans ? 3 : 2) { (decoder) throws(DecodeError.Code) in
            let symbol = try decoder.number()
            let span = try decoder.optionalSpan()
            return Formals.Formal(symbol: symbol, defaultValue: try decoder.defaultValue(), span: span)
        }
        return Formals(formals: formals, hasEllipsis: ellipsis == 1)
    }

    mutating func defaultValue() throws(DecodeError.Code) -> Formals.Default {
        guard let tag = ProgramFormat.DefaultTag(rawValue: try byte()) else { throw .unknownTag }
        switch tag {
        case .none: return .none
        case .constant: return .constant(try number())
        case .integer: return .integer(try signed())
        case .null: return .null
        case .true: return .true
        case .false: return .false
        case .thunk: return try thunkDefault()
        }
    }

    mutating func thunkDefault() throws(DecodeError.Code) -> Formals.Default {
        let chunk = try number()
        let packed = try integer()
        guard packed >> 1 <= UInt64(end - offset) else { throw .countTooLarge }
        var captures: [Position] = []
        try reserve(arrayBytes + Int(packed >> 1) * MemoryLayout<Position>.stride)
        captures.reserveCapacity(Int(packed >> 1))
        for _ in 0..<packed >> 1 { captures.append(Position(rawValue: try integer())) }
        let with = packed & 1 == 1 ? Position(rawValue: try integer()) : nil
        return .thunk(chunk: chunk, captures: captures, capturesWith: with)
    }

    mutating func chunk() throws(DecodeError.Code) -> Chunk {
        var chunk = try chunkHeader()
        chunk.code = try text()
        guard hasSpans else { return chunk }
        chunk.spans = try list(minimum: 2) { (decoder) throws(DecodeError.Code) in try decoder.span() }
        chunk.instructionSpans = try instructionSpans()
        return chunk
    }

    /// Decodes a chunk up to its code.
    mutating func chunkHeader() throws(DecodeError.Code) -> Chunk {
        let first = try byte()
        let flags = ProgramFormat.ChunkFlags(rawValue: first & ~ProgramFormat.ChunkFlags.kindMask)
        guard let kind = Chunk.Kind(rawValue: first & ProgramFormat.ChunkFlags.kindMask),
            flags.isSubset(of: .known)
        else { throw .unknownTag }
        let arity = try number()
        let upvalueCount = try number()
        let maximumStack = try number()
        let formals = flags.contains(.formals) ? try number() : nil
        let name = flags.contains(.name) ? try number() : nil
        let parameters = try list(minimum: 1) { (decoder) throws(DecodeError.Code) in try decoder.optional() }
        return Chunk(
            kind: kind, arity: arity, upvalueCount: upvalueCount, capturesWith: flags.contains(.capturesWith),
            formals: formals, parameters: parameters, name: name, spans: [], code: [], maximumStack: maximumStack,
            instructionSpans: [])
    }

    mutating func instructionSpans() throws(DecodeError.Code) -> [InstructionSpan] {
        var offset: UInt32 = 0
        var start: UInt32 = 0
        return try list(minimum: 3) { (decoder) throws(DecodeError.Code) in
            offset = try Self.sum(offset, decoder.number())
            let (next, overflow) = Int64(start).addingReportingOverflow(try decoder.signed())
            guard !overflow, let next = UInt32(exactly: next) else { throw .valueOutOfRange }
            start = next
            let end = try Self.sum(next, decoder.number())
            return InstructionSpan(offset: offset, span: SourceSpan(start: next, end: end))
        }
    }
}
