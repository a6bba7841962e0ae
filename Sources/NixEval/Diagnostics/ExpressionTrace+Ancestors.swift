import NixBytecode
import NixSyntax
import NixVM

/// The lines for the expressions around the node of the failed instruction.
extension ExpressionTrace {
    func climb(from start: NodeID, _ boundary: Boundary, to lines: inout Lines) {
        var entries: [TraceEntry] = []
        var node = start
        while true {
            if !boundary.isLambda, tree.span(of: node) == boundary.span { break }
            guard let parent = parents.parent(of: node) else {
                // The node does not belong to the function of the chunk, so nothing is added.
                if boundary.isLambda { return }
                break
            }
            if boundary.isLambda, case .lambda = tree[parent], tree.span(of: parent) == boundary.span { break }
            if let entry = context(of: node, in: parent) { entries.append(entry) }
            if case .binary(let sign, _, _) = tree[parent], sign.isNegated {
                entries.append(self.entry("in the argument of '!'", tree.position(of: parent)))
            }
            node = parent
        }
        lines.entries += entries
    }

    func context(of child: NodeID, in parent: NodeID) -> TraceEntry? {
        switch tree[parent] {
        case .select(let base, let path, _):
            if child == base { return entry("while selecting an attribute", reportedOffset(child)) }
            let text = names(path).joined(separator: ".")
            return entry("while evaluating the attribute '\(text)'", tree.span(of: parent).start)
        case .hasAttribute(let base, _):
            return child == base ? entry("in the argument of '?'", reportedOffset(child)) : nil
        case .assert(let condition, _):
            return child == condition ? entry("in the condition of the assert statement", reportedOffset(child)) : nil
        case .conditional(let condition, _, _):
            return child == condition ? entry("while evaluating a branch condition", reportedOffset(child)) : nil
        case .not: return entry("in the argument of '!'", reportedOffset(child))
        case .negate: return entry("while calling the 'sub' builtin", tree.span(of: parent).start)
        case .string, .interpolatedPath: return entry("in an operand of '+'", reportedOffset(child))
        case .binary(let sign, let left, _): return operandContext(sign, parent, child, isLeft: child == left)
        default: return nil
        }
    }

    func operandContext(
        _ sign: BinaryOperator, _ parent: NodeID, _ child: NodeID, isLeft: Bool
    ) -> TraceEntry? {
        switch sign {
        case .add: return entry("in an operand of '+'", reportedOffset(child))
        case .pipeForward, .pipeBackward: return nil
        case .update:
            // Nix treats a chain of updates as one operator.
            if case .binary(.update, _, _) = tree[child] { return nil }
            return entry("in the \(isLeft ? "left" : "right") operand of '//'", reportedOffset(child))
        default:
            if let name = sign.builtin {
                return entry("while calling the '\(name)' builtin", tree.position(of: parent))
            }
            return entry("in the \(isLeft ? "left" : "right") operand of '\(sign.text)'", reportedOffset(child))
        }
    }
}
