/// Finds lines and columns in a source. Building it reads the source once; a query reads at most one block. It takes 8
/// bytes for each block of 4 KiB, however short the lines are.
public struct LineIndex: Sendable {
    /// The state at the beginning of a block.
    private struct Mark {
        /// The number of lines that start before the block or at its beginning.
        var lineCount: UInt32
        /// The offset at which the last of them starts.
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

    /// The location of a byte offset. One behind the source counts as its end.
    public func location(of offset: UInt32) -> SourceLocation {
        let offset = min(Int(offset), source.count)
        let block = min(Int(offset) / Self.blockBytes, marks.count - 1)
        var mark = marks[block]
        // A CR LF may straddle the beginning of the block; the line then starts behind it.
        SourceLocation.forEachLineStart(
            in: source, from: max(block * Self.blockBytes, Int(mark.lineStart)), to: Int(offset)
        ) { start in
            mark = Mark(lineCount: mark.lineCount &+ 1, lineStart: UInt32(truncatingIfNeeded: start))
        }
        return SourceLocation(line: Int(mark.lineCount), column: Int(offset) - Int(mark.lineStart) + 1)
    }
}
