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
    public func numbered() -> String {
        var text = ""
        func show(_ number: Int, _ content: [UInt8]?) {
            guard let content else { return }
            let label = String(number)
            let padding = String(repeating: " ", count: max(0, 5 - label.utf8.count))
            let numbered = " " + padding + label + "| " + String(decoding: content, as: UTF8.self)
            text += Self.withoutTrailingSpace(numbered) + "\n"
        }
        show(location.line - 1, before)
        if let line {
            show(location.line, line)
            text += "      |" + String(repeating: " ", count: location.column) + "^\n"
        }
        show(location.line + 1, after)
        return text
    }

    private static func withoutTrailingSpace(_ text: String) -> String {
        var view = text[...]
        while let last = view.last, last == " " || last == "\t" || last == "\r" { view = view.dropLast() }
        return String(view)
    }
}
