import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Generates one chunk.
    mutating func generate(_ chunk: PendingChunk) throws(BuilderError) -> Chunk {
        switch chunk.body {
        case .function(let id): return try generate(id, span: chunk.span)
        case .selection(let symbol): return try generateSelection(symbol, span: chunk.span)
        }
    }

    private mutating func generate(_ id: FunctionID, span: Span) throws(BuilderError) -> Chunk {
        switch analysis.functions[id.index].body {
        case .topLevel(let node):
            begin(id, kind: .topLevel)
            if builder.arity > 0 { slots[0] = 0 }
            try generate(node, tail: true)
        case .lambda(let node):
            begin(id, kind: .lambda)
            return try generateLambda(id, node)
        case .thunk(let node):
            begin(id, kind: .thunk)
            try generate(node, tail: true)
        case .variable(let node):
            begin(id, kind: .thunk)
            try readLazily(analysis.resolution(of: node), at: span)
            try emit(.return, at: span)
        case .inherited(let attribute):
            begin(id, kind: .thunk)
            try generateVariable(analysis.resolution(ofAttribute: attribute), at: span)
            try emit(.return, at: span)
        case .inheritedFrom(let attribute, let source):
            begin(id, kind: .thunk)
            try generateInheritedFrom(attribute, source)
        case .overridden(let bindings):
            begin(id, kind: .thunk)
            try generateOverridden(bindings, at: span)
        }
        let parameters = [UInt32?](repeating: nil, count: builder.arity)
        return try finish(id, formals: nil, parameters: parameters, spans: [SourceSpan(span)])
    }

    private mutating func finish(
        _ id: FunctionID, formals: UInt32?, parameters: [UInt32?], spans: [SourceSpan]
    ) throws(BuilderError) -> Chunk {
        let record = analysis.functions[id.index]
        var name: UInt32?
        if let symbol = record.name { name = try programSymbol(symbol) }
        return try builder.finish(
            upvalueCount: Int(record.captures.count) + (record.capturesWith ? 1 : 0),
            capturesWith: record.capturesWith, formals: formals, parameters: parameters, name: name, spans: spans)
    }

    /// Generates the thunk of a lazy selection: `x.name`, where `x` is the only upvalue.
    private mutating func generateSelection(_ symbol: SymbolID, span: Span) throws(BuilderError) -> Chunk {
        builder.restart(kind: .thunk, arity: 0)
        let name = try programSymbol(symbol)
        try emit(.getUpvalueForce, .upvalue(0), at: span)
        try emit(.select, .symbol(name), at: span)
        try emit(.return, at: span)
        return try builder.finish(
            upvalueCount: 1, capturesWith: false, formals: nil, parameters: [], name: name, spans: [SourceSpan(span)])
    }

    private mutating func generateLambda(_ id: FunctionID, _ node: NodeID) throws(BuilderError) -> Chunk {
        var parameters: [UInt32?] = []
        var spans: [SourceSpan] = []
        var formals: UInt32?
        var next = node
        while parameters.count < builder.arity, case .lambda(let lambdaID) = tree[next] {
            let lambda = tree.lambdas[Int(lambdaID.rawValue)]
            var binding = Int(analysis.firstParameters[Int(lambdaID.rawValue)])
            var parameter: UInt32?
            if let symbol = lambda.parameter {
                slots[binding] = Int32(truncatingIfNeeded: parameters.count)
                binding += 1
                parameter = try programSymbol(symbol)
            }
            parameters.append(parameter)
            spans.append(SourceSpan(tree.span(of: next)))
            if lambda.hasFormals { formals = try unpack(lambda, first: binding, at: tree.span(of: next)) }
            next = lambda.body
        }
        try generate(next, tail: true)
        return try finish(id, formals: formals, parameters: parameters, spans: spans)
    }

    /// Pushes the values of a pattern's names, which are locals from then on.
    private mutating func unpack(_ lambda: Lambda, first: Int, at span: Span) throws(BuilderError) -> UInt32 {
        let height = builder.height
        for offset in 0..<Int(lambda.formals.count) {
            slots[first + offset] = Int32(truncatingIfNeeded: height + offset)
        }
        var formals: [Formals.Formal] = []
        nameBytes = Int(lambda.formals.count) * MemoryLayout<Formals.Formal>.stride
        defer { nameBytes = 0 }
        if nameBytes > Self.longList, isStopped() { throw .stopped }
        formals.reserveCapacity(Int(lambda.formals.count))
        for index in lambda.formals.range {
            let formal = tree.formals[index]
            formals.append(
                Formals.Formal(
                    symbol: try programSymbol(formal.name), defaultValue: try defaultValue(of: index),
                    span: SourceSpan(formal.span)))
        }
        let index = try program.addFormals(Formals(formals: formals, hasEllipsis: lambda.hasEllipsis))
        try emit(.unpackFormals, .slot(builder.arity - 1), .formals(index, names: formals.count), at: span)
        return index
    }

    private mutating func defaultValue(of index: Int) throws(BuilderError) -> Formals.Default {
        guard let node = tree.formals[index].defaultValue else { return .none }
        guard analysis.functionOfFormal[index] >= 0 else {
            switch try immediate(node) {
            case .integer(let integer): return .integer(integer)
            case .null: return .null
            case .true: return .true
            case .false: return .false
            case .constant(let constant): return .constant(try program.constant(constant))
            }
        }
        let id = FunctionID(Int(analysis.functionOfFormal[index]))
        let record = analysis.functions[id.index]
        let chunk = try enqueue(.function(id), span: tree.span(of: node))
        let captures = record.captures.range.map { position(of: analysis.captures[$0]) }
        nameBytes += captures.isEmpty ? 0 : 48 + captures.count * MemoryLayout<Position>.stride
        return .thunk(chunk: chunk, captures: captures, capturesWith: record.capturesWith ? chain : nil)
    }
}
