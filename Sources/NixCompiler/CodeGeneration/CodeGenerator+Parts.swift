import ByteCounting
import NixBytecode
import NixSyntax

/// Programs that are generated part by part: the code of a chunk is generated when it is first run.
///
/// A chunk that code refers to is announced with an outline, and a function with its name and spans, too. Functions
/// with a pattern are generated along with the code that refers to them, because their formals are needed when the
/// closure is made.
extension CodeGenerator {
    struct PartState {
        /// The number of the next chunk to be announced.
        var nextChunk: UInt32
        var announced: [ChunkOutline] = []
        /// The announced functions, without code.
        var functions: [ProgramPart.Code] = []
        /// Indices in `pending` of the chunks still to be generated for this part.
        var chunkIndices: [Int]
        /// The generated code, and the bytes it takes besides the elements of `code`.
        var code: [ProgramPart.Code] = []
        var outOfLineBytes = 0

        func byteCount(adding more: Int) -> Int {
            announced.byteCount(adding: more) + functions.byteCount(adding: more) + chunkIndices.byteCount(adding: more)
                + code.byteCount(adding: more) + outOfLineBytes
        }
    }

    /// Generates the code of one announced chunk.
    ///
    /// - Parameters:
    ///   - chunkIndex: its index among all announced chunks. Chunk 0, the top level, need not have been announced.
    ///   - firstChunk: number of the first chunk that this part announces.
    ///   - shared: a builder whose buffers are reused, so that the generators of all sources share them.
    ///   - shouldCancel: see `CompileOptions.shouldCancel`.
    /// - Returns: the code of the chunk, and the table entries and chunks that it newly refers to.
    /// - Throws: limits and cancellation.
    mutating func generatePart(
        _ chunkIndex: Int, firstChunk: UInt32, builder shared: inout ChunkBuilder,
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) -> ProgramPart {
        swap(&builder, &shared)
        setPoll(shouldCancel)
        defer {
            setPoll(nil)
            swap(&builder, &shared)
        }
        part = PartState(nextChunk: firstChunk, chunkIndices: [chunkIndex])
        var span = tree.span(of: tree.root)
        do throws(BuilderError) {
            if pending.isEmpty { try enqueue(.function(FunctionID(0)), span: span) }
            while let next = part?.chunkIndices.popLast() {
                guard next < pending.count else { throw .chunk(UInt32(truncatingIfNeeded: next)) }
                span = pending[next].span
                let chunk = try generate(pending[next])
                part?.outOfLineBytes += chunk.outOfLineBytes
                part?.code.append(ProgramPart.Code(chunkIndex: next, chunk: chunk))
            }
        } catch { throw error.asCompileError(at: span) }
        var made = PartState?.some(PartState(nextChunk: firstChunk, chunkIndices: []))
        swap(&part, &made)
        guard let made else { return ProgramPart() }
        return program.finishPart(newChunks: made.announced, functions: made.functions, code: made.code)
    }

    /// Announces a chunk whose code is generated later, and returns its number.
    mutating func announce(_ body: PendingChunk.Body, span: Span) throws(BuilderError) -> UInt32 {
        try charge()
        let index = part?.nextChunk ?? 0
        guard index < UInt32.max else {
            throw .limitExceeded(what: "functions and thunks", limit: ProgramLimits.entries)
        }
        let chunkIndex = pending.count
        pending.append(PendingChunk(index: index, body: body, span: span))
        part?.nextChunk = index + 1
        let outline = outline(body)
        part?.announced.append(outline)
        guard case .function(let id) = body, case .lambda(let node) = analysis.functions[id.index].body else {
            return index
        }
        if hasPattern(id) {
            part?.chunkIndices.append(chunkIndex)
        } else {
            let function = try outlineLambda(id, node)
            part?.outOfLineBytes += function.outOfLineBytes
            part?.functions.append(ProgramPart.Code(chunkIndex: chunkIndex, chunk: function))
        }
        return index
    }

    // Both questions are inlined: a call would copy the whole generator, which is a large value.

    @inline(__always)
    private func hasPattern(_ id: FunctionID) -> Bool {
        guard case .lambda(let node) = analysis.functions[id.index].body else { return false }
        var next = node
        for _ in 0..<analysis.functions[id.index].arity {
            guard case .lambda(let lambda) = tree[next] else { return false }
            if tree.lambdas[Int(lambda.rawValue)].hasFormals { return true }
            next = tree.lambdas[Int(lambda.rawValue)].body
        }
        return false
    }

    @inline(__always)
    private func outline(_ body: PendingChunk.Body) -> ChunkOutline {
        guard case .function(let id) = body else {
            return ChunkOutline(kind: .thunk, arity: 0, upvalueCount: 1, capturesWith: false)
        }
        let record = analysis.functions[id.index]
        let kind: Chunk.Kind =
            switch record.body {
            case .topLevel: .topLevel
            case .lambda: .lambda
            case .thunk, .variable, .inherited, .inheritedFrom, .overridden: .thunk
            }
        return ChunkOutline(
            kind: kind, arity: record.arity, upvalueCount: Int(record.captures.count) + (record.capturesWith ? 1 : 0),
            capturesWith: record.capturesWith)
    }

    /// The header of a lambda chunk, without code.
    private mutating func outlineLambda(_ id: FunctionID, _ node: NodeID) throws(BuilderError) -> Chunk {
        let outline = outline(.function(id))
        var chunk = Chunk(
            kind: .lambda, arity: UInt32(outline.arity), upvalueCount: outline.upvalueCount,
            capturesWith: outline.capturesWith, formals: nil, parameters: [], name: nil, spans: [], code: [],
            maximumStack: UInt32(outline.arity), instructionSpans: [])
        if let symbol = analysis.functions[id.index].name { chunk.name = try programSymbol(symbol) }
        var next = node
        while chunk.parameters.count < Int(chunk.arity), case .lambda(let id) = tree[next] {
            let lambda = tree.lambdas[Int(id.rawValue)]
            var parameter: UInt32?
            if let symbol = lambda.parameter { parameter = try programSymbol(symbol) }
            chunk.parameters.append(parameter)
            chunk.spans.append(SourceSpan(tree.span(of: next)))
            next = lambda.body
        }
        return chunk
    }
}
