import NixBytecode
import NixSyntax
import NixVM

/// Finding the node of an instruction in the syntax tree.
extension ExpressionTrace {
    func node(of frame: CodeFrame, _ span: Span) -> NodeID? {
        if frame.opcode == .coerceToString { return parents.string(around: span) }
        let found = parents.nodes(at: span)
        if frame.opcode.traits.contains(.addition) {
            // The span of an addition is that of its right operand.
            for node in found {
                if let parent = parents.parent(of: node), case .binary(.add, _, let right) = tree[parent], right == node
                {
                    return parent
                }
            }
        }
        if frame.opcode.traits.contains(.selection) {
            for node in found where isSelection(node) { return node }
            if frame.name != nil {
                for node in found { if let parent = parents.parent(of: node), isSelection(parent) { return parent } }
            }
            // The span of a selection by a computed name is that of the name.
            for node in found {
                if let parent = parents.parent(of: node), isSelection(parent) { return node }
            }
            return nil
        }
        return found.first ?? parents.smallest(around: span)
    }

    func isSelection(_ node: NodeID) -> Bool {
        switch tree[node] {
        case .select, .legacyLet, .hasAttribute: true
        default: false
        }
    }

    /// The node whose ancestors are described: the base of a selection whose base failed, the assertion whose operands
    /// differ, or the node itself.
    func start(_ frame: CodeFrame, _ node: NodeID) -> NodeID? {
        if frame.isDifference { return parents.parent(of: node) }
        guard case .select(let base, _, _) = tree[node], isBase(frame) else { return node }
        return base
    }

    /// Whether the base of a selection failed, and not the selection.
    func isBase(_ frame: CodeFrame) -> Bool {
        switch frame.opcode {
        case .getLocalSelect, .getUpvalueSelect: frame.phase == .operand
        case .getLocalForce, .getUpvalueForce, .getLocal, .getUpvalue: true
        default: false
        }
    }
}

extension CodeFrame {
    /// Whether the frame is that of an assertion whose operands are not equal.
    var isDifference: Bool { opcode == .assertEqual && operand == Int(CodeFrame.differs) }
}
