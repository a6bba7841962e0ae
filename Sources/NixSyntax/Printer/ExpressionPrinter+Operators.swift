/// Calls, and the operators that Nix makes calls.
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
            then(.text("("))
            then(.function(node))
            then(.text(")"))
        }
    }

    private mutating func infix(_ left: NodeID, _ name: StaticString, _ right: NodeID) {
        then("(", left)
        then(name, right)
        then(.text(")"))
    }

    private mutating func notLess(_ left: NodeID, _ right: NodeID) {
        then("(! (__lessThan ", left)
        then(" ", right)
        then(.text("))"))
    }

    /// A call without its parentheses, or any other expression with its own.
    mutating func showFunction(_ node: NodeID) {
        switch tree[node] {
        case .apply(let function, let arguments):
            then(.function(function))
            for index in seen(arguments.range) { then(" ", tree.children[index]) }
        case .negate(let operand): then("__sub 0 ", operand)
        case .searchPath(let text):
            then(.text("__findFile __nixPath "))
            then(.string(text))
        case .binary(.subtract, let left, let right): call("__sub ", left, right)
        case .binary(.multiply, let left, let right): call("__mul ", left, right)
        case .binary(.divide, let left, let right): call("__div ", left, right)
        case .binary(.less, let left, let right): call("__lessThan ", left, right)
        case .binary(.greater, let left, let right): call("__lessThan ", right, left)
        case .binary(.pipeForward, let argument, let function), .binary(.pipeBackward, let function, let argument):
            then(.function(function))
            then(" ", argument)
        default: then(.node(node))
        }
    }

    private mutating func call(_ name: StaticString, _ left: NodeID, _ right: NodeID) {
        then(name, left)
        then(" ", right)
    }
}
