/// A place in a source as people count it.
public struct SourceLocation: Hashable, Sendable {
    /// Line, from 1. Lines end in LF, CR or CR LF.
    public var line: Int
    /// Column in bytes, from 1.
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The location of a byte offset.
    ///
    /// - Parameter lineStarts: the offset of each line's first byte, ascending, beginning with 0.
    public init(offset: UInt32, lineStarts: [UInt32]) {
        var low = 0
        var high = lineStarts.count
        while low < high {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        let start = low > 0 ? lineStarts[low - 1] : 0
        self.init(line: max(low, 1), column: Int(offset - start) + 1)
    }

    /// The offset of the first byte of each line of `source`; the first is 0, also for an empty source.
    public static func lineStarts(of source: [UInt8]) -> [UInt32] {
        var starts: [UInt32] = [0]
        starts.reserveCapacity(source.count / 32 + 1)
        let count = min(source.count, Int(UInt32.max))
        unsafe source.withUnsafeBytes { bytes in
            var index = 0
            while index < count {
                if index &+ 8 <= count, unsafe !hasLineEnd(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                {
                    index &+= 8
                    continue
                }
                let byte = unsafe bytes[index]
                index &+= 1
                guard byte == 10 || byte == 13 else { continue }
                if byte == 13, index < count, unsafe bytes[index] == 10 { index &+= 1 }
                starts.append(UInt32(truncatingIfNeeded: index))
            }
        }
        return starts
    }

    /// Whether one of eight bytes may be LF or CR: is below 14. Borrows between bytes can only say yes too often.
    @inline(__always)
    private static func hasLineEnd(_ word: UInt64) -> Bool {
        (word &- 0x0E0E_0E0E_0E0E_0E0E) & ~word & 0x8080_8080_8080_8080 != 0
    }
}

extension SyntaxTree {
    /// Line and column of a byte offset.
    public func location(of offset: UInt32) -> SourceLocation {
        SourceLocation(offset: offset, lineStarts: lineStarts)
    }

    /// The lines around a byte offset, to show below an error.
    public func excerpt(at offset: UInt32) -> SourceExcerpt {
        SourceExcerpt(source: source, lineStarts: lineStarts, offset: offset)
    }
}
