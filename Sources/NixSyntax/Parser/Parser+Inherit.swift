/// The `inherit` bindings: `inherit a b;` and `inherit (e) a b;`.
extension Parser {
    mutating func beginInherit(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        let begin = start
        try lexer.advance()
        if lexer.kind == .leftParenthesis {
            push(.inheritSource, begin, frame.first)
            try lexer.advance()
            return .expression
        }
        push(
            .inheritNames, begin, frame.first, UInt32(truncatingIfNeeded: pendingNames.count), BindingTable.none)
        return .inheritName
    }

    mutating func finishInheritSource(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        try expect(.rightParenthesis)
        let group = BindingsID(frame.first)
        let number = bindings.append(source: value, to: group)
        bindings.deepen(group, to: depth(value))
        become(
            .inheritNames, first: frame.first, second: UInt32(truncatingIfNeeded: pendingNames.count), third: number)
        return .inheritName
    }

    mutating func beginInheritName() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .identifier, .keywordOr, .quote, .dollarBrace: return .attributeName
        case .semicolon: return try finishInherit(top)
        default: throw unexpected()
        }
    }

    private mutating func finishInherit(_ frame: ParserFrame) throws(ParseFailure) -> ParserState {
        try lexer.advance()
        pop()
        let group = BindingsID(frame.first)
        if pendingNames.count == Int(frame.second) { bindings.countEmptyInherit(in: group) }
        for index in Int(frame.second)..<pendingNames.count {
            try charge(1)
            guard case .fixed(let name, let span) = pendingNames[index] else { continue }
            let value: Attribute.Value = frame.third == BindingTable.none ? .inherited : .inheritedFrom(frame.third)
            let attribute = Attribute(name: name, span: span, value: value)
            if let entry = bindings.insert(attribute, into: group) {
                throw duplicate(quoted(name), span, earlier: entry)
            }
        }
        pendingNames.shorten(to: Int(frame.second))
        return .binding
    }
}
