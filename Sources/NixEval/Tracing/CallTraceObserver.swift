import NixVM

/// Prints each call of a function or builtin when it begins and when it ends, in the lines of Nix's setting
/// `trace-function-calls`. The place is that of the function, where Nix shows that of the call.
package final class CallTraceObserver: EvaluationObserver {
    private var calls = OpenCalls()
    private let print: ([UInt8]) -> Void

    /// - Parameter print: receives the lines, with their ends.
    package init(print: @escaping ([UInt8]) -> Void) { self.print = print }

    package func enterCallFrame(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.arguments == 0) }
    package func exitCallFrame(_ event: borrowing RuntimeEvent) { leave(event) }
    package func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.isInternalStep) }
    package func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { leave(event) }
    package func enterBuiltin(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.isInternalStep) }
    package func exitBuiltin(_ event: borrowing RuntimeEvent) { leave(event) }

    package func tailCall(_ event: borrowing RuntimeEvent) {
        leave(event)
        enter(event, isThunk: false)
    }

    private func enter(_ event: borrowing RuntimeEvent, isThunk: Bool) {
        if let label = calls.enter(event, isThunk: isThunk) { write("entered", label, event.time) }
    }

    private func leave(_ event: borrowing RuntimeEvent) {
        if let label = calls.leave() { write("exited", label, event.time) }
    }

    private func write(_ what: String, _ label: String, _ time: UInt64) {
        print(Array("function-trace \(what) \(label) at \(time)\n".utf8))
    }
}

extension RuntimeEvent {
    /// Whether the frame is that of a step of the interpreter, which programs cannot call.
    var isInternalStep: Bool { code.isBuiltin && name?.first == UInt8(ascii: "<") }
}

/// The calls that are open, with their labels. Thunks that are being forced, and steps of the interpreter, are kept in
/// between without a label.
private struct OpenCalls {
    private var open: [String?] = []
    private var labels = CallLabels()

    mutating func enter(_ event: borrowing RuntimeEvent, isThunk: Bool) -> String? {
        let label = isThunk ? nil : labels.place(event)
        open.append(label)
        return label
    }

    mutating func leave() -> String? { open.popLast() ?? nil }
}
