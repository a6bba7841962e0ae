/// The line table of an encoded program, which stays encoded. It takes a few bytes per thousand lines, and a query
/// decodes at most a thousand of them.
public struct EncodedLines: Sendable {
    private struct Mark {
        /// The offset in `bytes` of the difference to the next line.
        var offset: Int
        /// The source offset at which the line starts.
        var lineStart: UInt32
    }

    private static let linesPerMark = 1024

    private let bytes: [UInt8]
    /// The first of every `linesPerMark` lines.
    private var marks: [Mark] = []

    /// - Parameters:
    ///   - bytes: the differences between line starts. The initialiser fails if they are malformed.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        var offset = 0
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

    /// The line and column of a source offset, both from 1; columns count bytes.
    public func location(of position: UInt32) -> (line: Int, column: Int) {
        let index = max(0, marks.partitionPoint { $0.lineStart <= position } - 1)
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
