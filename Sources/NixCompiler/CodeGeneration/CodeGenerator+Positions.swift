import NixSyntax

extension CodeGenerator {
    /// Where Nix says an expression is: an operator's own sign, else the whole expression.
    func reportedSpan(of node: NodeID) -> Span {
        guard case .binary(let sign, _, _) = tree[node] else { return tree.span(of: node) }
        let start = tree.positions[Int(node.rawValue)]
        return Span(start: start, end: start + sign.length)
    }

    /// An expression as Nix prints it. Relative paths stay relative: a program does not know its directory.
    func printed(_ node: NodeID) -> [UInt8] {
        var part = tree
        part.root = node
        return part.printed(baseDirectory: [], homeDirectory: [UInt8(ascii: "~")])
    }
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
