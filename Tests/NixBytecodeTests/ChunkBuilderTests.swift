import NixBytecode
import Testing

@Suite struct ChunkBuilderTests {
    private func finish(_ builder: ChunkBuilder) throws -> Chunk {
        try builder.finish(
            upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
            spans: [SourceSpan(start: 0, end: 1)])
    }

    private func program(_ chunk: Chunk) -> Program {
        Program(
            symbols: [], constants: [], shapes: [], formals: [], chunks: [chunk], lines: LineTable(lineStarts: [0]))
    }

    @Test func countsHeightsAlongBothEdges() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        try builder.emit(.true)
        let other = try builder.emitJump(.jumpIfFalse)
        #expect(builder.height == 0)
        try builder.emit(.integer, .signed(1))
        try builder.emit(.integer, .signed(2))
        try builder.emit(.add)
        let end = try builder.emitJump(.jump)
        #expect(!builder.isReachable)
        try builder.patch(other)
        #expect(builder.isReachable && builder.height == 0)
        try builder.emit(.null)
        try builder.patch(end)
        #expect(builder.height == 1)
        try builder.emit(.return)
        let chunk = try finish(builder)
        #expect(chunk.maximumStack == 2)
        try program(chunk).verify()
    }

    @Test func refusesWhatCannotBe() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        #expect(throws: BuilderError.heightTooLow(.pop, height: 0, pops: 1)) { try builder.emit(.pop) }
        #expect(throws: BuilderError.wrongOperands(.integer)) { try builder.emit(.integer) }
        #expect(throws: BuilderError.wrongOperands(.integer)) { try builder.emit(.integer, .signed(1 << 60)) }
        #expect(throws: BuilderError.wrongOperands(.call)) { try builder.emit(.call, .count(0)) }
        #expect(throws: BuilderError.wrongOperands(.jump)) { try builder.emit(.jump) }
        #expect(throws: BuilderError.wrongOperands(.step)) { try builder.emit(.step, .count(0)) }
        #expect(throws: BuilderError.wrongOperands(.null)) { _ = try builder.emitJump(.null) }
        #expect(builder.offset == 0)
        #expect(throws: BuilderError.fallsOffEnd) { try finish(builder) }
        try builder.emit(.true)
        let jump = try builder.emitJump(.jumpIfTrue)
        try builder.emit(.null)
        #expect(throws: BuilderError.heightMismatch(offset: builder.offset, found: 0, expected: 1)) {
            try builder.patch(jump)
        }
        try builder.emit(.return)
        #expect(throws: BuilderError.unreachable(.null, offset: builder.offset)) { try builder.emit(.null) }
        #expect(throws: BuilderError.unpatchedJumps(count: 1)) { try finish(builder) }
        try builder.patch(jump)
        #expect(throws: BuilderError.unknownJump(offset: 2)) { try builder.patch(jump) }
    }

    @Test func argumentsStay() throws {
        var builder = ChunkBuilder(kind: .lambda, arity: 2)
        #expect(builder.height == 2)
        #expect(throws: BuilderError.heightTooLow(.pop, height: 2, pops: 1)) { try builder.emit(.pop) }
        try builder.emit(.getLocal, .slot(1))
        #expect(builder.height == 3)
    }

    @Test func marksSpansWhereTheyChange() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        let first = SourceSpan(start: 0, end: 5)
        let second = SourceSpan(start: 2, end: 3)
        try builder.emit(.integer, .signed(1), at: first)
        try builder.emit(.force, at: first)
        try builder.emit(.negate, at: second)
        try builder.emit(.return)
        let chunk = try finish(builder)
        #expect(chunk.instructionSpans.map(\.offset) == [0, 3])
        #expect(chunk.span(at: 2) == first)
        #expect(chunk.span(at: 4) == second)
    }

    @Test func jumpsOverMoreThan64KiB() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        try builder.emit(.true)
        let other = try builder.emitJump(.jumpIfFalse)
        try builder.emit(.null)
        for _ in 0..<100_000 { try builder.emit(.force) }
        let end = try builder.emitJump(.jump)
        try builder.patch(other)
        try builder.emit(.false)
        try builder.patch(end)
        try builder.emit(.return)
        let program = program(try finish(builder))
        try program.verify()
        #expect(Disassembler(program).instruction(chunk: 0, offset: 1) == "jumpIfFalse          -> 100012")
        let decoded = try Program(decoding: program.encoded())
        #expect(decoded == program)
    }
}

@Suite struct ProgramBuilderTests {
    @Test func internsInOrderOfFirstUse() throws {
        var builder = ProgramBuilder()
        #expect(try builder.symbol("b") == 0)
        #expect(try builder.symbol("a") == 1)
        #expect(try builder.symbol("b") == 0)
        #expect(builder.name(of: 1) == Array("a".utf8))
        #expect(builder.name(of: 2) == nil)
        #expect(try builder.constant(.float(0)) == 0)
        #expect(try builder.constant(.float(1 << 63)) == 1)
        #expect(try builder.constant(.float(0)) == 0)
        let shape = Shape(names: [Shape.Name(symbol: 0, span: nil)])
        #expect(try builder.shape(shape) == 0)
        #expect(try builder.shape(Shape(names: [])) == 1)
        #expect(try builder.shape(shape) == 0)
        #expect(try builder.addFormals(Formals(formals: [], hasEllipsis: true)) == 0)
        #expect(try builder.addFormals(Formals(formals: [], hasEllipsis: true)) == 1)
    }

    @Test func chunksAreSetOnce() throws {
        var builder = ProgramBuilder()
        #expect(throws: BuilderError.chunk(0)) { try builder.finish(lines: nil) }
        let index = try builder.reserveChunk()
        #expect(throws: BuilderError.chunk(index)) { try builder.finish(lines: nil) }
        let chunk = Chunk(
            kind: .topLevel, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
            spans: [SourceSpan(start: 0, end: 4)], code: [Opcode.null.rawValue, Opcode.return.rawValue],
            maximumStack: 1, instructionSpans: [])
        try builder.setChunk(index, chunk)
        #expect(throws: BuilderError.chunk(index)) { try builder.setChunk(index, chunk) }
        #expect(throws: BuilderError.chunk(7)) { try builder.setChunk(7, chunk) }
        #expect(try builder.finish(lines: nil).chunks[0].spans.isEmpty)
    }
}
