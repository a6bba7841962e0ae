/// Reads the lists of a record in order; see `DerivationRecords.Entry`.
struct RecordReader {
    private(set) var offset: Int

    /// - Parameter entry: the record's entry.
    init(_ entry: DerivationRecords.Entry) { offset = entry.start + entry.pathLength }

    @inline(__always)
    mutating func number(_ texts: UnsafeBufferPointer<UInt8>) -> Int {
        var number: UInt = 0
        var shift: UInt = 0
        while true {
            precondition(offset < texts.count)
            let byte = unsafe texts[offset]
            offset += 1
            number |= UInt(byte & 0x7F) << shift
            if byte < 0x80 { return Int(bitPattern: number) }
            shift += 7
        }
    }

    /// The place of a text.
    @inline(__always)
    mutating func range(_ texts: UnsafeBufferPointer<UInt8>) -> BufferRange {
        let count = unsafe number(texts)
        defer { offset += count }
        return BufferRange(start: offset, count: count)
    }

    mutating func text(_ texts: UnsafeBufferPointer<UInt8>) -> [UInt8] { unsafe Array(texts[range(texts)]) }

    /// An output, with the place of its path if that is known.
    @inline(__always)
    mutating func output(_ texts: UnsafeBufferPointer<UInt8>) -> (name: BufferRange, path: BufferRange?) {
        let name = unsafe range(texts)
        return unsafe (name, number(texts) == 0 ? nil : range(texts))
    }

    /// The outputs of an input: the number of names and the names, then the number of outputs that are derivations
    /// themselves, and each as its name and its outputs in turn.
    mutating func outputs(_ texts: UnsafeBufferPointer<UInt8>) -> InputOutputs {
        let names = unsafe (0..<number(texts)).map { _ in unsafe text(texts) }
        let inner = unsafe (0..<number(texts)).map { _ in
            unsafe InputOutputs.Inner(output: text(texts), outputs: outputs(texts))
        }
        return InputOutputs(names: names, inner: inner)
    }
}

extension TrivialBuffer<UInt8> {
    /// Appends the outputs of an input as `RecordReader.outputs` reads them.
    mutating func append(_ outputs: InputOutputs) {
        append(number: outputs.names.count)
        for name in outputs.names { append(counted: name) }
        append(number: outputs.inner.count)
        for inner in outputs.inner {
            append(counted: inner.output)
            append(inner.outputs)
        }
    }

    /// Appends an output as `RecordReader.output` reads it.
    mutating func append(output name: UnsafeBufferPointer<UInt8>, path: UnsafeBufferPointer<UInt8>?) {
        unsafe append(counted: name)
        append(number: unsafe path == nil ? 0 : 1)
        if let path = unsafe path { unsafe append(counted: path) }
    }
}
