import MessageText

/// Functions and their patterns.
extension Parser {
    /// Reads `x`, `x: e` or `x@{ ... }: e`.
    mutating func beginIdentifierOrLambda() throws(ParseFailure) -> ParserState {
        let name = internToken()
        let span = lexer.span
        try lexer.advance()
        switch lexer.kind {
        case .colon:
            try lexer.advance()
            beginLambda(.lambdaBody, span.start, parameter: (name, span))
            return .expression
        case .at:
            try lexer.advance()
            try expect(.leftBrace)
            beginLambda(.formals, span.start, parameter: (name, span))
            return .formal
        default:
            finishIdentifier(name, span.start, span.end)
            return .simpleDone
        }
    }

    /// Reads what begins with `{`: a pattern or an attribute set.
    mutating func beginSetOrLambda() throws(ParseFailure) -> ParserState {
        let start = start
        try lexer.advance()
        switch lexer.kind {
        case .rightBrace: return try finishEmptyBraces(start)
        case .ellipsis:
            beginLambda(.formals, start)
            return .formal
        case .identifier:
            let name = internToken()
            let span = lexer.span
            try lexer.advance()
            if lexer.kind == .comma || lexer.kind == .question || lexer.kind == .rightBrace {
                beginLambda(.formals, start)
                return try finishFormalName(name, span)
            }
            let group = bindings.makeGroup()
            push(.attributeSet, start, group.rawValue)
            push(.bindingPath, span.start, group.rawValue, UInt32(truncatingIfNeeded: pendingNames.count), span.end)
            pendingNames.append(.fixed(name, span))
            return .attributeNameDone
        default:
            push(.attributeSet, start, bindings.makeGroup().rawValue)
            return .binding
        }
    }

    /// Reads `{ }`, which is a pattern if a colon or `@` follows.
    private mutating func finishEmptyBraces(_ start: UInt32) throws(ParseFailure) -> ParserState {
        let end = end
        try lexer.advance()
        guard lexer.kind == .colon || lexer.kind == .at else {
            try finish(
                .attributeSet(bindings: bindings.makeGroup(), recursive: false), start, end, above: 0)
            return .simpleDone
        }
        beginLambda(.formals, start)
        return try finishPattern()
    }

    private mutating func beginLambda(
        _ kind: ParserFrame.Kind, _ start: UInt32, parameter: (name: SymbolID, span: Span)? = nil
    ) {
        let id = UInt32(truncatingIfNeeded: lambdas.count)
        lambdas.append(
            Lambda(
                parameter: parameter?.name, parameterSpan: parameter?.span ?? Span(start: start, end: start),
                hasFormals: kind == .formals, formals: .empty, hasEllipsis: false, body: NodeID(0)))
        push(kind, start, id, UInt32(truncatingIfNeeded: pendingFormals.count))
    }

    mutating func beginFormal() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .identifier:
            let name = internToken()
            let span = lexer.span
            try lexer.advance()
            return try finishFormalName(name, span)
        case .ellipsis:
            try lexer.advance()
            lambdas[Int(top.first)].hasEllipsis = true
            guard lexer.kind == .rightBrace else { throw unexpected(.rightBrace) }
        case .rightBrace: break
        default: throw unexpected(.identifier, .ellipsis, .rightBrace)
        }
        try lexer.advance()
        return try finishPattern()
    }

    private mutating func finishFormalName(_ name: SymbolID, _ span: Span) throws(ParseFailure) -> ParserState {
        if lexer.kind == .question {
            try lexer.advance()
            push(.formalDefault, span.start, name.rawValue, span.end)
            return .expression
        }
        pendingFormals.append(Formal(name: name, span: span, defaultValue: nil))
        return try finishFormal()
    }

    mutating func finishFormalDefault(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        pop()
        let span = Span(start: frame.start, end: frame.second)
        pendingFormals.append(Formal(name: SymbolID(frame.first), span: span, defaultValue: value))
        return try finishFormal()
    }

    private mutating func finishFormal() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .comma:
            try lexer.advance()
            return .formal
        case .rightBrace:
            try lexer.advance()
            return try finishPattern()
        default: throw unexpected(.rightBrace, .comma)
        }
    }

    /// Completes a pattern after its `}`.
    private mutating func finishPattern() throws(ParseFailure) -> ParserState {
        let frame = top
        let id = Int(frame.first)
        lambdas[id].formals = Run(
            start: UInt32(truncatingIfNeeded: formals.count),
            count: UInt32(truncatingIfNeeded: pendingFormals.count &- Int(frame.second)))
        formals.append(contentsOf: pendingFormals[Int(frame.second)...])
        pendingFormals.shorten(to: Int(frame.second))
        if lambdas[id].parameter == nil {
            if lexer.kind == .at {
                try lexer.advance()
                guard lexer.kind == .identifier else { throw unexpected(.identifier) }
                lambdas[id].parameter = internToken()
                lambdas[id].parameterSpan = lexer.span
                try lexer.advance()
            } else if lexer.kind != .colon {
                throw unexpected(.colon, .at)
            }
        }
        try expect(.colon)
        become(.lambdaBody, first: frame.first)
        return .expression
    }

    mutating func finishLambda(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        pop()
        let id = Int(frame.first)
        lambdas[id].body = value
        var deepest = depth(value)
        if lambdas[id].hasFormals {
            try refuseDuplicateFormals(lambdas[id], frame)
            for formal in formals[lambdas[id].formals.range] {
                if let node = formal.defaultValue { deepest = max(deepest, depth(node)) }
            }
        }
        try finish(.lambda(LambdaID(frame.first)), frame.start, valueEnd, above: deepest)
        return .expressionDone
    }

    /// Refuses a formal that is named twice. Of several, Nix reports the one whose name appeared first in the source.
    private mutating func refuseDuplicateFormals(_ lambda: Lambda, _ frame: ParserFrame) throws(ParseFailure) {
        let mark = frame.first &+ 1
        if formalMarks.count < symbols.count {
            formalMarks.append(contentsOf: repeatElement(0, count: symbols.count &- formalMarks.count))
        }
        var duplicate: Formal?
        for index in lambda.formals.range {
            let formal = formals[index]
            try charge(1)
            if formalMarks[Int(formal.name.rawValue)] == mark, formal.name.rawValue < duplicate?.name.rawValue ?? .max {
                duplicate = formal
            }
            formalMarks[Int(formal.name.rawValue)] = mark
        }
        if let duplicate { throw duplicateFormal(duplicate.name, duplicate.span) }
        if let parameter = lambda.parameter, formalMarks[Int(parameter.rawValue)] == mark {
            throw duplicateFormal(parameter, Span(start: frame.start, end: lambda.parameterSpan.end))
        }
    }

    private func duplicateFormal(_ name: SymbolID, _ span: Span) -> ParseFailure {
        ParseFailure(
            .duplicateFormal, "duplicate formal function argument '\(MessageText.shortened(quoted(name)))'", at: span)
    }

    /// A name as Nix prints it, in quotes if it needs them.
    func quoted(_ name: SymbolID) -> [UInt8] {
        var result: [UInt8] = []
        NixText.appendName(symbols.bytes(of: name), to: &result)
        return result
    }
}
