import NixBytecode
import NixSyntax

extension CodeGenerator {
    /// Pushes the forced value of an expression; in tail position, ends the chunk with it instead.
    mutating func generate(_ node: NodeID, tail: Bool) throws(BuilderError) {
        let span = tree.span(of: node)
        switch tree[node] {
        case .letIn(let bindings, let body): try generateLet(bindings, body: body, at: span, tail: tail)
        case .with(let scope, let body): try generateWith(node, scope: scope, body: body, tail: tail)
        case .assert(let condition, let body):
            try generateAssertion(condition, body, at: span, tail: tail)
        case .conditional(let condition, let then, let otherwise):
            try generateConditional(condition, then, otherwise, tail: tail)
        case .apply(let function, let arguments):
            try generateCall(function, arguments, last: nil, at: span, tail: tail)
        case .searchPath(let text): try generateSearchPath(node, text, tail: tail)
        case .binary(let sign, _, _) where isCall(node, sign): try generateOperatorCall(node, tail: tail)
        case .select(let base, let path, .some(let fallback)):
            try generateSelection(base, path, or: fallback, at: span, tail: tail)
        default:
            try generateValue(node)
            if tail { try emit(.return, at: span) }
        }
    }

    /// Pushes the value of an expression that cannot end in a tail call.
    private mutating func generateValue(_ node: NodeID) throws(BuilderError) {
        let span = tree.span(of: node)
        switch tree[node] {
        case .identifier: try generateVariable(analysis.resolution(of: node), at: span)
        case .string(let parts): try generateString(parts, at: span)
        case .interpolatedPath(let parts): try generatePath(parts, at: span)
        case .homePath(let text): try generateHomePath(text, at: span)
        case .currentPosition: try emit(.currentPosition, at: span)
        case .select(let base, let path, _): try generateSelection(base, path, at: span)
        case .hasAttribute(let base, let path): try generateTest(base, path, at: span)
        case .attributeSet(let bindings, let recursive):
            try generateSet(bindings, recursive: recursive, at: span)
        case .legacyLet(let bindings):
            try generateSet(bindings, recursive: true, at: span)
            try emit(.select, .symbol(try programSymbol(analysis.wellKnown.body)), at: span)
        case .list(let elements):
            for index in elements.range { try generateLazily(tree.children[index]) }
            try emit(.list, .count(Int(elements.count)), at: span)
        case .lambda:
            if let function = analysis.function(of: node) { try makeFunction(function, at: span) }
        case .not(let operand):
            try generate(operand, tail: false)
            try emit(.invert, at: reportedSpan(of: operand))
        case .negate(let operand): try generateNegation(node, operand)
        case .binary: try generateBinary(node)
        default: try push(immediate(node), at: span)
        }
    }

    private mutating func generateConditional(
        _ condition: NodeID, _ then: NodeID, _ otherwise: NodeID, tail: Bool
    ) throws(BuilderError) {
        try generate(condition, tail: false)
        let isFalse = try emitJump(.jumpIfFalse, at: reportedSpan(of: condition))
        try generate(then, tail: tail)
        let end = tail ? nil : try emitJump(.jump, at: tree.span(of: then))
        try builder.patch(isFalse)
        try generate(otherwise, tail: tail)
        if let end { try builder.patch(end) }
    }

    private mutating func generateAssertion(
        _ condition: NodeID, _ body: NodeID, at span: Span, tail: Bool
    ) throws(BuilderError) {
        if case .binary(.equal, let left, let right) = tree[condition], !isCall(condition, .equal) {
            return try generateEqualAssertion(condition, left, right, body, tail: tail)
        }
        try generate(condition, tail: false)
        let holds = try emitJump(.jumpIfTrue, at: reportedSpan(of: condition))
        let text = try program.constant(.string(printed(condition)))
        try emit(.assertFail, .constant(text), at: span)
        try builder.patch(holds)
        try generate(body, tail: tail)
    }

    /// Generates `assert a == b`. If the values differ, the error message shows how.
    private mutating func generateEqualAssertion(
        _ condition: NodeID, _ left: NodeID, _ right: NodeID, _ body: NodeID, tail: Bool
    ) throws(BuilderError) {
        let span = reportedSpan(of: condition)
        try generate(left, tail: false)
        try generate(right, tail: false)
        let text = try program.constant(.string(printed(condition)))
        try emit(.assertEqual, .constant(text), at: span)
        try emit(.pop, at: span)
        try generate(body, tail: tail)
    }

    /// Generates a `with`, which is only its body if no name is looked up through it.
    private mutating func generateWith(
        _ node: NodeID, scope: NodeID, body: NodeID, tail: Bool
    ) throws(BuilderError) {
        let index = analysis.withOfNode[Int32(truncatingIfNeeded: node.rawValue)]
        guard let index, analysis.withs[Int(index)].isUsed else { return try generate(body, tail: tail) }
        let span = tree.span(of: scope)
        let outer = chain
        try generateLazily(scope)
        try emit(.pushWith, .position(outer), at: span)
        chain = .local(builder.height - 1)
        try generate(body, tail: tail)
        chain = outer
        if !tail { try closeScope(1, at: tree.span(of: node)) }
    }

    /// Generates a call.
    ///
    /// - Parameters:
    ///   - function: the function expression.
    ///   - arguments: the arguments, a run in the tree's children.
    ///   - last: the operand of a pipe, which is one more argument.
    ///   - span: the span of the call.
    ///   - tail: whether the call is in tail position.
    mutating func generateCall(
        _ function: NodeID, _ arguments: Run, last: NodeID?, at span: Span, tail: Bool
    ) throws(BuilderError) {
        try generate(function, tail: false)
        for index in arguments.range { try generateLazily(tree.children[index]) }
        if let last { try generateLazily(last) }
        let count = Int(arguments.count) + (last == nil ? 0 : 1)
        try emit(tail ? .tailCall : .call, .count(count), at: span)
    }

    /// Generates `<name>`, which is `__findFile __nixPath "name"`.
    private mutating func generateSearchPath(
        _ node: NodeID, _ text: TextID, tail: Bool
    ) throws(BuilderError) {
        let span = tree.span(of: node)
        let path = analysis.searchPaths[Int32(truncatingIfNeeded: node.rawValue)] ?? .none
        try generateVariable(analysis.resolution(of: node), at: span)
        try readLazily(path, at: span)
        try emitString(try bytes(of: text), at: span)
        try emit(tail ? .tailCall : .call, .count(2), at: span)
    }
}
