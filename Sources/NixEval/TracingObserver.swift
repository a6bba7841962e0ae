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

    public func observe(_ event: RuntimeEvent) {
        if showsTime {
            buffer += "+\(last == 0 ? 0 : event.time - last)ns\t"
            last = event.time
        }
        buffer += text(event)
        buffer += "\n"
        if buffer.utf8.count > 1 << 16 { flush() }
    }

    public func flush() {
        if !buffer.isEmpty { write(buffer) }
        buffer = ""
    }

    private func text(_ event: RuntimeEvent) -> String {
        let name = event.name.map { "'\($0)' " } ?? ""
        switch event.kind {
        case .enterFrame(let arguments):
            return
                "=== entering \(arguments == 0 ? "thunk" : "closure") \(name)in frame[\(event.depth)] @ \(event.chunk) ==="
        case .exitFrame: return "=== exiting frame \(event.depth) ===\t\(stack(event))"
        case .tailCall: return "=== tail-calling \(event.chunk) in frame[\(event.depth)] ==="
        case .executeOp(let opcode, let offset):
            let digits = String(offset)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " \(opcode)\t\(stack(event))"
        case .enterBuiltin: return "=== entering builtin \(event.name ?? "") ==="
        case .exitBuiltin: return "=== exiting builtin \(event.name ?? "") ===\t\(stack(event))"
        }
    }

    private func stack(_ event: RuntimeEvent) -> String {
        "[ " + event.stack.map { $0 + " " }.joined() + (event.stackIsCut ? "..." : "") + "]"
    }
}
