/// The line of an error with its neighbours, as Nix shows them.
public struct SourceExcerpt: Hashable, Sendable {
    public let location: SourceLocation
    /// The line before, the line itself and the line after, without their line ends; nil where there is none.
    public let before: [UInt8]?
    public let line: [UInt8]?
    public let after: [UInt8]?

    /// - Parameter offset: a byte offset in `source`, at most its length.
    public init(source: [UInt8], lineStarts: [UInt32], offset: UInt32) {
        location = SourceLocation(offset: offset, lineStarts: lineStarts)
        let index = location.line - 1
        // Nix shows no line of an empty source.
        let count = source.isEmpty ? 0 : lineStarts.count
        func content(_ number: Int) -> [UInt8]? {
            guard number >= 0 && number < count else { return nil }
            let start = Int(lineStarts[number])
            var end = number + 1 < count ? Int(lineStarts[number + 1]) : source.count
            while end > start && (source[end - 1] == 10 || source[end - 1] == 13) { end -= 1 }
            return Array(source[start..<end])
        }
        before = content(index - 1)
        line = content(index)
        after = content(index + 1)
    }

    /// The lines with their numbers and a caret below the column, each line ended by a newline and indented as Nix
    /// indents them below `at FILE:LINE:COLUMN:`.
    public func rendered() -> String {
        numbered().split(separator: "\n").map { "       \($0)\n" }.joined()
    }

    /// As `rendered`, without the indentation.
    public func numbered() -> String { String(decoding: numberedBytes(), as: UTF8.self) }

    /// As `numbered`, with the source's bytes as they are.
    public func numberedBytes() -> [UInt8] {
        var text: [UInt8] = []
        func show(_ number: Int, _ content: [UInt8]?) {
            guard let content else { return }
            let label = String(number)
            let padding = String(repeating: " ", count: max(0, 5 - label.utf8.count))
            text += Array(" \(padding)\(label)| ".utf8) + content
            while let last = text.last, last == 0x20 || last == 0x09 || last == 0x0D { text.removeLast() }
            text.append(UInt8(ascii: "\n"))
        }
        show(location.line - 1, before)
        if let line {
            show(location.line, line)
            text += Array("      |\(String(repeating: " ", count: location.column))^\n".utf8)
        }
        show(location.line + 1, after)
        return text
    }
}
