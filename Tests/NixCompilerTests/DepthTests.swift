import NixCompiler
import NixSyntax
import Testing

@Suite struct DepthTests {
    /// Sources with the deepest nesting that the parser accepts.
    static let sources: [String] = [
        nested("!", "true", ""), nested("-", "1", ""), nested("(1 + ", "1", ")"), nested("(1 == ", "1", ")"),
        nested("[ ", "", " ]"), nested("{ a = ", "1", "; }"), nested("rec { a = ", "1", "; }"),
        nested("{ ${", "\"a\"", "} = 1; }"), nested("x: ", "x", ""), nested("{ x }: ", "x", ""),
        nested("{ x ? ", "1", " }: x"), nested("let a = ", "1", "; in a"), nested("let a = 1; in ", "a", ""),
        nested("let { body = ", "1", "; }"), nested("with { }; ", "b", ""),
        nested("with { a = ", "1", "; }; a", levels / 2),
        nested("if true then 1 else ", "1", ""), nested("if ", "true", " then true else false"),
        nested("assert true; ", "1", ""), nested("assert ", "true", "; true"), nested("(x: x) (", "1", ")"),
        nested("\"a${", "\"\"", "}\""), nested("/a/${", "\"\"", "}"), nested("({ a = ", "1", "; }).a", levels / 2),
        nested("(", "null", ").a", levels), nested("null.${", "\"a\"", "}"), nested("(null.a or ", "1", ")"),
        nested("null ? ${", "\"a\"", "}"), nested("{ inherit (", "null", ") a; }"), nested("(true -> ", "true", ")"),
        nested("((x: x) <| ", "1", ")"), nested("(", "1", " |> (x: x))", levels),
        "1" + String(repeating: " + 1", count: levels), "1" + String(repeating: " |> (x: x)", count: levels - 1),
        "__sub: 1" + String(repeating: " - 1", count: levels),
    ]
    static let levels = 9_990

    static func nested(_ open: String, _ inner: String, _ close: String, _ levels: Int = levels) -> String {
        String(repeating: open, count: levels) + inner + String(repeating: close, count: levels)
    }

    @Test("What the parser accepts compiles on the stack that the compiler asks for", arguments: sources.indices)
    func deep(index: Int) async throws {
        let source = Self.sources[index]
        let chunks = try await onBigStack { try compile(source).program.chunks.count }
        #expect(chunks >= 1)
    }
}

extension DepthTests {
    @Test("A deeper tree than the parser makes is refused")
    func tooDeep() async throws {
        let error = try await onBigStack { () -> CompileError? in
            var tree = try parse(Array("!true".utf8))
            for _ in 0...Compiler.maximumDepth {
                let operand = tree.root
                tree.root = NodeID(UInt32(tree.nodes.count))
                tree.nodes.append(.not(operand))
                tree.spans.append(tree.span(of: operand))
            }
            do {
                _ = try Compiler.compile(tree, options: CompileOptions(globals: testGlobals))
                return nil
            } catch let error as CompileError {
                return error
            }
        }
        #expect(error?.kind == .nestingTooDeep)
    }
}
