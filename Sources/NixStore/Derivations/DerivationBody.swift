/// The text of a derivation from its input sources on. This part is the same whether inputs are given by path or by
/// hash.
///
/// The order of calls is `start`, `argument` for each argument, `startEnvironment`, `variable` for each variable in the
/// order of names, and `finish`.
public struct DerivationBody: ~Copyable {
    private var writer: ATermWriter
    /// The ranges of output paths in the environment, each with the index of its output.
    private(set) var outputRanges: [(output: Int, range: Range<Int>)] = []
    private var isFirst = true

    public init(capacity: Int) { writer = ATermWriter(capacity: capacity) }

    var bytes: [UInt8] {
        _read { yield writer.bytes }
        _modify { yield &writer.bytes }
    }

    /// - Parameters:
    ///   - sources: the store paths of the input sources, sorted and distinct.
    ///   - system: the system type.
    ///   - builder: the path of the builder.
    public mutating func start(
        sources: [[UInt8]], system: UnsafeBufferPointer<UInt8>, builder: UnsafeBufferPointer<UInt8>
    ) {
        writer.plainList(sources)
        writer.raw(",")
        unsafe writer.plain(system)
        writer.raw(",")
        unsafe writer.string(builder)
        writer.raw(",[")
    }

    /// Adds an argument of the builder.
    public mutating func argument(_ text: UnsafeBufferPointer<UInt8>) {
        separate()
        unsafe writer.string(text)
    }

    /// Ends the arguments.
    public mutating func startEnvironment() {
        writer.raw("],[")
        isFirst = true
    }

    /// Adds an environment variable.
    public mutating func variable(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        separate()
        writer.raw("(")
        unsafe writer.string(name)
        writer.raw(",")
        unsafe writer.string(value)
        writer.raw(")")
    }

    /// Adds the environment variable of an output, whose value is its path or a placeholder.
    ///
    /// - Parameters:
    ///   - name: the name of the output.
    ///   - value: the path or placeholder, or a text of the same length.
    ///   - index: the index of the output.
    mutating func outputVariable(_ name: [UInt8], _ value: [UInt8], index: Int) {
        separate()
        writer.raw("(")
        writer.string(name)
        writer.raw(",\"")
        outputRanges.append((index, writer.bytes.count..<(writer.bytes.count + value.count)))
        writer.bytes += value
        writer.raw("\")")
    }

    /// Ends the text.
    public mutating func finish() { writer.raw("])") }

    private mutating func separate() {
        if !isFirst { writer.raw(",") }
        isFirst = false
    }

    /// Replaces the values of outputs by their paths, which have the same length.
    mutating func fill(_ paths: [[UInt8]]) {
        for entry in outputRanges { writer.bytes.replaceSubrange(entry.range, with: paths[entry.output]) }
    }

    /// Hashes the text, without output paths if `isMasked` is set. Returns false if it was stopped.
    func hash(into stream: inout HashStream, isMasked: Bool, isStopped: () -> Bool) -> Bool {
        unsafe writer.bytes.withUnsafeBytes { bytes in
            var start = 0
            for entry in outputRanges where isMasked {
                let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<entry.range.lowerBound])
                guard unsafe stream.update(piece, isStopped: isStopped) else { return false }
                start = entry.range.upperBound
            }
            return unsafe stream.update(UnsafeRawBufferPointer(rebasing: bytes[start...]), isStopped: isStopped)
        }
    }
}
