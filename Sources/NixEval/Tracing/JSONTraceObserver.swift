import NixVM
import Platform

/// Writes each event as a JSON object on a line of its own.
public final class JSONTraceObserver: TraceLineObserver {
    private let write: ([UInt8]) -> Void
    private let begin = MonotonicClock.now()
    private var buffer: [UInt8] = []

    /// - Parameter write: receives text, many lines at a time. Call `flush` at the end.
    public init(write: @escaping ([UInt8]) -> Void) { self.write = write }

    /// Writes the buffered text.
    public func flush() {
        if !buffer.isEmpty { write(buffer) }
        buffer = []
    }

    public func add(_ line: TraceLine, at time: UInt64) {
        line.writeJSON(nanoseconds: time > begin ? time - begin : 0, to: &buffer)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 1 << 16 { flush() }
    }
}

extension TraceLine {
    /// Appends the event as a JSON object.
    ///
    /// - Parameters:
    ///   - nanoseconds: the time since the start of the evaluation.
    ///   - out: the buffer.
    public func writeJSON(nanoseconds: UInt64, to out: inout [UInt8]) {
        out += "{\"kind\":\"\(event.name)\",\"ns\":\(nanoseconds),\"depth\":\(depth)".utf8
        if !name.isEmpty { member("name", name, to: &out) }
        if let chunk { out += ",\"chunk\":\(chunk)".utf8 }
        if event == .machine(.executeOp) {
            out += ",\"offset\":\(offset),\"opcode\":\"\(opcode.map { "\($0)" } ?? "")\"".utf8
        }
        if !request.isEmpty { member("request", Array(request.utf8), to: &out) }
        if !stack.isEmpty {
            out += ",\"stack\":[".utf8
            for (index, value) in stack.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                quote(value, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        }
        if event == .machine(.enterCallFrame) {
            out += ",\"arguments\":\(arguments)".utf8
        } else if stackHeight > 0 {
            out += ",\"stackHeight\":\(stackHeight)".utf8
        }
        out.append(UInt8(ascii: "}"))
    }

    private func member(_ key: String, _ value: [UInt8], to out: inout [UInt8]) {
        out += ",\"\(key)\":".utf8
        quote(value, to: &out)
    }

    /// Appends a string literal. Names and printed values are converted to UTF-8.
    private func quote(_ bytes: [UInt8], to out: inout [UInt8]) {
        JSONLine.quote(String(decoding: bytes, as: UTF8.self), into: &out)
    }
}
