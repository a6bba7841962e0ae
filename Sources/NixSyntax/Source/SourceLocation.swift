/// A line and a column in a source.
public struct SourceLocation: Hashable, Sendable {
    /// The line, from 1. Lines end in LF, CR or CR LF.
    public var line: Int
    /// The column in bytes, from 1.
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The location of a byte offset. This reads the source up to the offset; use `LineIndex` for many offsets.
    public init(offset: UInt32, in source: [UInt8]) {
        var line = 1
        var start = 0
        Self.forEachLineStart(in: source, from: 0, to: Int(offset)) {
            line &+= 1
            start = $0
        }
        self.init(line: line, column: Int(offset) - start + 1)
    }

    /// The offset of the first byte of each line. The first one is 0, even for an empty source.
    public static func lineStarts(of source: [UInt8]) -> [UInt32] {
        var starts: [UInt32] = [0]
        starts.reserveCapacity(source.count / 32 + 1)
        forEachLineStart(in: source, from: 0, to: min(source.count, Int(UInt32.max))) {
            starts.append(UInt32(truncatingIfNeeded: $0))
        }
        return starts
    }

    /// Calls `body` with the start of each line that starts behind `start` and at `end` or before.
    ///
    /// - Parameters:
    ///   - source: the bytes of the source.
    ///   - start: an offset that is not between the two bytes of a CR LF.
    ///   - end: the last offset that is reported.
    ///   - body: called with the offset of a line's first byte.
    static func forEachLineStart(in source: [UInt8], from start: Int, to end: Int, _ body: (Int) -> Void) {
        let end = min(end, source.count)
        unsafe source.withUnsafeBytes { bytes in
            var index = start
            while index < end {
                if index &+ 8 <= end, unsafe !hasLineEnd(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                    index &+= 8
                    continue
                }
                let byte = unsafe bytes[index]
                index &+= 1
                guard byte == 10 || byte == 13 else { continue }
                if byte == 13, index < bytes.count, unsafe bytes[index] == 10 { index &+= 1 }
                if index <= end { body(index) }
            }
        }
    }

    /// Whether one of eight bytes may be LF or CR, which are below 14. Borrows between bytes can only cause false
    /// positives.
    @inline(__always)
    private static func hasLineEnd(_ word: UInt64) -> Bool {
        (word &- 0x0E0E_0E0E_0E0E_0E0E) & ~word & 0x8080_8080_8080_8080 != 0
    }
}

extension SyntaxTree {
    /// The line and column of a byte offset. This reads the source up to the offset.
    public func location(of offset: UInt32) -> SourceLocation { SourceLocation(offset: offset, in: source) }
}
