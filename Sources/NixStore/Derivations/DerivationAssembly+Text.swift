/// The text from the system on.
extension DerivationAssembly {
    /// - Parameters:
    ///   - system: the system type.
    ///   - builder: the path of the builder.
    ///   - capacity: the bytes of text to make room for.
    public mutating func start(
        system: UnsafeBufferPointer<UInt8>, builder: UnsafeBufferPointer<UInt8>, capacity: Int
    ) {
        body.text.reserve(capacity)
        body.raw("[")
        for index in 0..<sources.count {
            if index > 0 { body.raw(",") }
            unsafe body.plain(texts.view[sources[index]])
        }
        body.raw("],")
        unsafe body.plain(system)
        body.raw(",")
        unsafe body.string(builder)
        body.raw(",[")
    }

    /// Adds an argument of the builder.
    public mutating func argument(_ text: UnsafeBufferPointer<UInt8>) {
        separate()
        unsafe body.string(text)
    }

    /// Ends the arguments.
    public mutating func startEnvironment() {
        body.raw("],[")
        isFirst = true
    }

    /// Adds an environment variable.
    public mutating func variable(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        separate()
        body.raw("(")
        unsafe body.string(name)
        body.raw(",")
        unsafe body.string(value)
        body.raw(")")
    }

    /// The number of outputs.
    public var outputCount: Int { outputs.count }

    /// The order of a variable's name and the name of an output: negative, zero or positive.
    public func compare(_ name: UnsafeBufferPointer<UInt8>, toOutput index: Int) -> Int {
        unsafe name.compared(to: texts.view[outputs[index].name])
    }

    /// Adds the environment variable of an output, whose value is its path or a placeholder.
    public mutating func outputVariable(_ index: Int) {
        separate()
        body.raw("(")
        let output = outputs[index]
        unsafe body.string(texts.view[output.name])
        body.raw(",\"")
        outputPlaces.append(
            OutputPlace(output: index, place: BufferRange(start: body.text.count, count: output.value.count)))
        unsafe body.text.append(contentsOf: texts.view[output.value])
        body.raw("\")")
    }

    /// Ends the text.
    public mutating func finishText() { body.raw("])") }

    private mutating func separate() {
        if !isFirst { body.raw(",") }
        isFirst = false
    }

    /// Writes the paths of the outputs into the text, where texts of the same length are.
    mutating func fillOutputs() {
        for index in 0..<outputPlaces.count {
            let (place, value) = (outputPlaces[index].place, outputs[outputPlaces[index].output].value)
            unsafe body.text.replace(place, with: texts.view[value])
        }
    }

    /// Hashes the text of `head`, and the body without output paths if `isMasked` is set.
    ///
    /// - Throws: `Stopped`.
    func hash(isMasked: Bool, isStopped: () -> Bool) throws(Stopped) -> SHA256Sum {
        var stream = SHA256Stream()
        unsafe stream.update(head.text.view)
        let text = unsafe body.text.view
        var start = 0
        if isMasked {
            for index in 0..<outputPlaces.count {
                let place = outputPlaces[index].place
                let piece = unsafe text[BufferRange(start: start, count: place.start - start)]
                guard unsafe stream.update(piece, isStopped: isStopped) else { throw Stopped() }
                start = place.end
            }
        }
        let rest = unsafe text[BufferRange(start: start, count: text.count - start)]
        guard unsafe stream.update(rest, isStopped: isStopped) else { throw Stopped() }
        return stream.finish()
    }
}
