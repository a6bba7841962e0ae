import MessageText

/// The line of an error with its neighbours, as Nix shows them.
///
/// Of a line of more than `longestLine` bytes so many around the column are shown, or the first of a neighbour, with whole
/// characters, and `…` where it is cut.
public struct SourceExcerpt: Hashable, Sendable {
    public let location: SourceLocation
    /// The line before, the line itself and the line after, without their line ends; nil where there is none.
    public let before: [UInt8]?
    public let line: [UInt8]?
    public let after: [UInt8]?
    /// The column of `location` in what is shown of the line, from 1.
    public let shownColumn: Int

    /// Bytes of a line that are shown at most.
    public static let longestLine = 1024

    /// - Parameter offset: a byte offset in `source`, at most its length.
    public init(source: [UInt8], offset: UInt32) {
        self.init(source: source, offset: offset, at: SourceLocation(offset: offset, in: source))
    }

    /// - Parameters:
    ///   - offset: a byte offset in `source`, at most its length.
    ///   - location: where that is.
    public init(source: [UInt8], offset: UInt32, at location: SourceLocation) {
        self.location = location
        let column = location.column - 1
        let start = Int(offset) - column
        // Nix shows no line of an empty source.
        guard !source.isEmpty, start >= 0, start <= source.count else {
            (before, line, after, shownColumn) = (nil, nil, nil, location.column)
            return
        }
        let lines = SourceLines(source: source)
        let content = lines.content(from: start)
        let shown = ShownLine(source, content, column: column)
        line = shown.bytes
        shownColumn = shown.column + 1
        before = start > 0 ? ShownLine(source, lines.content(from: lines.start(before: start)), column: 0).bytes : nil
        after = lines.start(after: content.upperBound).map {
            ShownLine(source, lines.content(from: $0), column: 0).bytes
        }
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
            text += Array("      |\(String(repeating: " ", count: shownColumn))^\n".utf8)
        }
        show(location.line + 1, after)
        return text
    }
}

/// Finds the ends of a line in a source.
private struct SourceLines {
    let source: [UInt8]

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

    /// The bytes of the line that starts at an offset, without its end.
    func content(from start: Int) -> Range<Int> {
        var end = start
        while end < source.count, !Self.isLineEnd(source[end]) { end += 1 }
        return start..<end
    }

    /// Where the line starts that ends before an offset at which a line starts.
    func start(before offset: Int) -> Int {
        var start = offset - 1
        if source[start] == 10, start > 0, source[start - 1] == 13 { start -= 1 }
        while start > 0, !Self.isLineEnd(source[start - 1]) { start -= 1 }
        return start
    }

    /// Where the line after the one starts whose bytes end at an offset; nil where that is the last.
    func start(after end: Int) -> Int? {
        guard end < source.count else { return nil }
        let isPair = source[end] == 13 && end + 1 < source.count && source[end + 1] == 10
        return end + (isPair ? 2 : 1)
    }
}

/// As much of a line as is shown.
private struct ShownLine {
    var bytes: [UInt8]
    /// Where in it the column is, from 0.
    var column: Int

    private static let cut = Array("…".utf8)

    /// - Parameter column: bytes of the line before the place that must be seen.
    init(_ source: [UInt8], _ line: Range<Int>, column: Int) {
        let most = SourceExcerpt.longestLine
        guard line.count > most else {
            bytes = Array(source[line])
            self.column = column
            return
        }
        let place = min(line.lowerBound + column, line.upperBound)
        var start = max(line.lowerBound, min(place - most / 2, line.upperBound - most))
        var end = min(line.upperBound, start + most)
        if start > line.lowerBound { start = MessageText.characterStart(source, atOrBefore: start) }
        if end < line.upperBound { end = MessageText.characterStart(source, atOrBefore: end) }
        bytes = Array(source[start..<end])
        self.column = place - start
        if start > line.lowerBound {
            bytes = Self.cut + bytes
            // The mark takes the width of one character.
            self.column += 1
        }
        if end < line.upperBound { bytes += Self.cut }
    }
}
