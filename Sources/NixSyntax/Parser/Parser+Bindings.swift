/// Bindings of sets and `let`, and attribute paths.
extension Parser {
    mutating func beginBinding() throws(ParseFailure) -> ParserState {
        let frame = top
        switch lexer.kind {
        case .identifier, .keywordOr, .quote, .dollarBrace:
            push(.bindingPath, start, frame.first, UInt32(truncatingIfNeeded: pendingNames.count), end)
            return .attributeName
        case .keywordInherit: return try beginInherit(frame)
        case .keywordIn where frame.kind == .letBindings:
            try lexer.advance()
            become(.letBody, first: frame.first)
            return .expression
        case .rightBrace where frame.kind != .letBindings: return try finishGroup(frame)
        default: throw unexpectedInBindings(frame.kind)
        }
    }

    /// The error for a token that begins no binding. The expected tokens are those that Nix lists, whose parser has
    /// already reduced the empty binding list.
    private func unexpectedInBindings(_ kind: ParserFrame.Kind) -> ParseFailure {
        switch kind {
        case .letBindings: unexpected(.keywordIn, .keywordInherit)
        case .attributeSet: unexpected(.keywordInherit)
        default: unexpected(.keywordInherit, .rightBrace)
        }
    }

    private mutating func finishGroup(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let end = end
        try lexer.advance()
        pop()
        let group = BindingsID(frame.first)
        let node: Node =
            frame.kind == .legacyLet
            ? .legacyLet(bindings: group)
            : .attributeSet(bindings: group, recursive: frame.kind == .recursiveSet)
        try finish(node, frame.start, end, above: bindings.depth(of: group))
        return .simpleDone
    }

    mutating func beginAttributeName() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .identifier, .keywordOr:
            pendingNames.append(.fixed(internToken(), lexer.span))
            try lexer.advance()
            return .attributeNameDone
        case .quote: return try beginString(isName: true)
        case .dollarBrace:
            push(.dynamicName, start)
            try lexer.advance()
            return .expression
        default: throw unexpected(.identifier, .keywordOr, .dollarBrace, .quote)
        }
    }

    /// Completes `${e}` in an attribute path. If `e` is a string without interpolation, the name is static.
    mutating func finishDynamicName(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        guard lexer.kind == .rightBrace else { throw unexpected(.rightBrace) }
        let span = Span(start: frame.start, end: end)
        try lexer.advance()
        pop()
        if let text = literalString(value) {
            try prepareText(text.count)
            pendingNames.append(.fixed(symbols.intern(text), span))
        } else {
            pendingNames.append(.dynamic(value, span))
        }
        return .attributeNameDone
    }

    /// The value of a string without interpolation; nil for any other expression.
    func literalString(_ node: NodeID) -> [UInt8]? {
        switch nodes[Int(node.rawValue)] {
        case .uri(let text): return bytes(of: text)
        case .string(let run):
            if run.count == 0 { return [] }
            guard run.count == 1, case .literal(let text) = parts[Int(run.start)] else { return nil }
            return bytes(of: text)
        default: return nil
        }
    }

    mutating func finishAttributeName() throws(ParseFailure) -> ParserState {
        let frame = top
        if frame.kind == .inheritNames {
            guard case .dynamic(_, let span) = pendingNames.last else { return .inheritName }
            throw ParseFailure(.dynamicAttribute, "dynamic attributes not allowed in inherit", at: span)
        }
        if lexer.kind == .dot {
            try lexer.advance()
            return .attributeName
        }
        if frame.kind == .bindingPath {
            guard lexer.kind == .assign else { throw unexpected(.dot, .assign) }
            become(.bindingValue, first: frame.first, second: frame.second, third: lastNameEnd)
            try lexer.advance()
            return .expression
        }
        return try finishPath(frame)
    }

    private var lastNameEnd: UInt32 {
        switch pendingNames.last {
        case .fixed(_, let span), .dynamic(_, let span): span.end
        case nil: start
        }
    }

    /// Completes the attribute path of a selection or of `?`.
    private mutating func finishPath(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let end = lastNameEnd
        let path = Run(
            start: UInt32(truncatingIfNeeded: attributeNames.count),
            count: UInt32(truncatingIfNeeded: pendingNames.count &- Int(frame.second)))
        for index in Int(frame.second)..<pendingNames.count { attributeNames.append(pendingNames[index]) }
        pendingNames.shorten(to: Int(frame.second))
        let base = NodeID(frame.first)
        if frame.kind == .selectPath && lexer.kind == .keywordOr {
            try lexer.advance()
            become(.fallback, first: frame.first, second: path.start, third: path.count)
            return .select
        }
        pop()
        let deepest = max(depth(base), pathDepth(path))
        if frame.kind == .selectPath {
            try finish(.select(base: base, path: path, fallback: nil), frame.start, end, above: deepest)
            return .selectDone
        }
        try finish(.hasAttribute(base: base, path: path), frame.start, end, above: deepest)
        return .operandDone
    }

    mutating func finishBinding(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        try expect(.semicolon)
        pop()
        try define(
            frame.second, in: BindingsID(frame.first), value: value, span: Span(start: frame.start, end: frame.third))
        pendingNames.shorten(to: Int(frame.second))
        return .binding
    }
}
