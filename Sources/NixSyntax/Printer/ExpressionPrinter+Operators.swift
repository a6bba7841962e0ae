/// Function calls, and the operators that Nix desugars to calls.
extension ExpressionPrinter {
    mutating func showBinary(_ node: NodeID, _ kind: BinaryOperator, _ left: NodeID, _ right: NodeID) {
        switch kind {
        case .add: infix(left, " + ", right)
        case .concatenate: infix(left, " ++ ", right)
        case .update: infix(left, " // ", right)
        case .equal: infix(left, " == ", right)
        case .notEqual: infix(left, " != ", right)
        case .and: infix(left, " && ", right)
        case .or: infix(left, " || ", right)
        case .implies: infix(left, " -> ", right)
        case .lessOrEqual: notLess(right, left)
        case .greaterOrEqual: notLess(left, right)
        case .subtract, .multiply, .divide, .less, .greater, .pipeForward, .pipeBackward:
            emit(.text("("))
            emit(.function(node))
            emit(.text(")"))
        }
    }

    private mutating func infix(_ left: NodeID, _ name: StaticString, _ right: NodeID) {
        emit("(", left)
        emit(name, right)
        emit(.text(")"))
    }

    private mutating func notLess(_ left: NodeID, _ right: NodeID) {
        emit("(! (__lessThan ", left)
        emit(" ", right)
        emit(.text("))"))
    }

    /// Prints a call without parentheses, and any other expression with its own.
    mutating func showFunction(_ node: NodeID) {
        switch tree[node] {
        case .apply(let function, let arguments):
            emit(.function(function))
            for index in visible(arguments.range) { emit(" ", tree.children[index]) }
        case .negate(let operand): emit("__sub 0 ", operand)
        case .searchPath(let text):
            emit(.text("__findFile __nixPath "))
            emit(.string(text))
        case .binary(.subtract, let left, let right): emitCall("__sub ", left, right)
        case .binary(.multiply, let left, let right): emitCall("__mul ", left, right)
        case .binary(.divide, let left, let right): emitCall("__div ", left, right)
        case .binary(.less, let left, let right): emitCall("__lessThan ", left, right)
        case .binary(.greater, let left, let right): emitCall("__lessThan ", right, left)
        case .binary(.pipeForward, let argument, let function), .binary(.pipeBackward, let function, let argument):
            emit(.function(function))
            emit(" ", argument)
        default: emit(.node(node))
        }
    }

    private mutating func emitCall(_ name: StaticString, _ left: NodeID, _ right: NodeID) {
        emit(name, left)
        emit(" ", right)
    }
}
