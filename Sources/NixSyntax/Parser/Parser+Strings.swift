/// Strings of both forms, and paths.
extension Parser {
    /// Reads a string from its opening quote. Strings without interpolation, which are the majority, need no stack
    /// entry.
    mutating func beginString(isName: Bool = false) throws(ParseFailure) -> ParserState {
        let start = start
        try lexer.advance()
        if lexer.kind == .quote {
            let span = Span(start: start, end: end)
            try lexer.advance()
            return try finishPlainString(span, isName: isName, textSpan: nil)
        }
        let mark = UInt32(truncatingIfNeeded: pendingPieces.count)
        if lexer.kind == .stringText {
            let textSpan = lexer.span
            try lexer.advance()
            if lexer.kind == .quote {
                let span = Span(start: start, end: end)
                try lexer.advance()
                return try finishPlainString(span, isName: isName, textSpan: textSpan)
            }
            let text = try addText(escaped: Int(textSpan.start), Int(textSpan.end))
            pendingPieces.append(StringPiece(content: .text(text), span: textSpan))
        }
        push(.string, start, mark, isName ? 1 : 0)
        return .stringPiece
    }

    private mutating func finishPlainString(
        _ span: Span, isName: Bool, textSpan: Span?
    ) throws(ParseFailure) -> ParserState {
        if isName {
            pendingNames.append(.fixed(try internString(textSpan), span))
            return .attributeNameDone
        }
        var run = Run.empty
        if let textSpan {
            run = Run(start: UInt32(truncatingIfNeeded: parts.count), count: 1)
            parts.append(.literal(try addText(escaped: Int(textSpan.start), Int(textSpan.end))))
            partSpans.append(textSpan)
        }
        finish(.string(parts: run), span.start, span.end)
        return .simpleDone
    }

    private mutating func internString(_ span: Span?) throws(ParseFailure) -> SymbolID {
        guard let span else { return symbols.intern([]) }
        let (start, end) = (Int(span.start), Int(span.end))
        if lexer.isPlain(start, end) { return symbols.intern(start, end) }
        try prepareText(end &- start)
        return symbols.intern(lexer.unescaped(start, end))
    }

    mutating func beginPath(_ kind: ParserFrame.Kind) throws(ParseFailure) -> ParserState {
        let span = lexer.span
        let text = addText(source: lexer.start, lexer.end)
        try lexer.advance()
        if lexer.kind == .pathEnd {
            try lexer.advance()
            finish(kind == .homePath ? .homePath(text) : .path(text), span.start, span.end)
            return .simpleDone
        }
        push(kind, span.start, UInt32(truncatingIfNeeded: pendingPieces.count))
        pendingPieces.append(StringPiece(content: .text(text), span: span))
        return .stringPiece
    }

    mutating func continueString() throws(ParseFailure) -> ParserState {
        let frame = top
        switch lexer.kind {
        case .dollarBrace:
            push(.interpolation, start)
            try lexer.advance()
            return .expression
        case .stringText: return try addTextPiece(frame)
        case .indentedText:
            pendingPieces.append(StringPiece(content: .indented, span: lexer.span))
            try lexer.advance()
            return .stringPiece
        case .indentedEscape:
            texts.append(indentedEscape())
            pendingPieces.append(StringPiece(content: .text(lastText), span: lexer.span))
            try lexer.advance()
            return .stringPiece
        case .quote where frame.kind == .string: return try finishString(frame)
        case .indentedClose where frame.kind == .indentedString: return try finishIndentedString(frame)
        case .pathEnd where frame.kind == .path || frame.kind == .homePath: return try finishPathLiteral(frame)
        default:
            let expected: [TokenKind] =
                frame.kind == .string ? [.quote] : [.indentedText, .dollarBrace, .indentedClose]
            throw unexpected(expected, at: errorSpan(of: frame, length: frame.kind == .string ? 1 : 2))
        }
    }

    /// Where to show that a construct does not go on: at its first token if the source ends in it, since the end may be
    /// many lines below the quote that is missing; else at the token that does not fit.
    private func errorSpan(of frame: ParserFrame, length: UInt32) -> Span {
        lexer.kind == .endOfFile ? Span(start: frame.start, end: frame.start &+ length) : lexer.span
    }

    private mutating func addTextPiece(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let isString = frame.kind == .string
        let text =
            isString ? try addText(escaped: lexer.start, lexer.end) : addText(source: lexer.start, lexer.end)
        pendingPieces.append(StringPiece(content: .text(text), span: lexer.span))
        try lexer.advance()
        // Nix's grammar allows only one text between the first piece of a path and its first interpolation.
        if !isString && pendingPieces.count &- Int(frame.first) == 2 && lexer.kind != .dollarBrace {
            throw unexpected(.dollarBrace)
        }
        return .stringPiece
    }

    /// The text of `''$`, `'''` or `''\x`, or of a lone `$` or `'`.
    private func indentedEscape() -> [UInt8] {
        switch lexer.end &- lexer.start {
        case 1: [lexer.bytes[lexer.start]]
        case 3: lexer.bytes[lexer.start &+ 2] == UInt8(ascii: "$") ? [UInt8(ascii: "$")] : Array("''".utf8)
        default: lexer.unescaped(lexer.start &+ 2, lexer.end)
        }
    }

    mutating func finishInterpolation(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        guard lexer.kind == .rightBrace else {
            throw unexpected([.rightBrace], at: errorSpan(of: frame, length: 2))
        }
        let span = Span(start: frame.start, end: end)
        try lexer.advance()
        pop()
        pendingPieces.append(StringPiece(content: .interpolation(value), span: span))
        return .stringPiece
    }

    private mutating func finishString(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let end = end
        try lexer.advance()
        pop()
        let (run, depth) = popPieces(from: frame.first)
        try finish(.string(parts: run), frame.start, end, above: depth)
        guard frame.second == 1 else { return .simpleDone }
        pendingNames.append(.dynamic(value, Span(start: frame.start, end: end)))
        return .attributeNameDone
    }

    private mutating func finishPathLiteral(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let end = pendingPieces[pendingPieces.count &- 1].span.end
        try lexer.advance()
        pop()
        let (run, depth) = popPieces(from: frame.first)
        try finish(.interpolatedPath(parts: run), frame.start, end, above: depth)
        return .simpleDone
    }

    private mutating func finishIndentedString(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let end = end
        try lexer.advance()
        pop()
        try prepareText(Int(end &- frame.start))
        try stripIndentation(from: Int(frame.first))
        if pendingPieces.count &- Int(frame.first) == 1,
            case .interpolation(let node) = pendingPieces[Int(frame.first)].content, literalString(node) != nil
        {
            // As in Nix, an indented string that consists of one interpolated plain string is that string.
            pendingPieces.removeLast()
            value = node
            valueStart = frame.start
            valueEnd = end
            return .simpleDone
        }
        let isPlain = !pendingPieces[Int(frame.first)...].contains {
            if case .interpolation = $0.content { true } else { false }
        }
        let (run, depth) = popPieces(from: frame.first)
        if isPlain {
            finish(.string(parts: run), frame.start, end)
        } else {
            try finish(.string(parts: run), frame.start, end, above: depth)
        }
        return .simpleDone
    }

    /// Moves the pending pieces from `mark` on to `parts`.
    ///
    /// - Returns: their run, and the depth of the deepest interpolation; 0 if there is none.
    private mutating func popPieces(from mark: UInt32) -> (Run, Int) {
        let start = parts.count
        var deepest = 0
        for piece in pendingPieces[Int(mark)...] {
            switch piece.content {
            case .text(let text): parts.append(.literal(text))
            case .interpolation(let node):
                parts.append(.interpolation(node))
                deepest = max(deepest, depth(node))
            case .indented: continue
            }
            partSpans.append(piece.span)
        }
        pendingPieces.shorten(to: Int(mark))
        return (
            Run(start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: parts.count &- start)),
            deepest
        )
    }
}
