import NixVM

/// Counts how often each stack of calls is found when time passes, as Nix's setting `eval-profiler = flamegraph` does: one
/// line `outer;inner COUNT` for each stack.
///
/// Frames deeper than `FoldedTraceObserver.maximumDepth` are attributed to the frame at that depth, so that the output is
/// bounded.
package final class SampledProfileObserver: EvaluationObserver {
    private struct Node {
        var code: CodeID
        var parent: Int
        var samples = 0
        var children: [CodeID: Int] = [:]
    }

    private var nodes = [Node(code: CodeID(number: .max), parent: 0)]
    private var labels = CallLabels()
    private var names: [CodeID: String] = [:]
    private var current = 0
    private var depth = 0
    /// Whether each open frame is that of a thunk or of a step of the interpreter, which is no call.
    private var isThunk: [Bool] = []
    private var lastSample: UInt64?
    /// The nanoseconds between two samples; 0 for a sample at every call.
    private let period: UInt64

    /// - Parameter frequency: the samples in a second; 0 for one at every call.
    package init(frequency: Int) { period = frequency > 0 ? 1_000_000_000 / UInt64(frequency) : 0 }

    package func enterCallFrame(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.arguments == 0) }
    package func exitCallFrame(_ event: borrowing RuntimeEvent) { leave() }
    package func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.isInternalStep) }
    package func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { leave() }
    package func enterBuiltin(_ event: borrowing RuntimeEvent) { enter(event, isThunk: event.isInternalStep) }
    package func exitBuiltin(_ event: borrowing RuntimeEvent) { leave() }

    package func tailCall(_ event: borrowing RuntimeEvent) {
        leave()
        enter(event, isThunk: false)
    }

    private func enter(_ event: borrowing RuntimeEvent, isThunk: Bool) {
        self.isThunk.append(isThunk)
        if isThunk { return }
        depth += 1
        if depth <= FoldedTraceObserver.maximumDepth { descend(event) }
        sample(at: event.time)
    }

    private func descend(_ event: borrowing RuntimeEvent) {
        let code = event.code
        if let known = nodes[current].children[code] {
            current = known
            return
        }
        if names[code] == nil { names[code] = labels.place(event).replacing(";", with: ":") }
        nodes[current].children[code] = nodes.count
        nodes.append(Node(code: code, parent: current))
        current = nodes.count - 1
    }

    private func leave() {
        guard isThunk.popLast() == false else { return }
        depth -= 1
        if depth < FoldedTraceObserver.maximumDepth { current = nodes[current].parent }
    }

    private func sample(at time: UInt64) {
        guard let last = lastSample else {
            lastSample = time
            if period == 0 { nodes[current].samples += 1 }
            return
        }
        guard period == 0 || time &- last > period else { return }
        nodes[current].samples += 1
        lastSample = time
    }

    /// The lines, in the order in which the stacks first occurred.
    package func text() -> String {
        var text = ""
        for index in nodes.indices where nodes[index].samples > 0 {
            var path: [String] = []
            var node = index
            while node > 0 {
                path.append(names[nodes[node].code] ?? "")
                node = nodes[node].parent
            }
            text += path.reversed().joined(separator: ";") + " \(nodes[index].samples)\n"
        }
        return text
    }
}
