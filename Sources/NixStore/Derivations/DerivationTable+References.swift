extension DerivationTable {
    /// The store paths that the text of a derivation refers to, sorted and distinct.
    public func references(_ index: Int) -> [[UInt8]] {
        let texts = unsafe records.textView
        let (inputs, sources) = unsafe referenceRanges(index, texts)
        var result: [[UInt8]] = []
        result.reserveCapacity(inputs.count + sources.count)
        var next = 0
        for input in inputs {
            while next < sources.count {
                let order = unsafe texts[sources[next]].compared(to: texts[input])
                if order > 0 { break }
                if order < 0 { unsafe result.append(Array(texts[sources[next]])) }
                next += 1
            }
            unsafe result.append(Array(texts[input]))
        }
        for source in sources[next...] { unsafe result.append(Array(texts[source])) }
        return result
    }

    /// The places of the paths of a derivation's inputs and of its sources, both sorted.
    private func referenceRanges(
        _ index: Int, _ texts: UnsafeBufferPointer<UInt8>
    ) -> (inputs: [BufferRange], sources: [BufferRange]) {
        let entry = records[index]
        var reader = RecordReader(entry)
        for _ in 0..<entry.outputCount { _ = unsafe reader.output(texts) }
        let inputs = (0..<entry.inputCount).map { _ in
            let record = unsafe reader.number(texts)
            _ = unsafe reader.outputs(texts)
            return records.path(record)
        }
        return (inputs, (0..<entry.sourceCount).map { _ in unsafe reader.range(texts) })
    }
}
