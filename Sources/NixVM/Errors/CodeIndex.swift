/// The chunks of a machine sorted by the addresses of their code, to find the one that an instruction belongs to.
struct CodeIndex {
    private let chunks: [(address: UInt, chunk: Int?)]

    init(_ machine: Machine) {
        let state = machine.state
        chunks = (1..<state.pointee.chunkCount).compactMap { chunk in
            let code = state.pointee.chunks[chunk].code
            // A chunk without code runs an internal step until its code is made.
            guard machine.interpreter.stepIndex(code) == nil else { return nil }
            // The machine's own chunks have code, but no source.
            return (UInt(bitPattern: code), state.pointee.chunks[chunk].program == .max ? nil : chunk)
        }.sorted { $0.address < $1.address }
    }

    /// The chunk of a program with an instruction in its code, and the offset of the instruction; nil if there is none.
    func chunk(holding pc: UnsafePointer<UInt8>) -> (chunk: Int, offset: Int)? {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].address <= UInt(bitPattern: pc) { low = middle + 1 } else { high = middle }
        }
        guard low > 0, let chunk = chunks[low - 1].chunk else { return nil }
        return (chunk, Int(UInt(bitPattern: pc) - chunks[low - 1].address))
    }
}
