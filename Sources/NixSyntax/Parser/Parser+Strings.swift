/// Strings of both forms and paths.
extension Parser {
    /// At the opening quote. Strings without interpolation, which most are, need no frame.
    mutating func beginString(isName: Bool = false) throws(Failure) -> Step {
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
    ) throws(Failure) -> Step {
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

    private mutating func internString(_ span: Span?) throws(Failure) -> SymbolID {
        guard let span else { return symbols.intern([]) }
        let (start, end) = (Int(span.start), Int(span.end))
        if lexer.isPlain(start, end) { return symbols.intern(start, end) }
        try prepareText(end &- start)
        return symbols.intern(lexer.unescaped(start, end))
    }

    mutating func beginPath(_ kind: Frame.Kind) throws(Failure) -> Step {
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

    mutating func continueString() throws(Failure) -> Step {
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
            throw unexpected(expected, at: begin(of: frame, length: frame.kind == .string ? 1 : 2))
        }
    }

    /// Where to show that what a frame began does not go on: at its first token if the source ends in it, since the end
    /// may be many lines below the quote that is missing; else at the token that does not fit.
    private func begin(of frame: Frame, length: UInt32) -> Span {
        lexer.kind == .endOfFile ? Span(start: frame.start, end: frame.start &+ length) : lexer.span
    }

    private mutating func addTextPiece(_ frame: Frame) throws(Failure) -> Step {
        let isString = frame.kind == .string
        let text =
            isString ? try addText(escaped: lexer.start, lexer.end) : addText(source: lexer.start, lexer.end)
        pendingPieces.append(StringPiece(content: .text(text), span: lexer.span))
        try lexer.advance()
        // The grammar has one text before the first interpolation of a path, besides the path's start.
        if !isString && pendingPieces.count &- Int(frame.first) == 2 && lexer.kind != .dollarBrace {
            throw unexpected(.dollarBrace)
        }
        return .stringPiece
    }

    /// `''$`, `'''`, `''\x`, or a `$` or `'` that stands for itself.
    private func indentedEscape() -> [UInt8] {
        switch lexer.end &- lexer.start {
        case 1: [lexer.bytes[lexer.start]]
        case 3: lexer.bytes[lexer.start &+ 2] == UInt8(ascii: "$") ? [UInt8(ascii: "$")] : Array("''".utf8)
        default: lexer.unescaped(lexer.start &+ 2, lexer.end)
        }
    }

    mutating func finishInterpolation(_ frame: Frame) throws(Failure) -> Step {
        guard lexer.kind == .rightBrace else {
            throw unexpected([.rightBrace], at: begin(of: frame, length: 2))
        }
        let span = Span(start: frame.start, end: end)
        try lexer.advance()
        pop()
        pendingPieces.append(StringPiece(content: .interpolation(value), span: span))
        return .stringPiece
    }

    private mutating func finishString(_ frame: Frame) throws(Failure) -> Step {
        let end = end
        try lexer.advance()
        pop()
        let (run, depth) = takePieces(from: frame.first)
        try finish(.string(parts: run), frame.start, end, above: depth)
        guard frame.second == 1 else { return .simpleDone }
        pendingNames.append(.dynamic(value, Span(start: frame.start, end: end)))
        return .attributeNameDone
    }

    private mutating func finishPathLiteral(_ frame: Frame) throws(Failure) -> Step {
        let end = pendingPieces[pendingPieces.count &- 1].span.end
        try lexer.advance()
        pop()
        let (run, depth) = takePieces(from: frame.first)
        try finish(.interpolatedPath(parts: run), frame.start, end, above: depth)
        return .simpleDone
    }

    private mutating func finishIndentedString(_ frame: Frame) throws(Failure) -> Step {
        let end = end
        try lexer.advance()
        pop()
        try prepareText(Int(end &- frame.start))
        try stripIndentation(from: Int(frame.first))
        if pendingPieces.count &- Int(frame.first) == 1,
            case .interpolation(let node) = pendingPieces[Int(frame.first)].content, literalString(node) != nil
        {
            // Nix takes a lone interpolated string without interpolation for the string itself.
            pendingPieces.removeLast()
            value = node
            valueStart = frame.start
            valueEnd = end
            return .simpleDone
        }
        let isPlain = !pendingPieces[Int(frame.first)...].contains {
            if case .interpolation = $0.content { true } else { false }
        }
        let (run, depth) = takePieces(from: frame.first)
        if isPlain {
            finish(.string(parts: run), frame.start, end)
        } else {
            try finish(.string(parts: run), frame.start, end, above: depth)
        }
        return .simpleDone
    }

    /// Moves pending pieces into `parts`; gives the depth of the deepest interpolation too.
    private mutating func takePieces(from mark: UInt32) -> (Run, Int) {
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
