/// The transitions on a complete expression: the construct around it continues or ends.
extension Parser {
    mutating func finishExpression() throws(ParseFailure) -> ParserState {
        let frame = top
        switch frame.kind {
        case .root:
            guard lexer.kind == .endOfFile else { throw unexpected(.endOfFile) }
            return .finished
        case .parenthesis:
            guard lexer.kind == .rightParenthesis else { throw unexpected(.rightParenthesis) }
            valueStart = frame.start
            valueEnd = end
            pop()
            try lexer.advance()
            return .simpleDone
        case .lambdaBody: return try finishLambda(frame)
        case .bindingValue: return try finishBinding(frame)
        case .interpolation: return try finishInterpolation(frame)
        case .dynamicName: return try finishDynamicName(frame)
        case .inheritSource: return try finishInheritSource(frame)
        case .formalDefault: return try finishFormalDefault(frame)
        default: return try finishKeyword(frame)
        }
    }

    private mutating func finishKeyword(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let first = NodeID(frame.first)
        switch frame.kind {
        case .assertCondition: return try next(.semicolon, .assertBody, first: value.rawValue)
        case .withScope: return try next(.semicolon, .withBody, first: value.rawValue)
        case .ifCondition: return try next(.keywordThen, .ifThen, first: value.rawValue)
        case .ifThen: return try next(.keywordElse, .ifElse, first: frame.first, second: value.rawValue)
        case .assertBody:
            return try complete(
                .assert(condition: first, body: value), frame, above: max(depth(first), depth(value)))
        case .withBody:
            return try complete(.with(scope: first, body: value), frame, above: max(depth(first), depth(value)))
        case .ifElse:
            let second = NodeID(frame.second)
            return try complete(
                .conditional(condition: first, then: second, otherwise: value), frame,
                above: max(depth(first), depth(second), depth(value)))
        default:
            let group = BindingsID(frame.first)
            try refuseDynamic(group, frame)
            return try complete(
                .letIn(bindings: group, body: value), frame, above: max(bindings.depth(of: group), depth(value)))
        }
    }

    /// Reads the keyword or `;` between two parts of a construct.
    private mutating func next(
        _ token: TokenKind, _ kind: ParserFrame.Kind, first: UInt32, second: UInt32 = 0
    ) throws(ParseFailure) -> ParserState {
        try expect(token)
        become(kind, first: first, second: second)
        return .expression
    }

    /// Completes a construct that ends with its last part.
    private mutating func complete(_ node: Node, _ frame: ParserFrame, above depth: Int) throws(ParseFailure)
        -> ParserState
    {
        pop()
        try finish(node, frame.start, valueEnd, above: depth)
        return .expressionDone
    }

    private func refuseDynamic(_ group: BindingsID, _ frame: ParserFrame) throws(ParseFailure) {
        guard bindings.extras(of: group).dynamicCount > 0 else { return }
        throw ParseFailure(
            .dynamicAttribute, "dynamic attributes not allowed in let",
            at: Span(start: frame.start, end: frame.start &+ 3))
    }
}
