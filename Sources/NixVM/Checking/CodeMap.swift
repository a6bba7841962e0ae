import NixBytecode

/// The offsets at which instructions begin, decoded once for each chunk's code.
final class CodeMap {
    private var starts: [UInt: [Bool]] = [:]
    private var lastCode: UInt = 0
    private var lastStarts: [Bool] = []

    /// Whether an instruction begins at an offset of code of `size` bytes.
    func isStart(_ offset: Int, of code: UnsafePointer<UInt8>, size: Int) -> Bool {
        if UInt(bitPattern: code) != lastCode || lastStarts.count != size {
            lastStarts = decoded(code, size)
            lastCode = UInt(bitPattern: code)
        }
        return offset >= 0 && offset < lastStarts.count && lastStarts[offset]
    }

    private func decoded(_ code: UnsafePointer<UInt8>, _ size: Int) -> [Bool] {
        if let known = starts[UInt(bitPattern: code)], known.count == size { return known }
        let bytes = Array(UnsafeBufferPointer(start: code, count: size))
        let chunk = Chunk(
            kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
            spans: [], code: bytes, maximumStack: 0, instructionSpans: [])
        var found = [Bool](repeating: false, count: size)
        for start in chunk.instructionStarts() where start.offset < size { found[start.offset] = true }
        starts[UInt(bitPattern: code)] = found
        return found
    }
}
