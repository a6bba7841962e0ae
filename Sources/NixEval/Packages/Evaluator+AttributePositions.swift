import NixBytecode
import NixVM

/// Where attributes are defined, for messages about them.
extension Evaluator {
    /// The position at which an attribute of a forced set is defined; nil if that is unknown.
    func position(ofAttribute name: [UInt8], in set: ValueHandle) -> SourcePosition? {
        let mark = machine.handleMark()
        defer { machine.releaseHandles(since: mark) }
        guard let place = try? call(builtin: "unsafeGetAttrPos", [machine.makeString(name), set]),
            let file = member("file", of: place).flatMap({ machine.bytes($0) }),
            let line = number("line", of: place), let column = number("column", of: place)
        else { return nil }
        let source = String(decoding: file, as: UTF8.self)
        let start = offset(line: line, column: column, in: source)
        let span = start.map { SourceSpan(start: $0, end: $0 + UInt32(name.count)) }
        return SourcePosition(source: source, span: span, line: line, column: column, program: -1)
    }

    private func member(_ name: String, of set: ValueHandle) -> ValueHandle? {
        machine.attribute(set, Array(name.utf8)).flatMap { try? force($0) }
    }

    private func number(_ name: String, of set: ValueHandle) -> Int? {
        member(name, of: set).flatMap { try? text(of: $0, as: .nix, isStrict: false) }
            .flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    /// The offset of a line and column; nil if the source is not available or has no such place.
    private func offset(line: Int, column: Int, in name: String) -> UInt32? {
        let file = SourcePosition(source: name, span: nil, line: nil, column: nil, program: -1)
        guard let index = lineIndex(of: file), let count = source(compiledAs: name)?.count else { return nil }
        var range = 0..<count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            let found = index.location(of: UInt32(middle))
            if (found.line, found.column) == (line, column) { return UInt32(middle) }
            range =
                (found.line, found.column) < (line, column) ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}
