/// Finds lines and columns of a source in time that does not depend on its size, once it was read. It takes two bytes for
/// each thousand of the source's, however short the lines are.
public struct LineIndex: Sendable {
    /// What is known where a block begins.
    private struct Mark {
        /// Lines that start before the block or at its beginning.
        var lineCount: UInt32
        /// Where the last of them starts.
        var lineStart: UInt32
    }

    private static let blockBytes = 4096

    private let source: [UInt8]
    private var marks: [Mark] = []

    public init(_ source: [UInt8]) {
        self.source = source
        marks.reserveCapacity(source.count / Self.blockBytes + 1)
        var mark = Mark(lineCount: 1, lineStart: 0)
        marks.append(mark)
        var marks = marks
        SourceLocation.forEachLineStart(in: source, from: 0, to: source.count) { start in
            while marks.count * Self.blockBytes < start { marks.append(mark) }
            mark = Mark(lineCount: mark.lineCount &+ 1, lineStart: UInt32(truncatingIfNeeded: start))
        }
        while marks.count * Self.blockBytes <= source.count { marks.append(mark) }
        self.marks = marks
    }

    /// The location of a byte offset, which is at most the source's length.
    public func location(of offset: UInt32) -> SourceLocation {
        let block = min(Int(offset) / Self.blockBytes, marks.count - 1)
        var mark = marks[block]
        // A line end may lie across the beginning of the block: the mark is behind it.
        SourceLocation.forEachLineStart(
            in: source, from: max(block * Self.blockBytes, Int(mark.lineStart)), to: Int(offset)
        ) { start in
            mark = Mark(lineCount: mark.lineCount &+ 1, lineStart: UInt32(truncatingIfNeeded: start))
        }
        return SourceLocation(line: Int(mark.lineCount), column: Int(offset) - Int(mark.lineStart) + 1)
    }
}
