import Testing

@testable import NixSyntax

/// Limits of the packed representation of trees.
@Suite struct TreeTests {
    @Test(arguments: [1, 65_534, 65_535, 70_000])
    func callsOfManyArguments(count: Int) throws {
        let tree = try parse(Array(("f" + String(repeating: " 1", count: count)).utf8))
        guard case .apply(let function, let arguments) = tree[tree.root], case .identifier(let name) = tree[function]
        else {
            Issue.record("not a call")
            return
        }
        #expect(tree.bytes(of: name) == Array("f".utf8))
        #expect(Int(arguments.count) == count)
        guard let last = arguments.range.last, case .integer(1) = tree[tree.children[last]] else {
            Issue.record("not the last argument")
            return
        }
    }

    @Test(arguments: [Int64.max, 0, 4_294_967_296, 4_294_967_295])
    func integers(value: Int64) throws {
        guard case .integer(value) = try parse(Array("\(value)".utf8))[NodeID(0)] else {
            Issue.record("not \(value)")
            return
        }
    }

    @Test("An operator's position is its sign's, anything else's where it starts")
    func positions() throws {
        let tree = try parse(Array("(a)  + b".utf8))
        #expect(tree.position(of: tree.root) == 5)
        #expect(tree.span(of: tree.root) == Span(start: 0, end: 8))
        guard case .binary(.add, let left, _) = tree[tree.root] else {
            Issue.record("not an addition")
            return
        }
        #expect(tree.position(of: left) == 1)
    }

    /// Small binding groups are searched linearly, larger ones by hashing.
    @Test(arguments: [1, 7, 8, 9, 10, 100, 1000])
    func duplicatesAreFound(count: Int) throws {
        let names = (0..<count).map { "a\($0) = 1;" }.joined(separator: " ")
        #expect(try parse(Array("{ \(names) }".utf8)).attributes.count == count)
        for index in [0, count / 2, count - 1] {
            let source = Array("{ \(names) a\(index) = 2; }".utf8)
            let error = #expect(throws: SyntaxError.self) { _ = try parse(source) }
            #expect(error?.kind == .duplicateAttribute)
        }
    }

    @Test(
        "Texts are the source's own bytes where they can be",
        arguments: [
            ("\"plain\"", "plain"), ("\"a\\nb\"", "a\nb"), ("\"a\r\nb\"", "a\nb"),
            ("''\n    deep\n  less\n  ''", "  deep\nless\n"), ("''  one line''", "one line"),
            ("''\n  a\n\n    b''", "a\n\n  b"), ("''\n  a ''${b} '''\n''", "a ${b} ''\n"),
        ])
    func texts(source: String, text: String) throws {
        let tree = try parse(Array(source.utf8))
        guard case .string(let parts) = tree[tree.root] else {
            Issue.record("not a string")
            return
        }
        let found = parts.range.flatMap { index -> [UInt8] in
            guard case .literal(let text) = tree.parts[index] else { return [] }
            return tree.bytes(of: text)
        }
        #expect(found == Array(text.utf8))
    }
}
