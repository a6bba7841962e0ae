import NixSyntax

extension ScopeAnalyser {
    /// Analyses `-e`, which is `__sub 0 e` where a scope binds `__sub`.
    mutating func analyseNegation(_ node: NodeID, _ operand: NodeID) throws(CompileError) {
        let subtract = analysis.wellKnown.subtract
        guard isRedefined(subtract) else { return try analyse(operand) }
        analysis.resolve(node, to: try resolve(subtract, at: tree.span(of: node)))
        try analyseLazily(operand, name: nil)
    }

    /// Analyses an operator and, iteratively, the operators among its left operands: long chains nest to the left, and
    /// recursion would take native stack for each.
    mutating func analyseBinary(_ node: NodeID) throws(CompileError) {
        let mark = operatorChain.count
        var left = node
        while case .binary(let sign, let first, _) = tree[left] {
            try visitOperator(left, sign)
            guard takesForcedOperands(left, sign) else { break }
            operatorChain.append(left)
            left = first
        }
        if case .binary(let sign, let first, let second) = tree[left], !takesForcedOperands(left, sign) {
            try analyseCall(sign, first, second)
        } else {
            try analyse(left)
        }
        while operatorChain.count > mark {
            let next = operatorChain.removeLast()
            if case .binary(_, _, let second) = tree[next] { try analyse(second) }
        }
    }

    /// Whether both operands are forced before the operator, instead of being passed to a function.
    private func takesForcedOperands(_ node: NodeID, _ sign: BinaryOperator) -> Bool {
        switch sign {
        case .pipeForward, .pipeBackward: return false
        default:
            if case .none = analysis.resolution(of: node) { return true }
            return false
        }
    }

    /// Resolves the function that the operator desugars to, if a scope binds it.
    private mutating func visitOperator(_ node: NodeID, _ sign: BinaryOperator) throws(CompileError) {
        warnAboutBooleans(node)
        guard let symbol = analysis.wellKnown.function(of: sign), isRedefined(symbol) else { return }
        analysis.resolve(node, to: try resolve(symbol, at: tree.span(of: node)))
    }

    /// Analyses an operator that is a call.
    private mutating func analyseCall(
        _ sign: BinaryOperator, _ first: NodeID, _ second: NodeID
    ) throws(CompileError) {
        switch sign {
        case .pipeForward:
            try analyse(second)
            try analyseLazily(first, name: nil)
        case .pipeBackward:
            try analyse(first)
            try analyseLazily(second, name: nil)
        default:
            try analyseLazily(first, name: nil)
            try analyseLazily(second, name: nil)
        }
    }
}

extension WellKnownSymbols {
    /// The function that Nix desugars an operator to; nil if it has none.
    func function(of sign: BinaryOperator) -> SymbolID? {
        switch sign {
        case .subtract: subtract
        case .multiply: multiply
        case .divide: divide
        case .less, .lessOrEqual, .greater, .greaterOrEqual: lessThan
        default: nil
        }
    }
}
