/// The transitions that begin an expression.
extension Parser {
    mutating func beginExpression() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .identifier: return try beginIdentifierOrLambda()
        case .leftBrace: return try beginSetOrLambda()
        case .keywordIf: return try begin(.ifCondition)
        case .keywordAssert: return try begin(.assertCondition)
        case .keywordWith: return try begin(.withScope)
        case .keywordLet:
            let start = start
            try lexer.advance()
            if lexer.kind == .leftBrace { return try beginGroup(.legacyLet, start) }
            push(.letBindings, start, bindings.makeGroup().rawValue)
            return .binding
        default: return .operand
        }
    }

    private mutating func begin(_ kind: ParserFrame.Kind) throws(ParseFailure) -> ParserState {
        push(kind, start)
        try lexer.advance()
        return .expression
    }

    mutating func beginOperand() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .not:
            push(.not, start)
            try lexer.advance()
            return .operand
        case .minus:
            push(.negate, start)
            try lexer.advance()
            return .operand
        default: return .select
        }
    }

    mutating func beginSelect() throws(ParseFailure) -> ParserState {
        let start = start
        let end = end
        switch lexer.kind {
        case .identifier:
            let name = internToken()
            try lexer.advance()
            finishIdentifier(name, start, end)
            return .simpleDone
        case .integer:
            finish(.integer(lexer.integer), start, end)
        case .float:
            finish(.float(lexer.float), start, end)
        case .uri:
            finish(.uri(addText(source: lexer.start, lexer.end)), start, end)
        case .searchPath:
            finish(.searchPath(addText(source: lexer.start + 1, lexer.end - 1)), start, end)
        case .quote: return try beginString()
        case .indentedOpen:
            push(.indentedString, start, UInt32(truncatingIfNeeded: pendingPieces.count))
            try lexer.advance()
            return .stringPiece
        case .path: return try beginPath(.path)
        case .homePath: return try beginPath(.homePath)
        case .leftParenthesis:
            push(.parenthesis, start)
            try lexer.advance()
            return .expression
        case .leftBracket:
            push(.list, start, UInt32(truncatingIfNeeded: pendingNodes.count))
            try lexer.advance()
            return try continueList()
        default: return try beginSetOperand()
        }
        try lexer.advance()
        return .simpleDone
    }

    /// Begins a set that may be an operand: `{ }`, `rec { }` or `let { }`.
    private mutating func beginSetOperand() throws(ParseFailure) -> ParserState {
        let start = start
        switch lexer.kind {
        case .leftBrace: return try beginGroup(.attributeSet, start)
        case .keywordRec:
            try lexer.advance()
            guard lexer.kind == .leftBrace else { throw unexpected(.leftBrace) }
            return try beginGroup(.recursiveSet, start)
        case .keywordLet:
            try lexer.advance()
            guard lexer.kind == .leftBrace else { throw unexpected(.leftBrace) }
            return try beginGroup(.legacyLet, start)
        default: throw unexpected()
        }
    }

    /// Reads the `{` of a binding group.
    private mutating func beginGroup(_ kind: ParserFrame.Kind, _ start: UInt32) throws(ParseFailure) -> ParserState {
        push(kind, start, bindings.makeGroup().rawValue)
        try lexer.advance()
        return .binding
    }

    mutating func finishIdentifier(_ name: SymbolID, _ start: UInt32, _ end: UInt32) {
        let isPosition =
            end &- start == 8
            && lexer.bytes[Int(start)] == UInt8(ascii: "_") && symbols.bytes(of: name) == Array("__curPos".utf8)
        finish(isPosition ? .currentPosition : .identifier(name), start, end)
    }

    /// Whether the current token can begin an argument or a list element.
    @inline(__always)
    var startsSelect: Bool {
        switch lexer.kind {
        case .identifier, .integer, .float, .uri, .searchPath, .quote, .indentedOpen, .path, .homePath,
            .leftParenthesis, .leftBracket, .leftBrace, .keywordRec, .keywordLet:
            true
        default: false
        }
    }

    mutating func continueList() throws(ParseFailure) -> ParserState {
        guard lexer.kind == .rightBracket else { return .select }
        let frame = top
        let end = end
        try lexer.advance()
        pop()
        let (elements, depth) = popPendingNodes(from: frame.first)
        try finish(.list(elements: elements), frame.start, end, above: depth)
        return .simpleDone
    }

    /// Moves the pending nodes from `mark` on to `children`.
    ///
    /// - Returns: their run, and the depth of the deepest; 0 if there are none.
    mutating func popPendingNodes(from mark: UInt32) -> (Run, Int) {
        let start = children.count
        var deepest = 0
        for index in Int(mark)..<pendingNodes.count {
            children.append(pendingNodes[index])
            deepest = max(deepest, depth(pendingNodes[index]))
        }
        pendingNodes.shorten(to: Int(mark))
        return (
            Run(
                start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: children.count &- start)),
            deepest
        )
    }
}
