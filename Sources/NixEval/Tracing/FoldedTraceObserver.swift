import NixVM

/// Sums up the time of each call stack, for flame graphs: one line `outer;inner NANOSECONDS` for each stack.
///
/// Frames deeper than `maximumDepth` are attributed to the frame at that depth, so that the output is bounded.
public final class FoldedTraceObserver: EvaluationObserver {
    public static let maximumDepth = 256

    private struct Node {
        var code: CodeID
        var parent: Int
        var nanoseconds: UInt64 = 0
        var children: [CodeID: Int] = [:]
    }

    private var nodes = [Node(code: CodeID(number: .max), parent: 0)]
    private var labels = CallLabels()
    private var names: [CodeID: String] = [:]
    private var current = 0
    private var depth = 0
    private var last: UInt64?

    public init() {}

    public func enterCallFrame(_ event: borrowing RuntimeEvent) { enter(event) }
    public func exitCallFrame(_ event: borrowing RuntimeEvent) { leave(event) }
    public func enterBuiltinFrame(_ event: borrowing RuntimeEvent) { enter(event) }
    public func exitBuiltinFrame(_ event: borrowing RuntimeEvent) { leave(event) }
    public func enterBuiltin(_ event: borrowing RuntimeEvent) { enter(event) }
    public func exitBuiltin(_ event: borrowing RuntimeEvent) { leave(event) }

    public func tailCall(_ event: borrowing RuntimeEvent) {
        leave(event)
        enter(event)
    }

    private func charge(_ time: UInt64) {
        if let last, time > last { nodes[current].nanoseconds += time - last }
        last = max(last ?? 0, time)
    }

    private func enter(_ event: borrowing RuntimeEvent) {
        charge(event.time)
        depth += 1
        if depth > FoldedTraceObserver.maximumDepth { return }
        let code = event.code
        if let known = nodes[current].children[code] {
            current = known
            return
        }
        if names[code] == nil { names[code] = labels.label(event).replacing(";", with: ":") }
        nodes[current].children[code] = nodes.count
        nodes.append(Node(code: code, parent: current))
        current = nodes.count - 1
    }

    private func leave(_ event: borrowing RuntimeEvent) {
        charge(event.time)
        guard depth > 0 else { return }
        depth -= 1
        if depth < FoldedTraceObserver.maximumDepth { current = nodes[current].parent }
    }

    /// The lines, in the order in which the stacks first occurred.
    public func text() -> String {
        var text = ""
        for index in nodes.indices where index > 0 && nodes[index].nanoseconds > 0 {
            var path: [String] = []
            var node = index
            while node > 0 {
                path.append(names[nodes[node].code] ?? "")
                node = nodes[node].parent
            }
            text += path.reversed().joined(separator: ";") + " \(nodes[index].nanoseconds)\n"
        }
        return text
    }
}
