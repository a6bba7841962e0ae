import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Whether an operator is compiled to a call: a pipe, or an operator whose function a scope binds.
    func isCall(_ node: NodeID, _ sign: BinaryOperator) -> Bool {
        switch sign {
        case .pipeForward, .pipeBackward: return true
        default:
            if case .none = analysis.resolution(of: node) { return false }
            return true
        }
    }

    mutating func generateOperatorCall(_ node: NodeID, tail: Bool) throws(BuilderError) {
        guard case .binary(let sign, let left, let right) = tree[node] else { return }
        switch sign {
        case .pipeForward: try generatePipe(right, left, node, tail: tail)
        case .pipeBackward: try generatePipe(left, right, node, tail: tail)
        case .lessOrEqual: try generateRedefined(node, right, left, inverted: true, tail: tail)
        case .greater: try generateRedefined(node, right, left, inverted: false, tail: tail)
        case .greaterOrEqual: try generateRedefined(node, left, right, inverted: true, tail: tail)
        default: try generateRedefined(node, left, right, inverted: false, tail: tail)
        }
    }

    private mutating func generatePipe(
        _ function: NodeID, _ argument: NodeID, _ node: NodeID, tail: Bool
    ) throws(BuilderError) {
        let span = tree.span(of: node)
        if case .apply(let inner, let arguments) = tree[function] {
            try generateCall(inner, arguments, last: argument, at: span, tail: tail)
        } else {
            try generateCall(function, .empty, last: argument, at: span, tail: tail)
        }
    }

    private mutating func generateRedefined(
        _ node: NodeID, _ first: NodeID, _ second: NodeID, inverted: Bool, tail: Bool
    ) throws(BuilderError) {
        let span = reportedSpan(of: node)
        try generateVariable(analysis.resolution(of: node), at: span)
        try generateLazily(first)
        try generateLazily(second)
        try emit(tail && !inverted ? .tailCall : .call, .count(2), at: span)
        guard inverted else { return }
        try emit(.invert, at: span)
        if tail { try emit(.return, at: span) }
    }

    /// Generates `-e`, which is a constant if `e` is a literal.
    mutating func generateNegation(_ node: NodeID, _ operand: NodeID) throws(BuilderError) {
        let span = tree.span(of: node)
        let resolution = analysis.resolution(of: node)
        guard case .none = resolution else {
            try generateVariable(resolution, at: span)
            try emit(.integer, .signed(0), at: span)
            try generateLazily(operand)
            return try emit(.call, .count(2), at: span)
        }
        switch tree[operand] {
        case .integer, .float: try push(immediate(node), at: span)
        default:
            try generate(operand, tail: false)
            try emit(.negate, at: span)
        }
    }

    /// Generates an operator and, iteratively, the operators among its left operands.
    mutating func generateBinary(_ node: NodeID) throws(BuilderError) {
        let mark = operatorChain.count
        var left = node
        while case .binary(let sign, let first, let second) = tree[left], !isCall(left, sign),
            !isSwapped(sign, first, second)
        {
            operatorChain.append(left)
            left = first
        }
        if case .binary(let sign, let first, let second) = tree[left], !isCall(left, sign) {
            try generateSwapped(left, sign, first, second)
        } else {
            try generate(left, tail: false)
        }
        while operatorChain.count > mark {
            let next = operatorChain.removeLast()
            guard case .binary(let sign, let first, let second) = tree[next] else { continue }
            try generate(sign, next, first, second)
        }
    }

    /// Generates the rest of an operator whose left operand is on the stack.
    private mutating func generate(
        _ sign: BinaryOperator, _ node: NodeID, _ left: NodeID, _ right: NodeID
    ) throws(BuilderError) {
        let span = reportedSpan(of: node)
        switch sign {
        case .and, .or, .implies: return try generateBoolean(sign, left, right)
        default: break
        }
        if let opcode = sign.withInteger, let integer = smallInteger(right) {
            return try emit(opcode, .signed(integer), at: sign == .add ? tree.span(of: right) : span)
        }
        try generate(right, tail: false)
        switch sign {
        case .notEqual:
            try emit(.equal, at: span)
            try emit(.invert, at: span)
        // Nix reports operands that cannot be added at the right operand.
        case .add: try emit(.add, at: reportedSpan(of: right))
        default: if let opcode = sign.opcode { try emit(opcode, at: span) }
        }
    }

    private mutating func generateBoolean(
        _ sign: BinaryOperator, _ left: NodeID, _ right: NodeID
    ) throws(BuilderError) {
        let span = reportedSpan(of: left)
        if sign == .implies { try emit(.invert, at: span) }
        let end = try emitJump(sign == .and ? .and : .or, at: span)
        try generate(right, tail: false)
        try emit(.assertBool, at: reportedSpan(of: right))
        try builder.patch(end)
    }

    /// Whether the right operand is evaluated first. Nix compares `a > b` and `a <= b` as `b < a`; the order only
    /// matters if neither operand is a literal.
    private func isSwapped(_ sign: BinaryOperator, _ left: NodeID, _ right: NodeID) -> Bool {
        guard sign == .greater || sign == .lessOrEqual else { return false }
        return !isLiteral(left) && !isLiteral(right)
    }

    private mutating func generateSwapped(
        _ node: NodeID, _ sign: BinaryOperator, _ left: NodeID, _ right: NodeID
    ) throws(BuilderError) {
        try generate(right, tail: false)
        try generate(left, tail: false)
        try emit(sign == .greater ? .less : .greaterOrEqual, at: reportedSpan(of: node))
    }

    private func isLiteral(_ node: NodeID) -> Bool {
        switch tree[node] {
        case .integer, .float: true
        default: false
        }
    }

    /// The value of an integer literal, with or without a minus sign, that fits an instruction; nil for any other
    /// expression.
    private func smallInteger(_ node: NodeID) -> Int64? {
        var value: Int64
        switch tree[node] {
        case .integer(let integer): value = integer
        case .negate(let operand):
            guard case .none = analysis.resolution(of: node), case .integer(let integer) = tree[operand]
            else { return nil }
            value = 0 &- integer
        default: return nil
        }
        return ProgramLimits.smallIntegers.contains(value) ? value : nil
    }
}

extension BinaryOperator {
    /// The instruction of an operator; nil if it has none.
    fileprivate var opcode: Opcode? {
        switch self {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .concatenate: .concatenate
        case .update: .update
        case .equal: .equal
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .notEqual, .and, .or, .implies, .pipeForward, .pipeBackward: nil
        }
    }

    /// The superinstruction of an operator with an integer literal as right operand; nil if it has none.
    fileprivate var withInteger: Opcode? {
        switch self {
        case .add: .addInteger
        case .subtract: .subtractInteger
        case .equal: .equalInteger
        case .less: .lessInteger
        default: nil
        }
    }
}
