/// Tokens outside strings and paths.
extension Lexer {
    mutating func normalToken() throws(ParseFailure) -> TokenKind {
        // Most tokens follow at most one space.
        if byte(0) == UInt8(ascii: " ") { offset &+= 1 }
        var first = byte(0)
        if first <= UInt8(ascii: " ") || first == UInt8(ascii: "#") || first == UInt8(ascii: "/") {
            try skipSpace()
            first = byte(0)
        }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            return wordToken()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try numberToken()
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"): return try pathByteToken(first)
        case UInt8(ascii: "{"):
            enter(.normal)
            return consume(1, .leftBrace)
        case UInt8(ascii: "}"):
            if mode != .outermost { leave() }
            return consume(1, .rightBrace)
        case UInt8(ascii: "\""):
            enter(.string)
            return consume(1, .quote)
        case UInt8(ascii: "/"): return slashToken()
        case UInt8(ascii: "<"): return try lessToken()
        case UInt8(ascii: "'"): return apostropheToken()
        case UInt8(ascii: "~"): return tildeToken()
        case UInt8(ascii: "$"):
            guard byte(1) == UInt8(ascii: "{") else { return consume(1, .invalid) }
            enter(.normal)
            return consume(2, .dollarBrace)
        case UInt8(ascii: "|"): return try barToken()
        case 0:
            // Nix treats a null byte outside strings as the end of the source.
            if offset < bytes.count { return consume(1, .endOfFile) }
            return consumeEnd()
        default: return punctuationToken(first)
        }
    }

    private mutating func punctuationToken(_ first: UInt8) -> TokenKind {
        switch first {
        case UInt8(ascii: ";"): return consume(1, .semicolon)
        case UInt8(ascii: "="):
            return byte(1) == UInt8(ascii: "=") ? consume(2, .equal) : consume(1, .assign)
        case UInt8(ascii: "("): return consume(1, .leftParenthesis)
        case UInt8(ascii: ")"): return consume(1, .rightParenthesis)
        case UInt8(ascii: "["): return consume(1, .leftBracket)
        case UInt8(ascii: "]"): return consume(1, .rightBracket)
        case UInt8(ascii: ":"): return consume(1, .colon)
        case UInt8(ascii: ","): return consume(1, .comma)
        case UInt8(ascii: "?"): return consume(1, .question)
        case UInt8(ascii: "@"): return consume(1, .at)
        case UInt8(ascii: "*"): return consume(1, .star)
        case UInt8(ascii: "!"):
            return byte(1) == UInt8(ascii: "=") ? consume(2, .notEqual) : consume(1, .not)
        case UInt8(ascii: ">"):
            return byte(1) == UInt8(ascii: "=") ? consume(2, .greaterOrEqual) : consume(1, .greater)
        case UInt8(ascii: "&"):
            return byte(1) == UInt8(ascii: "&") ? consume(2, .and) : consume(1, .invalid)
        default: return consume(1, .invalid)
        }
    }

    private mutating func skipSpace() throws(ParseFailure) {
        var nextPoll = offset &+ Self.bytesPerPoll
        while true {
            offset = endOfBlanks(to: nextPoll)
            switch byte(0) {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "#"): try skipLineComment()
            case UInt8(ascii: "/"):
                guard byte(1) == UInt8(ascii: "*"), let end = try endOfComment() else { return }
                offset = end
            default: return
            }
            if offset >= nextPoll {
                try pollInToken(at: offset)
                nextPoll = offset &+ Self.bytesPerPoll
            }
        }
    }

    /// The offset of the first byte that is no space, tab or line end; at most `limit`.
    private func endOfBlanks(to limit: Int) -> Int {
        var index = offset
        while index < limit {
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): index &+= 1
            default: return index
            }
        }
        return index
    }

    private mutating func skipLineComment() throws(ParseFailure) {
        while offset < bytes.count {
            let block = min(bytes.count, offset &+ Self.bytesPerPoll)
            let end = bytes.find(UInt8(ascii: "\n"), from: offset, to: block)
            offset = bytes.find(UInt8(ascii: "\r"), from: offset, to: end)
            if offset < block { return }
            try pollInToken(at: offset)
        }
    }

    /// The offset behind the comment at `offset`. An unterminated comment gives nil: its `/` and `*` are then two
    /// tokens.
    private func endOfComment() throws(ParseFailure) -> Int? {
        var index = offset &+ 2
        var block = index
        while true {
            if index >= block {
                if index > offset &+ 2 { try pollInToken(at: index) }
                block = min(bytes.count, index &+ Self.bytesPerPoll)
            }
            index = bytes.find(UInt8(ascii: "*"), from: index, to: block)
            if index >= bytes.count { return nil }
            if index >= block { continue }
            index &+= 1
            if bytes[index] == UInt8(ascii: "/") { return index &+ 1 }
        }
    }

    /// Lexes an identifier or keyword, or the path or URL that begins with the same bytes.
    private mutating func wordToken() -> TokenKind {
        var index = offset &+ 1
        while classes.isIdentifier(bytes[index]) { index &+= 1 }
        switch bytes[index] {
        case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: ":"):
            if let longer = pathOrURIToken() { return longer }
        default: break
        }
        let length = index &- offset
        return consume(length, length <= 7 ? keyword(length) : .identifier)
    }

    private func keyword(_ length: Int) -> TokenKind {
        switch (length, byte(0)) {
        case (2, UInt8(ascii: "i")):
            byte(1) == UInt8(ascii: "f") ? .keywordIf : byte(1) == UInt8(ascii: "n") ? .keywordIn : .identifier
        case (2, UInt8(ascii: "o")): matches("or", .keywordOr)
        case (3, UInt8(ascii: "l")): matches("let", .keywordLet)
        case (3, UInt8(ascii: "r")): matches("rec", .keywordRec)
        case (4, UInt8(ascii: "t")): matches("then", .keywordThen)
        case (4, UInt8(ascii: "e")): matches("else", .keywordElse)
        case (4, UInt8(ascii: "w")): matches("with", .keywordWith)
        case (6, UInt8(ascii: "a")): matches("assert", .keywordAssert)
        case (7, UInt8(ascii: "i")): matches("inherit", .keywordInherit)
        default: .identifier
        }
    }

    @inline(__always)
    private func matches(_ word: StaticString, _ kind: TokenKind) -> TokenKind {
        for index in 0..<word.utf8CodeUnitCount where unsafe word.utf8Start[index] != byte(index) {
            return .identifier
        }
        return kind
    }

    private mutating func apostropheToken() -> TokenKind {
        guard byte(1) == UInt8(ascii: "'") else { return consume(1, .invalid) }
        enter(.indentedString)
        var length = 2
        while byte(length) == UInt8(ascii: " ") { length &+= 1 }
        // Spaces and a newline right after the opening quotes are not part of the string.
        return consume(byte(length) == UInt8(ascii: "\n") ? length &+ 1 : 2, .indentedOpen)
    }

    private mutating func barToken() throws(ParseFailure) -> TokenKind {
        switch byte(1) {
        case UInt8(ascii: "|"): return consume(2, .or)
        case UInt8(ascii: ">"):
            let kind = consume(2, .pipeInto)
            try requirePipeOperators()
            return kind
        default: return consume(1, .invalid)
        }
    }

    private mutating func lessToken() throws(ParseFailure) -> TokenKind {
        switch byte(1) {
        case UInt8(ascii: "="): return consume(2, .lessOrEqual)
        case UInt8(ascii: "|"):
            let kind = consume(2, .pipeFrom)
            try requirePipeOperators()
            return kind
        default:
            guard let length = searchPathLength() else { return consume(1, .less) }
            return consume(length, .searchPath)
        }
    }

    private func requirePipeOperators() throws(ParseFailure) {
        guard !pipeOperators else { return }
        throw ParseFailure(
            .disabledFeature,
            "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features "
                + "pipe-operators' to enable it", at: span)
    }
}
