import NixVM

/// Writes calls in the Trace Event Format, which Perfetto and Chrome's tracing page read. Each frame has a begin and an
/// end event, strictly nested, even when a failure unwinds the frames.
///
/// A tail call ends the function that made it, and begins the other one at the same depth.
public final class ChromeTraceObserver: EvaluationObserver {
    private let write: (String) -> Void
    private var buffer = "[\n"
    private var labels = CallLabels()
    private var open = 0
    private var isFirst = true
    private var start: UInt64?
    private var last: UInt64 = 0

    /// - Parameter write: receives text, many lines at a time. Call `finish` at the end.
    public init(write: @escaping (String) -> Void) { self.write = write }

    public func enterCallFrame(_ event: borrowing RuntimeEvent) { begin(event) }
    public func exitCallFrame(_ event: borrowing RuntimeEvent) { end(at: event.time) }
    public func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { begin(event) }
    public func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { end(at: event.time) }
    public func enterBuiltin(_ event: borrowing RuntimeEvent) { begin(event) }
    public func exitBuiltin(_ event: borrowing RuntimeEvent) { end(at: event.time) }

    public func tailCall(_ event: borrowing RuntimeEvent) {
        end(at: event.time)
        begin(event)
    }

    /// Ends the open frames and the text.
    public func finish() {
        while open > 0 { end(at: last) }
        buffer += "\n]\n"
        flush()
    }

    private func begin(_ event: borrowing RuntimeEvent) {
        var name: [UInt8] = []
        JSONLine.quote(labels.label(event), into: &name)
        let kind = event.code.isBuiltin ? "builtin" : "nix"
        open += 1
        row(
            "{\"ph\":\"B\",\"pid\":1,\"tid\":1,\"cat\":\"\(kind)\",\"name\":\(String(decoding: name, as: UTF8.self)),",
            event.time)
    }

    private func end(at time: UInt64) {
        guard open > 0 else { return }
        open -= 1
        row("{\"ph\":\"E\",\"pid\":1,\"tid\":1,", time)
    }

    /// Appends an event. Times are in microseconds since the first event, and are made monotonic.
    private func row(_ text: String, _ time: UInt64) {
        last = max(last, time)
        let first = start ?? last
        start = first
        let nanoseconds = last - first
        let fraction = String(nanoseconds % 1_000 + 1_000).dropFirst()
        buffer += (isFirst ? "" : ",\n") + text + "\"ts\":\(nanoseconds / 1_000).\(fraction)}"
        isFirst = false
        if buffer.utf8.count > 1 << 16 { flush() }
    }

    private func flush() {
        write(buffer)
        buffer = ""
    }
}

/// JSON string literals.
enum JSONLine {
    static func quote(_ text: String, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
