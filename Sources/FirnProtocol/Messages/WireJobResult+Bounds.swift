import FoundationEssentials

/// Bounds on the texts of a result. A result is one message; only its value may be split into segments. Its texts must
/// be bounded where it is made, since a job decides how long its error message is, and every frame of a backtrace names
/// a file.
extension WireJobResult {
    /// The approximate bytes of the result without its value.
    public var textBytes: Int {
        var bytes = printed.reduce(0) { $0 + $1.text.count + 16 } + warnings.reduce(0) { $0 + $1.textBytes }
        if hasFailure { bytes += failure.textBytes }
        bytes += needed.reduce(0) { $0 + $1.byteCount }
        return bytes
    }

    /// Truncates the texts of the failure and the warnings to the protocol's bounds. A truncated text ends with a note.
    public mutating func boundTexts() {
        if hasFailure { failure.boundTexts(message: ProtocolLimits.failureBytes) }
        // A message's array is changed outside the message, which would copy the array for every element.
        var bounded = warnings
        warnings = []
        for index in bounded.indices { bounded[index].boundTexts(message: ProtocolLimits.pathBytes) }
        warnings = bounded
    }
}

extension WireFailure {
    fileprivate var textBytes: Int {
        kind.utf8.count + message.count + verifierCode.utf8.count + span.textBytes
            + suggestions.reduce(0) { $0 + $1.utf8.count } + backtrace.reduce(0) { $0 + $1.textBytes }
    }

    /// The most suggestions in a failure. The evaluator makes fewer.
    private static let mostSuggestions = 16

    fileprivate mutating func boundTexts(message most: Int) {
        message = cut(message, to: most)
        suggestions = suggestions.prefix(Self.mostSuggestions).filter { $0.utf8.count <= ProtocolLimits.pathBytes }
        if hasSpan { span.boundTexts() }
        boundBacktrace()
    }

    /// Keeps as many frames as fit at both ends, and counts the omitted ones between them.
    private mutating func boundBacktrace() {
        guard backtrace.reduce(0, { $0 + $1.textBytes }) > ProtocolLimits.backtraceBytes else { return }
        // As with the warnings of a result.
        var frames = backtrace
        backtrace = []
        for index in frames.indices {
            frames[index].message = cut(frames[index].message, to: ProtocolLimits.pathBytes)
            if frames[index].hasSpan { frames[index].span.boundTexts() }
        }
        let innermost = Self.fitting(frames)
        let outermost = Self.fitting(frames[innermost...].reversed())
        let left = frames.count - innermost - outermost
        frames.removeSubrange(innermost..<innermost + left)
        backtrace = frames
        backtraceOmitted &+= UInt64(clamping: left)
        if left > 0 { backtraceCut = UInt32(clamping: innermost) }
    }

    /// The number of leading frames that fit into half of a backtrace's bound.
    private static func fitting(_ frames: some Sequence<WireBacktraceFrame>) -> Int {
        var (count, bytes) = (0, 0)
        for frame in frames {
            bytes += frame.textBytes
            guard bytes <= ProtocolLimits.backtraceBytes / 2 else { break }
            count += 1
        }
        return count
    }
}

extension WireBacktraceFrame {
    fileprivate var textBytes: Int { message.count + span.textBytes }
}

extension WireSpan {
    /// The bytes include the numbers of the span and the lengths of its texts.
    fileprivate var textBytes: Int {
        file.count + sourceLine.count + lineBefore.count + lineAfter.count + 40
    }

    fileprivate mutating func boundTexts() {
        file = cut(file, to: ProtocolLimits.pathBytes)
        sourceLine = cut(sourceLine, to: ProtocolLimits.pathBytes)
        if hasLineBefore { lineBefore = cut(lineBefore, to: ProtocolLimits.pathBytes) }
        if hasLineAfter { lineAfter = cut(lineAfter, to: ProtocolLimits.pathBytes) }
    }
}

/// The longest prefix of whole characters within the bound, with a note of how many bytes were omitted.
private func cut(_ text: Data, to most: Int) -> Data {
    guard text.count > most else { return text }
    var end = text.startIndex + most
    while end > text.startIndex, text[end] & 0xC0 == 0x80 { end -= 1 }
    return text[..<end] + Data(" … (\(text.endIndex - end) more bytes)".utf8)
}
