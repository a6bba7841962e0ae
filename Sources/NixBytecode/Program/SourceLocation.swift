extension LineTable {
    /// Line and column of a byte of the source, both from 1; the column counts bytes.
    public func location(of offset: UInt32) -> (line: Int, column: Int) {
        let line = lineStarts.lowerIndex(where: { $0 <= offset })
        let start = line > 0 ? lineStarts[line - 1] : 0
        return (max(line, 1), Int(offset) - Int(start) + 1)
    }
}

extension Chunk {
    /// What of the source the instruction at a code offset stands for; nil when stripped.
    public func span(at offset: Int) -> SourceSpan? {
        let index = instructionSpans.lowerIndex(where: { Int($0.offset) <= offset })
        return index > 0 ? instructionSpans[index - 1].span : nil
    }
}

extension Array {
    /// Number of elements at the start for which the condition holds, which it does for none after them.
    func lowerIndex(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
