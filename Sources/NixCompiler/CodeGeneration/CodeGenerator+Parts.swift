import NixBytecode
import NixSyntax

/// Programs made part by part: the code of a chunk is made when somebody asks for it.
///
/// A chunk that code refers to is announced with what is known of it before: of a function name and places too. Functions
/// with a pattern are made along with the code that mentions them, so that their formals are there at once.
extension CodeGenerator {
    struct PartState {
        /// The number of the next chunk that is announced.
        var nextChunk: UInt32
        var announced: [ChunkOutline] = []
        /// Functions among them.
        var functions: [ProgramPart.Code] = []
        /// Rows of chunks that belong to the part that is being made.
        var chunkIndices: [Int]
        /// Code that was made, and what that takes beside its place.
        var code: [ProgramPart.Code] = []
        var ownBytes = 0

        func byteCount(adding more: Int) -> Int {
            announced.byteCount(adding: more) + functions.byteCount(adding: more) + chunkIndices.byteCount(adding: more)
                + code.byteCount(adding: more) + ownBytes
        }
    }

    /// Makes the code of one announced chunk.
    ///
    /// - Parameters:
    ///   - chunkIndex: its place among all announced chunks. Chunk 0, the top level, is announced by asking for it.
    ///   - firstChunk: number of the first chunk that the part announces.
    ///   - builder: whose room is used, so that the generators of all sources share it.
    ///   - shouldCancel: as `CompileOptions.shouldCancel`.
    mutating func generatePart(
        _ chunkIndex: Int, firstChunk: UInt32, builder room: inout ChunkBuilder,
        shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    ) throws(CompileError) -> ProgramPart {
        swap(&builder, &room)
        ask(shouldCancel)
        defer {
            ask(nil)
            swap(&builder, &room)
        }
        part = PartState(nextChunk: firstChunk, chunkIndices: [chunkIndex])
        var span = tree.span(of: tree.root)
        do throws(BuilderError) {
            if pending.isEmpty { try enqueue(.function(FunctionID(0)), span: span) }
            while let next = part?.chunkIndices.popLast() {
                guard next < pending.count else { throw .chunk(UInt32(truncatingIfNeeded: next)) }
                span = pending[next].span
                let chunk = try generate(pending[next])
                part?.code.append(ProgramPart.Code(chunkIndex: next, chunk: chunk))
                part?.ownBytes += chunk.ownBytes
            }
        } catch { throw error.asCompileError(at: span) }
        let made = part
        part = PartState(nextChunk: firstChunk, chunkIndices: [])
        return program.takePart(
            firstChunk: firstChunk, newChunks: made?.announced ?? [], functions: made?.functions ?? [],
            code: made?.code ?? [])
    }

    /// Gives a chunk its number and a chunkIndex without code.
    mutating func announce(_ body: PendingChunk.Body, span: Span) throws(BuilderError) -> UInt32 {
        try work()
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
            part?.ownBytes += function.ownBytes
            part?.functions.append(ProgramPart.Code(chunkIndex: chunkIndex, chunk: function))
        }
        return index
    }

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

    /// A function without its code.
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
