import MessageText

/// The source line of an error with its neighbours, as Nix shows them.
///
/// Lines of more than `longestLine` bytes are cut at character boundaries and marked with `…`: the error's line around
/// its column, the neighbours at their end.
public struct SourceExcerpt: Hashable, Sendable {
    public let location: SourceLocation
    /// The line before, the line itself and the line after, without line endings; nil where there is none.
    public let before: [UInt8]?
    public let line: [UInt8]?
    public let after: [UInt8]?
    /// The column of `location` in `line` after cutting, from 1.
    public let shownColumn: Int

    /// The most bytes of a line that are shown.
    public static let longestLine = 1024

    /// - Parameters:
    ///   - source: the bytes of the source.
    ///   - offset: a byte offset in `source`, at most its length.
    public init(source: [UInt8], offset: UInt32) {
        self.init(source: source, offset: offset, at: SourceLocation(offset: offset, in: source))
    }

    /// - Parameters:
    ///   - source: the bytes of the source.
    ///   - offset: a byte offset in `source`. One behind its end has no lines.
    ///   - location: the line and column of `offset`.
    public init(source: [UInt8], offset: UInt32, at location: SourceLocation) {
        self.location = location
        let column = location.column - 1
        let start = Int(offset) - column
        // Nix shows no lines for an empty source.
        guard !source.isEmpty, start >= 0, Int(offset) <= source.count else {
            (before, line, after, shownColumn) = (nil, nil, nil, location.column)
            return
        }
        let lines = SourceLines(source: source)
        let content = lines.content(from: start)
        let shown = TruncatedLine(source, content, column: min(column, content.count))
        line = shown.bytes
        shownColumn = shown.column + 1
        before =
            start > 0 ? TruncatedLine(source, lines.content(from: lines.start(before: start)), column: 0).bytes : nil
        after = lines.start(after: content.upperBound).map {
            TruncatedLine(source, lines.content(from: $0), column: 0).bytes
        }
    }

    /// An excerpt whose lines were cut before.
    ///
    /// - Parameters:
    ///   - location: the line and column of the error.
    ///   - before: the line before; nil for none.
    ///   - line: the error's line.
    ///   - after: the line after; nil for none.
    ///   - shownColumn: the column in `line`, from 1. One that lies outside is moved to its end.
    public init(location: SourceLocation, before: [UInt8]?, line: [UInt8], after: [UInt8]?, shownColumn: Int) {
        self.location = location
        self.before = before
        self.line = line
        self.after = after
        self.shownColumn = max(1, min(shownColumn, line.count + 1))
    }

    /// The numbered lines with a caret below the column. Each ends in a newline and is indented as Nix indents it below
    /// `at FILE:LINE:COLUMN:`.
    public func rendered() -> String {
        numbered().split(separator: "\n").map { "       \($0)\n" }.joined()
    }

    /// The text of `rendered` without the indentation.
    public func numbered() -> String { String(decoding: numberedBytes(), as: UTF8.self) }

    /// The text of `numbered` with the source's bytes as they are, which need not be UTF-8.
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

/// Finds the boundaries of lines in a source.
private struct SourceLines {
    let source: [UInt8]

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

    /// The range of the line that starts at `start`, without its line ending.
    func content(from start: Int) -> Range<Int> {
        var end = start
        while end < source.count, !Self.isLineEnd(source[end]) { end += 1 }
        return start..<end
    }

    /// The start of the line before the one that starts at `offset`.
    func start(before offset: Int) -> Int {
        var start = offset - 1
        if source[start] == 10, start > 0, source[start - 1] == 13 { start -= 1 }
        while start > 0, !Self.isLineEnd(source[start - 1]) { start -= 1 }
        return start
    }

    /// The start of the line after the one whose content ends at `end`; nil after the last line.
    func start(after end: Int) -> Int? {
        guard end < source.count else { return nil }
        let isPair = source[end] == 13 && end + 1 < source.count && source[end + 1] == 10
        return end + (isPair ? 2 : 1)
    }
}

/// A line, cut to the most bytes that are shown.
private struct TruncatedLine {
    var bytes: [UInt8]
    /// The column in `bytes`, from 0.
    var column: Int

    private static let ellipsis = Array("…".utf8)

    /// - Parameters:
    ///   - source: the bytes of the source.
    ///   - line: the range of the line, without its ending.
    ///   - column: the column that must remain visible, in bytes from 0.
    init(_ source: [UInt8], _ line: Range<Int>, column: Int) {
        let most = SourceExcerpt.longestLine
        guard line.count > most else {
            bytes = Array(source[line])
            self.column = column
            return
        }
        let target = min(line.lowerBound + column, line.upperBound)
        var start = max(line.lowerBound, min(target - most / 2, line.upperBound - most))
        var end = min(line.upperBound, start + most)
        if start > line.lowerBound { start = MessageText.characterStart(source, atOrBefore: start) }
        if end < line.upperBound { end = MessageText.characterStart(source, atOrBefore: end) }
        bytes = Array(source[start..<end])
        self.column = target - start
        if start > line.lowerBound {
            bytes = Self.ellipsis + bytes
            // The mark `…` has the width of one character.
            self.column += 1
        }
        if end < line.upperBound { bytes += Self.ellipsis }
    }
}
