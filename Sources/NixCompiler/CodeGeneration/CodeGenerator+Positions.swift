import NixSyntax

extension CodeGenerator {
    /// Where Nix says an expression is: an operator's own sign, else the whole expression.
    func reportedSpan(of node: NodeID) -> Span {
        guard case .binary(let sign, _, _) = tree[node] else { return tree.span(of: node) }
        let start = tree.position(of: node)
        return Span(start: start, end: start + sign.length)
    }

    /// An expression as Nix prints it, cut where it is long: asserts in the conditions of asserts would each repeat the
    /// inner ones. Relative paths stay relative: a program does not know its directory.
    func printed(_ node: NodeID) -> [UInt8] {
        tree.printed(node, limit: Self.longestAssertion, mustStop: stopCondition)
    }

    /// Bytes of an assertion's text.
    private static let longestAssertion = 2048
}

extension BinaryOperator {
    /// Bytes of its sign.
    fileprivate var length: UInt32 {
        switch self {
        case .add, .subtract, .multiply, .divide, .less, .greater: 1
        default: 2
        }
    }
}
