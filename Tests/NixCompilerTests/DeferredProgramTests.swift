import NixBytecode
import NixCompiler
import NixSyntax
import Testing

/// Code that is generated when it is first run.
@Suite struct DeferredProgramTests {
    private func analysed(_ source: String) throws -> AnalysedSource {
        try AnalysedSource(parse(Array(source.utf8)), options: CompileOptions(globals: testGlobals))
    }

    @Test("A part announces the chunks that its code mentions, and makes functions with a pattern at once")
    func parts() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        let program = try DeferredProgram(
            try analysed("let x = map 1; in { a = x 2; f = { p, q ? x 3 }: p; g = y: z: y; h = y: { r }: r; }"))
        let first = try program.part(0, firstChunk: 100, builder: &builder)
        // The chunks are the top level, x, a, f, g, h and the default of f; code is generated for the top level, h and
        // f.
        #expect(first.outlines.map(\.element.kind) == [.topLevel, .thunk, .thunk, .lambda, .lambda, .lambda, .thunk])
        #expect(first.outlines.map(\.element.arity) == [0, 0, 0, 1, 2, 2, 0])
        #expect(Set(first.code.map(\.chunkIndex)) == [0, 3, 5])
        #expect(first.formals.count == 2)
        let second = try program.part(2, firstChunk: 200, builder: &builder)
        #expect(second.outlines.isEmpty && second.code.count == 1)
        #expect(second.code[0].chunk.name != nil)
    }

    @Test("The whole program does not depend on what was asked for")
    func whole() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        let source = "let x = map 1; in { a = x 2; b = { c = x 4; d = e: x e; }; }"
        let first = try analysed(source)
        let program = try DeferredProgram(first)
        _ = try program.part(0, firstChunk: 1, builder: &builder)
        _ = try program.part(2, firstChunk: 9, builder: &builder)
        #expect(try program.source.program().encoded() == analysed(source).program().encoded())
        #expect(try compile(source).program.encoded() == first.program().encoded())
    }

    @Test("A chunk index that was not announced is refused, and so is everything after")
    func unknownRow() throws {
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        let program = try DeferredProgram(try analysed("1"))
        _ = try program.part(0, firstChunk: 1, builder: &builder)
        #expect(throws: CompileError.self) { try program.part(5, firstChunk: 2, builder: &builder) }
        #expect(throws: CompileError.self) { try program.part(0, firstChunk: 2, builder: &builder) }
    }
}
