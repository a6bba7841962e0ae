/// The line table of an encoded program, read where it is asked for: it takes a few bytes for each thousand lines.
public struct EncodedLines: Sendable {
    private struct Mark {
        /// Where the difference to the next line stands in the bytes.
        var offset: Int
        /// Where the line starts in the source.
        var lineStart: UInt32
    }

    private static let linesPerMark = 1024

    private let bytes: [UInt8]
    /// Of every so many lines the first.
    private var marks: [Mark] = []

    /// - Parameter start: where the differences of line starts begin, which end with the bytes. Nil when they are none.
    init?(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        var offset = start
        var lineStart: UInt32 = 0
        var line = 0
        while offset < bytes.count {
            guard let next = Self.next(bytes, &offset, after: lineStart) else { return nil }
            lineStart = next
            if line % Self.linesPerMark == 0 { marks.append(Mark(offset: offset, lineStart: lineStart)) }
            line += 1
        }
        guard !marks.isEmpty else { return nil }
    }

    private static func next(_ bytes: [UInt8], _ offset: inout Int, after lineStart: UInt32) -> UInt32? {
        guard let difference = try? VU128.decode(bytes, at: &offset), let difference = UInt32(exactly: difference)
        else {
            return nil
        }
        let (sum, overflow) = lineStart.addingReportingOverflow(difference)
        return overflow ? nil : sum
    }

    /// Line and column of a byte of the source, both from 1; the column counts bytes.
    public func location(of position: UInt32) -> (line: Int, column: Int) {
        let index = max(0, marks.lowerIndex { $0.lineStart <= position } - 1)
        var line = index * Self.linesPerMark + 1
        var start = marks[index].lineStart
        var offset = marks[index].offset
        while offset < bytes.count, let next = Self.next(bytes, &offset, after: start), next <= position {
            line += 1
            start = next
        }
        return (line, Int(position) - Int(start) + 1)
    }
}
