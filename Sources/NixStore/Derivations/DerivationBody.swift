/// The text of a derivation from its input sources on: what is the same whether inputs are named by path or by hash.
///
/// Call `start`, `argument` for each argument, `startEnvironment`, `variable` for each variable in the order of their
/// names, and `finish`.
public struct DerivationBody: ~Copyable {
    private var writer: ATermWriter
    /// Where the paths of outputs stand in the environment: the output's index, and the place of its first byte.
    private(set) var holes: [(output: Int, range: Range<Int>)] = []
    private var isFirst = true

    public init(capacity: Int) { writer = ATermWriter(capacity: capacity) }

    var bytes: [UInt8] {
        _read { yield writer.bytes }
        _modify { yield &writer.bytes }
    }

    /// - Parameter sources: store paths in order, each once.
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

    /// Adds a variable of the environment.
    public mutating func variable(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        separate()
        writer.raw("(")
        unsafe writer.string(name)
        writer.raw(",")
        unsafe writer.string(value)
        writer.raw(")")
    }

    /// The variable that holds an output's path or what stands for it.
    ///
    /// - Parameter index: the output's place among the derivation's.
    mutating func outputVariable(_ name: [UInt8], _ value: [UInt8], index: Int) {
        separate()
        writer.raw("(")
        writer.string(name)
        writer.raw(",\"")
        holes.append((index, writer.bytes.count..<(writer.bytes.count + value.count)))
        writer.bytes += value
        writer.raw("\")")
    }

    /// Ends the text.
    public mutating func finish() { writer.raw("])") }

    private mutating func separate() {
        if !isFirst { writer.raw(",") }
        isFirst = false
    }

    /// Writes the paths of outputs where only their length was known.
    mutating func fill(_ paths: [[UInt8]]) {
        for hole in holes { writer.bytes.replaceSubrange(hole.range, with: paths[hole.output]) }
    }

    /// Feeds the text to a hash, output paths left out if `isMasked`; false when it was stopped on the way.
    func hash(into stream: inout HashStream, isMasked: Bool, isStopped: () -> Bool) -> Bool {
        unsafe writer.bytes.withUnsafeBytes { bytes in
            var start = 0
            for hole in holes where isMasked {
                let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<hole.range.lowerBound])
                guard unsafe stream.update(piece, isStopped: isStopped) else { return false }
                start = hole.range.upperBound
            }
            return unsafe stream.update(UnsafeRawBufferPointer(rebasing: bytes[start...]), isStopped: isStopped)
        }
    }
}
