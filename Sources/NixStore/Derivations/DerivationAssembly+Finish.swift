/// The addresses of a derivation and its outputs.
extension DerivationAssembly {
    /// Computes the store paths of the outputs and the derivation, and adds it to the table. The text must be finished.
    ///
    /// - Parameters:
    ///   - system: the system type, for the record.
    ///   - requiredFeatures: what `requiredSystemFeatures` says, for the record.
    ///   - table: the table with the inputs.
    ///   - isStopped: polled now and then; returning true stops with `Stopped`.
    /// - Returns: the index of the record.
    /// - Throws: `StoreError` if a name is invalid; `Stopped`.
    public mutating func finish(
        system: UnsafeBufferPointer<UInt8>, requiredFeatures: [[UInt8]] = [], in table: DerivationTable,
        isStopped: () -> Bool = { false }
    ) throws -> Int {
        let isAddressedByInputs = addressing == .inputs && !isDeferred
        let pairs = isAddressedByInputs ? hashedInputs(table) : []
        if isAddressedByInputs {
            writeHead(pairs, showsPaths: false)
            try setOutputPaths(hash(isMasked: true, isStopped: isStopped), isStopped)
            fillOutputs()
            writeHead(pairs, showsPaths: true)
            contents.modulo = try hash(isMasked: false, isStopped: isStopped)
            contents.moduloKind = .hash
        } else if case .fixed(let hash, let method) = addressing {
            contents.modulo = fixedModulo(hash, method)
            contents.moduloKind = .fixed
        } else {
            contents.modulo = .zero
            contents.moduloKind = .deferred
        }
        writeHead(table)
        let sum = try hash(isMasked: false, isStopped: isStopped)
        let path = try appendOwnPath(sum, table)
        listContents(requiredFeatures, table)
        return unsafe table.records.insert(path: texts.view[path], contents, system: system)
    }

    /// The most bytes that the table takes for the record.
    public func recordGrowth(in table: DerivationTable) -> Int {
        let dynamic = dynamicInputs.reduce(0) { sum, input in input.path.reduce(sum) { $0 + $1.count + 32 } }
        let numbers = 16 * (outputs.count + sources.count) + 32 * inputs.count
        // The texts are sources, names and planned values of outputs, of which the last may be empty.
        let paths = (outputs.count + 1) * (StorePath.prefixLength + StorePath.maximumNameLength)
        return table.growth(textBytes: texts.count + numbers + dynamic + paths)
    }

    /// The text of the derivation, once it is finished.
    public var text: [UInt8] { head.bytes + body.bytes }

    private var hasKnownPaths: Bool {
        switch addressing {
        case .inputs: !isDeferred
        case .fixed: true
        case .floating, .impure: false
        }
    }

    /// An output of an input with the hash that represents the input.
    private struct HashedInput: BitwiseCopyable {
        var hash: SHA256Sum
        /// The name in `texts`.
        var name: BufferRange
    }

    /// The inputs with their modulo hashes instead of paths, sorted by hash and name and distinct: inputs with equal
    /// hashes are merged. Of a fixed-output derivation, the output is always `out`.
    private mutating func hashedInputs(_ table: DerivationTable) -> [HashedInput] {
        let out = BufferRange(start: texts.count, count: 3)
        texts.append("out")
        var pairs: [HashedInput] = []
        pairs.reserveCapacity(inputs.count)
        for index in 0..<inputs.count {
            let entry = table.records[inputs[index].record]
            switch entry.moduloKind {
            case .hash: pairs.append(HashedInput(hash: entry.modulo, name: inputs[index].name))
            case .fixed where index > 0 && inputs[index - 1].record == inputs[index].record: break
            case .fixed: pairs.append(HashedInput(hash: entry.modulo, name: out))
            case .deferred: break
            }
        }
        let texts = unsafe texts.view
        pairs.sort { a, b in
            a.hash == b.hash ? unsafe texts[a.name].compared(to: texts[b.name]) < 0 : a.hash < b.hash
        }
        return pairs
    }

    /// Writes the head with modulo hashes.
    ///
    /// - Parameter showsPaths: whether the paths of the outputs are shown, which are known then.
    private mutating func writeHead(_ pairs: [HashedInput], showsPaths: Bool) {
        writeOutputs(isDynamic: false, showsPaths: showsPaths)
        let texts = unsafe texts.view
        for (index, pair) in pairs.enumerated() {
            if index > 0, pairs[index - 1].hash == pair.hash {
                let isSame = unsafe texts[pairs[index - 1].name].compared(to: texts[pair.name]) == 0
                if isSame { continue }
                head.raw(",")
            } else {
                head.raw(index > 0 ? "]),(\"" : "(\"")
                pair.hash.appendText(to: &head.text)
                head.raw("\",[")
            }
            unsafe head.plain(texts[pair.name])
        }
        head.raw(pairs.isEmpty ? "]," : "])],")
    }

    /// Writes the head with the paths of inputs.
    private mutating func writeHead(_ table: DerivationTable) {
        writeOutputs(isDynamic: !dynamicInputs.isEmpty, showsPaths: hasKnownPaths)
        if !dynamicInputs.isEmpty { return writeDynamicInputs(table) }
        for index in 0..<inputs.count {
            if index > 0, inputs[index - 1].record == inputs[index].record {
                head.raw(",")
            } else {
                head.raw(index > 0 ? "]),(" : "(")
                unsafe head.plain(table.pathView(inputs[index].record))
                head.raw(",[")
            }
            unsafe head.plain(texts.view[inputs[index].name])
        }
        head.raw(inputs.count == 0 ? "]," : "])],")
    }

    private mutating func writeDynamicInputs(_ table: DerivationTable) {
        for (index, input) in allInputs(table).enumerated() {
            if index > 0 { head.raw(",") }
            head.raw("(")
            head.plain(table.path(input.record))
            head.raw(",")
            head.outputs(input.outputs)
            head.raw(")")
        }
        head.raw("],")
    }

    /// The inputs with their outputs, and the outputs of those, in the order of paths.
    private func allInputs(_ table: DerivationTable) -> [DerivationTable.Input] {
        var all: [Int: InputOutputs] = [:]
        for index in 0..<inputs.count {
            let input = inputs[index]
            all[input.record, default: InputOutputs()].names.append(
                unsafe Array(texts.view[input.name]))
        }
        for (record, path) in dynamicInputs { all[record, default: InputOutputs()].insert(path[...]) }
        return all.map { DerivationTable.Input(record: $0.key, outputs: $0.value) }
            .sorted { table.precedes($0.record, $1.record) }
    }

    /// Starts the head anew with the outputs.
    private mutating func writeOutputs(isDynamic: Bool, showsPaths: Bool) {
        head.text.truncate(to: 0)
        head.start(isDynamic: isDynamic)
        head.raw("[")
        for index in 0..<outputs.count {
            if index > 0 { head.raw(",") }
            head.raw("(")
            let output = outputs[index]
            unsafe head.plain(texts.view[output.name])
            head.raw(",\"")
            if showsPaths { unsafe head.text.append(contentsOf: texts.view[output.value]) }
            head.raw("\",\"")
            writeAddressing()
            head.raw("\")")
        }
        head.raw("],[")
    }

    /// Appends the two fields that say how the address of an output is determined, and the quotes between them.
    private mutating func writeAddressing() {
        switch addressing {
        case .inputs: head.raw("\",\"")
        case .fixed(let hash, let method):
            head.raw(method.prefixText)
            head.raw(hash.algorithm.text)
            head.raw("\",\"")
            Base16.append(hash.bytes, to: &head.text)
        case .floating(let algorithm, let method), .impure(let algorithm, let method):
            head.raw(method.prefixText)
            head.raw(algorithm.text)
            head.raw("\",\"")
            if case .impure = addressing { head.raw("impure") }
        }
    }

    /// Sets the paths of outputs whose addresses follow from the inputs, given the derivation's hash without them.
    private mutating func setOutputPaths(_ sum: SHA256Sum, _ isStopped: () -> Bool) throws {
        for index in 0..<outputs.count {
            if index & 0xFF == 0xFF, isStopped() { throw Stopped() }
            let output = outputs[index]
            fingerprint.truncate(to: 0)
            fingerprint.append("output:")
            unsafe fingerprint.append(contentsOf: texts.view[output.name])
            // The value has the right length, and ends with the name already.
            let name = BufferRange(
                start: output.value.start + StorePath.prefixLength, count: output.value.count - StorePath.prefixLength)
            let path = BufferRange(start: texts.count, count: output.value.count)
            try appendPath(sum, name: name)
            outputs[index].value = path
        }
    }

    /// Appends a store path to `texts`, given its type in `fingerprint`.
    private mutating func appendPath(_ sum: SHA256Sum, name: BufferRange) throws(StoreError) {
        let hash = try unsafe StorePath.hash(&fingerprint, sha256: sum, name: texts.view[name])
        texts.append(contentsOf: StorePath.directory)
        texts.append(CanonPath.slash)
        hash.appendStoreHash(to: &texts)
        texts.append(UInt8(ascii: "-"))
        appendText(name)
    }

    /// Appends the path of the derivation to `texts`, given the hash of its text, and returns its place.
    private mutating func appendOwnPath(_ sum: SHA256Sum, _ table: DerivationTable) throws(StoreError) -> BufferRange {
        fingerprint.truncate(to: 0)
        fingerprint.append("text")
        appendReferences(table)
        let fileName = BufferRange(start: texts.count, count: name.count + StorePath.derivationSuffix.count)
        appendText(name)
        texts.append(contentsOf: StorePath.derivationSuffix)
        let path = BufferRange(start: texts.count, count: StorePath.prefixLength + fileName.count)
        try appendPath(sum, name: fileName)
        return path
    }

    /// Appends the paths of inputs and sources, merged in sorted order, each with a colon before it.
    private mutating func appendReferences(_ table: DerivationTable) {
        if !dynamicInputs.isEmpty { return appendReferences(allInputs(table).map { table.path($0.record) }) }
        var next = 0
        for index in 0..<inputs.count {
            if index > 0, inputs[index - 1].record == inputs[index].record { continue }
            let path = unsafe table.pathView(inputs[index].record)
            while next < sources.count {
                let order = unsafe texts.view[sources[next]].compared(to: path)
                if order > 0 { break }
                if order < 0 { unsafe appendReference(texts.view[sources[next]]) }
                next += 1
            }
            unsafe appendReference(path)
        }
        for index in next..<sources.count { unsafe appendReference(texts.view[sources[index]]) }
    }

    private mutating func appendReference(_ path: UnsafeBufferPointer<UInt8>) {
        fingerprint.append(UInt8(ascii: ":"))
        unsafe fingerprint.append(contentsOf: path)
    }

    /// The same for inputs of which some are outputs of outputs.
    private mutating func appendReferences(_ inputs: [[UInt8]]) {
        var all = Set(inputs)
        for index in 0..<sources.count {
            all.insert(unsafe Array(texts.view[sources[index]]))
        }
        for path in all.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            unsafe path.withUnsafeBufferPointer { unsafe appendReference($0) }
        }
    }

    /// The hash of a fixed-output derivation, of which the path and the hash of the only output are known.
    private mutating func fixedModulo(_ hash: Hash, _ method: ContentAddressMethod) -> SHA256Sum {
        fingerprint.truncate(to: 0)
        fingerprint.append("fixed:out:")
        fingerprint.append(method.prefixText)
        fingerprint.append(hash.algorithm.text)
        fingerprint.append(UInt8(ascii: ":"))
        Base16.append(hash.bytes, to: &fingerprint)
        fingerprint.append(UInt8(ascii: ":"))
        unsafe fingerprint.append(contentsOf: texts.view[outputs[0].value])
        return SHA256Sum(of: fingerprint)
    }

    /// Writes the lists of the record.
    private mutating func listContents(_ requiredFeatures: [[UInt8]], _ table: DerivationTable) {
        for index in 0..<outputs.count {
            let output = outputs[index]
            unsafe contents.lists.append(
                output: texts.view[output.name], path: hasKnownPaths ? texts.view[output.value] : nil)
        }
        contents.inputCount = listInputs(table)
        for index in 0..<sources.count { unsafe contents.lists.append(counted: texts.view[sources[index]]) }
        for feature in requiredFeatures { contents.lists.append(counted: feature) }
        contents.outputCount = outputs.count
        contents.sourceCount = sources.count
        contents.featureCount = requiredFeatures.count
    }

    /// Writes the list of inputs, and returns their number.
    private mutating func listInputs(_ table: DerivationTable) -> Int {
        if !dynamicInputs.isEmpty {
            let all = allInputs(table)
            for input in all {
                contents.lists.append(number: input.record)
                contents.lists.append(input.outputs)
            }
            return all.count
        }
        var count = 0
        var first = 0
        while first < inputs.count {
            let record = inputs[first].record
            var end = first + 1
            while end < inputs.count, inputs[end].record == record { end += 1 }
            contents.lists.append(number: record)
            contents.lists.append(number: end - first)
            for index in first..<end { unsafe contents.lists.append(counted: texts.view[inputs[index].name]) }
            contents.lists.append(number: 0)
            count += 1
            first = end
        }
        return count
    }
}
