import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Generates a string from its parts. When it runs, paths among them become store paths.
    mutating func generateString(_ parts: Run, at span: Span) throws(BuilderError) {
        let count = try pushParts(parts, Coercion.copyToStore, at: span)
        switch count {
        case 0: try emitString([], at: span)
        case 1: break
        default: try emit(.interpolate, .count(count), at: span)
        }
    }

    /// Generates a path with interpolation. Its first part decides what the path is relative to.
    mutating func generatePath(_ parts: Run, at span: Span) throws(BuilderError) {
        guard let first = parts.range.first, case .literal(let text) = tree.parts[first] else { return }
        if try bytes(of: text).first == UInt8(ascii: "~") {
            try generateHomePath(text, at: span)
        } else {
            try emit(.constant, .constant(try program.constant(.path(try bytes(of: text)))), at: span)
        }
        let rest = Run(start: parts.start + 1, count: parts.count - 1)
        let count = try pushParts(rest, [], at: span)
        try emit(.interpolatePath, .count(count + 1), at: span)
    }

    /// Generates `~/rest`, with `rest` as the constant.
    mutating func generateHomePath(_ text: TextID, at span: Span) throws(BuilderError) {
        let bytes = try bytes(of: text)
        let rest = Array(bytes.drop { $0 == UInt8(ascii: "~") }.drop { $0 == UInt8(ascii: "/") })
        try emit(.homePath, .constant(try program.constant(.string(rest))), at: span)
    }

    /// Pushes the parts of a string, coerced to strings; adjacent literals are merged.
    ///
    /// - Returns: the number of values pushed.
    private mutating func pushParts(
        _ parts: Run, _ coercion: Coercion, at span: Span
    ) throws(BuilderError) -> Int {
        var count = 0
        var literal: [UInt8] = []
        for index in parts.range {
            switch tree.parts[index] {
            case .literal(let text):
                try charge()
                let length = literal.count + tree.length(of: text)
                if length > Self.longList { try pollBeforeTaking(3 * length) }
                literal += tree.bytes(of: text)
            case .interpolation(let node):
                count += try pushLiteral(&literal, at: span)
                try generate(node, tail: false)
                try emit(.coerceToString, .coercion(coercion), at: tree.partSpans[index])
                count += 1
            }
        }
        return count + (try pushLiteral(&literal, at: span))
    }

    private mutating func pushLiteral(_ literal: inout [UInt8], at span: Span) throws(BuilderError) -> Int {
        guard !literal.isEmpty else { return 0 }
        try emitString(literal, at: span)
        literal.removeAll()
        return 1
    }
}
