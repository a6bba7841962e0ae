extension LineTable {
    /// The line and column of a source offset, both from 1; columns count bytes.
    public func location(of offset: UInt32) -> (line: Int, column: Int) {
        let line = lineStarts.partitionPoint(where: { $0 <= offset })
        let start = line > 0 ? lineStarts[line - 1] : 0
        return (max(line, 1), Int(offset) - Int(start) + 1)
    }
}

extension Chunk {
    /// The source range of the instruction at a code offset; nil if the program is stripped.
    public func span(at offset: Int) -> SourceSpan? {
        let index = instructionSpans.partitionPoint(where: { Int($0.offset) <= offset })
        return index > 0 ? instructionSpans[index - 1].span : nil
    }
}

extension Array {
    /// The index of the partition point: the number of leading elements for which the condition holds. It must hold for
    /// none of the others.
    func partitionPoint(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
