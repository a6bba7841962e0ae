import NixSyntax

extension CodeGenerator {
    /// The span at which Nix reports an error in an expression: an operator's token, otherwise the whole expression.
    func reportedSpan(of node: NodeID) -> Span {
        guard case .binary(let sign, _, _) = tree[node] else { return tree.span(of: node) }
        let start = tree.position(of: node)
        return Span(start: start, end: start + sign.length)
    }

    /// An expression as Nix prints it. It is cut to a bounded length, because nested asserts in the conditions of
    /// asserts would each repeat the inner ones. Relative paths stay relative, because a program does not know its
    /// directory.
    func printed(_ node: NodeID) -> [UInt8] {
        tree.printed(node, limit: Self.longestAssertion, shouldCancel: stopCondition)
    }

    /// The most bytes of the text of an assertion.
    private static let longestAssertion = 2048
}

extension BinaryOperator {
    /// The length of the operator's token in bytes.
    fileprivate var length: UInt32 {
        switch self {
        case .add, .subtract, .multiply, .divide, .less, .greater: 1
        default: 2
        }
    }
}
