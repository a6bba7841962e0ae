/// Writes each event as a line of text.
public final class TracingObserver: TraceLineObserver {
    private let showsTime: Bool
    private let write: (String) -> Void
    private var buffer = ""
    private var last: UInt64 = 0

    /// - Parameters:
    ///   - showsTime: whether a line begins with the time since the previous event.
    ///   - write: receives text, many lines at a time. Call `flush` at the end.
    public init(showsTime: Bool, write: @escaping (String) -> Void) {
        self.showsTime = showsTime
        self.write = write
    }

    /// Writes the buffered text.
    public func flush() {
        if !buffer.isEmpty { write(buffer) }
        buffer = ""
    }

    public func add(_ line: TraceLine, at time: UInt64) {
        if showsTime {
            buffer += "+\(last == 0 ? 0 : time - min(time, last))ns\t"
            last = time
        }
        buffer += line.text
        buffer += "\n"
        if buffer.utf8.count > 1 << 16 { flush() }
    }
}
