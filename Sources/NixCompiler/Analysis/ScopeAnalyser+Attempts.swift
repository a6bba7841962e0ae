import NixSyntax

// Expressions that are evaluated at once if that takes no more than looking at values that exist.
//
// `n - 1` as an argument needs a thunk only if `n` is a thunk itself, or no number: otherwise its value is known after two
// instructions, which can neither fail nor diverge, and nothing in the program can tell that it was not delayed. Whether
// it is so is known at run time. The instruction `attempt` decides that; this file decides for which expressions it is
// used. They consist of constants, readable variables, selections and operators, are small, and have numbers, booleans
// or constants as their values, for which it does not matter which thunk they are the value of.

extension ScopeAnalyser {
    /// The most subexpressions of an expression that is attempted. What an attempt that fails has done is done again.
    private static let mostAttemptedParts = 12

    /// Whether the value of an expression that is no trivial one is computed at once if possible.
    ///
    /// None of these functions changes anything (see `isMadeAtOnce`).
    mutating func isAttempted(_ node: NodeID) -> Bool {
        guard !delaysLikeNix else { return false }
        var parts = Self.mostAttemptedParts
        return isOperation(node, &parts)
    }

    /// The same for arithmetic of which an operand is certainly a number, so that the others must be numbers.
    mutating func isAttemptedArithmetic(_ node: NodeID) -> Bool { isArithmetic(node) && isAttempted(node) }

    private func isArithmetic(_ node: NodeID) -> Bool {
        switch tree[node] {
        case .binary(.add, let left, let right): return isInteger(left) || isInteger(right)
        case .binary(.subtract, _, _), .binary(.multiply, _, _), .binary(.divide, _, _): return true
        default: return false
        }
    }

    private func isInteger(_ node: NodeID) -> Bool {
        if case .integer = tree[node] { return true }
        return false
    }

    /// Whether an operator that can be attempted gives the value, which is then a number or a boolean.
    private mutating func isOperation(_ node: NodeID, _ parts: inout Int) -> Bool {
        guard parts > 0 else { return false }
        parts -= 1
        switch tree[node] {
        case .binary(let sign, let left, let right):
            guard isAttempted(sign, left, right) else { return false }
            return isOperand(left, &parts) && isOperand(right, &parts)
        case .not(let operand): return isOperand(operand, &parts)
        case .negate(let operand):
            return !isRedefined(analysis.wellKnown.subtract) && isOperand(operand, &parts)
        case .hasAttribute(let base, let path): return isFixed(path, &parts) && isOperand(base, &parts)
        case .conditional(let condition, let then, let otherwise):
            return isOperand(condition, &parts) && isResult(then, &parts) && isResult(otherwise, &parts)
        default: return false
        }
    }

    private func isAttempted(_ sign: BinaryOperator, _ left: NodeID, _ right: NodeID) -> Bool {
        switch sign {
        // A sum with a text is a text.
        case .add: return !isText(left) && !isText(right)
        case .subtract, .multiply, .divide, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return analysis.wellKnown.function(of: sign).map { !isRedefined($0) } ?? true
        case .equal, .notEqual, .and, .or, .implies: return true
        case .concatenate, .update, .pipeForward, .pipeBackward: return false
        }
    }

    /// Whether the value is certainly a text. Of a long sum the last terms are looked at.
    private func isText(_ node: NodeID) -> Bool {
        var node = node
        for _ in 0..<Self.mostAttemptedParts {
            switch tree[node] {
            case .string, .path, .homePath, .interpolatedPath, .uri, .searchPath: return true
            case .binary(.add, let left, _): node = left
            default: return false
            }
        }
        return false
    }

    /// Whether the value can be an operand.
    private mutating func isOperand(_ node: NodeID, _ parts: inout Int) -> Bool {
        switch tree[node] {
        case .identifier(let symbol):
            parts -= 1
            return parts >= 0 && isDirectlyReadable(symbol)
        case .integer, .string:
            parts -= 1
            return parts >= 0 && isConstant(node)
        case .select(let base, let path, let fallback):
            guard isFixed(path, &parts), isOperand(base, &parts) else { return false }
            return fallback.map { isOperand($0, &parts) } ?? true
        default: return isOperation(node, &parts)
        }
    }

    /// Whether the value can be that of the whole expression.
    private mutating func isResult(_ node: NodeID, _ parts: inout Int) -> Bool {
        switch tree[node] {
        case .integer, .string:
            parts -= 1
            return parts >= 0 && isConstant(node)
        default: return isOperation(node, &parts)
        }
    }

    private func isFixed(_ path: Run, _ parts: inout Int) -> Bool {
        parts -= Int(path.count)
        guard parts > 0 else { return false }
        return path.range.allSatisfy {
            if case .fixed = tree.attributeNames[$0] { return true }
            return false
        }
    }
}
