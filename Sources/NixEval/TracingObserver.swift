import NixVM

/// Writes each event as a line of text, in the form of Tvix's tracing observer.
public final class TracingObserver: RuntimeObserver {
    private let showsTime: Bool
    private let write: (String) -> Void
    private var buffer = ""
    private var last: UInt64 = 0

    /// - Parameter write: receives text, many lines at a time; call `flush` for the rest.
    public init(showsTime: Bool, write: @escaping (String) -> Void) {
        self.showsTime = showsTime
        self.write = write
    }

    public func enterCallFrame(_ event: borrowing RuntimeEvent) {
        let kind = event.arguments == 0 ? "thunk" : "closure"
        let name = event.name.map { "'\(text($0))' " } ?? ""
        line(event, "=== entering \(kind) \(name)in frame[\(event.depth)] @ \(event.code.index) ===")
    }

    public func exitCallFrame(_ event: borrowing RuntimeEvent) {
        line(event, "=== exiting frame \(event.depth) ===\t\(stack(event))")
    }

    public func suspendCallFrame(_ event: borrowing RuntimeEvent) {
        line(event, "=== suspending frame \(event.depth) ===\t\(stack(event))")
    }

    public func enterBuiltinFrame(_ event: borrowing RuntimeEvent) {
        line(event, "=== entering builtin frame '\(name(event))' [\(event.depth)] ===\t\(stack(event))")
    }

    public func exitBuiltinFrame(_ event: borrowing RuntimeEvent) {
        line(event, "=== exiting builtin frame '\(name(event))' [\(event.depth)] ===\t\(stack(event))")
    }

    public func suspendBuiltinFrame(_ event: borrowing RuntimeEvent) {
        line(event, "=== suspending builtin frame '\(name(event))' [\(event.depth)] ===\t\(stack(event))")
    }

    public func requestOfBuiltinFrame(_ event: borrowing RuntimeEvent) {
        let request = event.request.map { "\($0)" } ?? ""
        line(event, "=== builtin frame '\(name(event))' requested \(request) ===")
    }

    public func tailCall(_ event: borrowing RuntimeEvent) {
        let name = event.name.map { "'\(text($0))' " } ?? ""
        line(event, "=== tail-calling \(name)@ \(event.code.index) in frame[\(event.depth)] ===")
    }

    public func enterBuiltin(_ event: borrowing RuntimeEvent) {
        line(event, "=== entering builtin \(name(event)) ===")
    }

    public func exitBuiltin(_ event: borrowing RuntimeEvent) {
        line(event, "=== exiting builtin \(name(event)) ===\t\(stack(event))")
    }

    public func executeOp(_ event: borrowing RuntimeEvent) {
        let digits = String(event.offset)
        let opcode = event.opcode.map { "\($0)" } ?? ""
        line(
            event, String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " \(opcode)\t\(stack(event))")
    }

    /// Writes what was gathered.
    public func flush() {
        if !buffer.isEmpty { write(buffer) }
        buffer = ""
    }

    private func line(_ event: borrowing RuntimeEvent, _ text: String) {
        if showsTime {
            buffer += "+\(last == 0 ? 0 : event.time - last)ns\t"
            last = event.time
        }
        buffer += text
        buffer += "\n"
        if buffer.utf8.count > 1 << 16 { flush() }
    }

    private func name(_ event: borrowing RuntimeEvent) -> String { event.name.map { text($0) } ?? "" }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func stack(_ event: borrowing RuntimeEvent) -> String {
        let values = event.stack
        return "[ " + values.map { text($0) + " " }.joined() + (event.stackHeight > values.count ? "..." : "") + "]"
    }
}
