extension LinkedProgram {
    /// Encodes a program with an index, for `init`.
    ///
    /// - Parameter program: a verified program.
    /// - Throws: an error if the encoding exceeds 4 GiB.
    public static func bytes(linking program: Program) throws(DecodeError) -> [UInt8] {
        var encoder = ProgramEncoder(hasSpans: program.lines != nil)
        encoder.encode(program)
        let entries = encoder.starts.prefix(5)
        let words = headerWords + entries.reduce(0) { $0 + $1.count } + program.chunks.count
        var needs: [UInt8] = []
        var needsStarts: [Int] = []
        needsStarts.reserveCapacity(program.chunks.count)
        var collector = ChunkNeeds()
        for chunk in program.chunks.indices {
            needsStarts.append(4 * words + needs.count)
            collector.encode(chunk, of: program, to: &needs)
        }
        let programStart = 4 * words + needs.count
        let total = programStart + encoder.bytes.count
        guard total <= Int(UInt32.max) else { throw DecodeError(.tooLarge, at: 0) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        func append(_ word: Int) {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        for section in entries { append(section.count) }
        append(program.lines == nil ? 0 : 1)
        append(encoder.starts.count > 5 ? programStart + (encoder.starts[5].first ?? 0) : 0)
        append(total)
        for section in entries.prefix(4) {
            for start in section { append(programStart + start) }
        }
        for (start, needs) in zip(entries[4], needsStarts) {
            append(programStart + start)
            append(needs)
        }
        return bytes + needs + encoder.bytes
    }
}
