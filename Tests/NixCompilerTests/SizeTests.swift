import NixBytecode
import NixCompiler
import NixSyntax
import Testing

/// The cost of a source is not quadratic in its size.
@Suite struct SizeTests {
    @Test("Asserts in the conditions of asserts do not repeat each other's text without end")
    func nestedAsserts() async throws {
        let levels = 5_000
        let source = String(repeating: "assert ", count: levels) + "true" + String(repeating: "; true", count: levels)
        let bytes = try await onBigStack { try compile(source).program.encoded().count }
        #expect(bytes < 16_000_000)
    }

    @Test("An assertion's text is kept whole when it is not long")
    func assertionText() throws {
        let program = try compile("a: b: assert a.x or { c = b; a = [ 1 2 ]; } == { }; 1").program
        let text = "((a).x or ({ a = [ (1) (2) ]; c = b; }) == { })"
        #expect(program.constants.contains(.string(Array(text.utf8))))
    }

    @Test("Functions that nest deeply and use everything around them are refused")
    func captures() async throws {
        let names = (0..<2_000).map { "v\($0)" }
        let levels = 3_000
        let source =
            "let \(names.map { "\($0) = 1;" }.joined()) in " + String(repeating: "[ (1 + ", count: levels) + "1"
            + names.map { " + \($0)" }.joined() + String(repeating: ") ]", count: levels)
        let error = try await onBigStack { try compileError(source) }
        #expect(error?.kind == .tooLarge)
    }
}
