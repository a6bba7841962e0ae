import Foundation
import NixBytecode
import NixCompiler
import NixSyntax
import Testing

@Suite struct ProgramTests {
    @Test("The same source gives the same program")
    func determinism() throws {
        let names = (0..<300).map { "a\($0)" }
        let bindings = names.enumerated().map {
            "\($1) = { inherit a\(($0 * 7) % 300); b = x: a\(($0 * 3) % 300) x; };"
        }
        let source = "with import ./x; rec { \(bindings.joined(separator: " ")) c = [ d e f ]; }"
        let first = try compile(source).program
        #expect(try compile(source).program == first)
    }

    @Test("Symbols and constants are in the order of their use")
    func order() throws {
        let program = try compile("x: { b = \"s\"; a = 2.5; c = x.z or \"s\"; }").program
        #expect(program.symbols.map { String(decoding: $0, as: UTF8.self) } == ["x", "b", "a", "c", "z"])
        #expect(program.constants == [.string(Array("s".utf8)), .float(2.5.bitPattern)])
    }

    @Test("Chunks know the names they are bound to")
    func names() throws {
        let program = try compile("let f = a: { b }: c: a; in { g = f 1; h.i = x: y: x; j.${\"k\" + f} = z: z; }")
            .program
        let names = program.chunks.map { chunk in
            chunk.name.map { String(decoding: program.symbols[Int($0)], as: UTF8.self) }
        }
        // The names are those of the top level, f, g, the sets of h and j, and within them the second function of f, i,
        // and the value of k.
        #expect(names.compactMap { $0 }.sorted() == ["f", "f", "g", "h", "i", "j"])
    }

    @Test("Instructions point at what Nix points at")
    func spans() throws {
        let source = "x: (f: f x.a) (x +  1) \"a${ x }\""
        let program = try compile(source).program
        let texts = program.chunks.flatMap(\.instructionSpans).map { entry in
            let range = Int(entry.span.start)..<Int(entry.span.end)
            return String(decoding: Array(source.utf8)[range], as: UTF8.self)
        }
        #expect(texts.contains("x.a"))
        #expect(texts.contains("1"))
        #expect(texts.contains { $0.hasPrefix("${ x") })
        #expect(texts.contains("(f: f x.a) (x +  1) \"a${ x }\""))
    }

    @Test("An operator's instruction points at its sign")
    func signs() throws {
        let source = "a: b: (a) /* - */ * b"
        let program = try compile(source).program
        let span = SourceSpan(start: 18, end: 19)
        #expect(program.chunks[1].instructionSpans.contains { $0.span == span })
    }

    @Test("scopedImport's names are attributes of the argument, stronger than globals, weaker than scopes")
    func scopedImport() throws {
        let compiled = try compile(
            "x: [ map a x (a + 1) ] ++ (with x; b) ++ (let a = 1; in a)", scopeNames: ["a", "map"])
        #expect(
            listing(compiled.program) == [
                "closure chunk 1 [local 0]; return",
                "getUpvalue upvalue 0; lazySelect map chunk 2; getUpvalue upvalue 0; lazySelect a chunk 3; "
                    + "getLocal local 0; thunk chunk 4 [upvalue 0]; list 4; getLocal local 0; pushWith none; "
                    + "resolveWith local 2 b; closeScope 1; integer 1; getLocalForce local 3; closeScope 1; "
                    + "concatenate; concatenate; return",
                "getUpvalueForce upvalue 0; select map; return", "getUpvalueForce upvalue 0; select a; return",
                "getUpvalueSelect upvalue 0 a; addInteger 1; return",
            ])
        #expect(compiled.program.chunks[0].arity == 1)
        #expect(try compile("1", scopeNames: []).program.chunks[0].arity == 1)
        #expect(try compile("1").program.chunks[0].arity == 0)
    }

    @Test("Chains of more functions than a chunk has parameters are split")
    func longChains() throws {
        let source = (0..<600).map { "a\($0): " }.joined() + "a0 + a599"
        let program = try compile(source).program
        #expect(program.chunks.map(\.arity) == [0, 255, 255, 90])
        #expect(program.chunks[3].upvalueCount == 1)
    }

    @Test("Observers see every chunk by kind")
    func observers() throws {
        final class Recorder: CompilerObserver {
            var seen: [String] = []
            func compiledTopLevel(_ chunk: Int, of program: Program) { seen.append("top level \(chunk)") }
            func compiledLambda(_ chunk: Int, of program: Program) { seen.append("lambda \(chunk)") }
            func compiledThunk(_ chunk: Int, of program: Program) { seen.append("thunk \(chunk)") }
        }
        let recorder = Recorder()
        let tree = try parse(Array("f: f (f 1)".utf8))
        _ = try Compiler.compile(tree, options: CompileOptions(globals: testGlobals), observer: recorder)
        #expect(recorder.seen == ["top level 0", "lambda 1", "thunk 2"])
    }

    @Test("A branch over 64 KiB")
    func longBranch() throws {
        let list = String(repeating: "x (x 1) ", count: 10_000)
        let program = try compile("x: if x then [ \(list) ] else 1").program
        #expect(program.chunks[1].code.count > 65_536)
        let end = Disassembler(program).chunk(1).split(separator: "\n").suffix(2)
        #expect(end.first?.contains("integer") == true)
    }
}
