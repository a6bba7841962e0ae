/// Tokens outside strings and paths.
extension Lexer {
    mutating func normalToken() throws(Failure) -> TokenKind {
        try skipSpace()
        let first = byte(0)
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            return wordToken()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try numberToken()
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"): return try pathByteToken(first)
        case UInt8(ascii: "{"):
            enter(.normal)
            return take(1, .leftBrace)
        case UInt8(ascii: "}"):
            if mode != .outermost { leave() }
            return take(1, .rightBrace)
        case UInt8(ascii: "\""):
            enter(.string)
            return take(1, .quote)
        case UInt8(ascii: "/"): return slashToken()
        case UInt8(ascii: "<"): return try lessToken()
        case UInt8(ascii: "'"): return apostropheToken()
        case UInt8(ascii: "~"): return tildeToken()
        case UInt8(ascii: "$"):
            guard byte(1) == UInt8(ascii: "{") else { return take(1, .invalid) }
            enter(.normal)
            return take(2, .dollarBrace)
        case UInt8(ascii: "|"): return try barToken()
        case 0:
            // Nix reads a null byte outside strings as the end.
            if offset < bytes.count { return take(1, .endOfFile) }
            return takeEnd()
        default: return punctuationToken(first)
        }
    }

    private mutating func punctuationToken(_ first: UInt8) -> TokenKind {
        switch first {
        case UInt8(ascii: ";"): return take(1, .semicolon)
        case UInt8(ascii: "="):
            return byte(1) == UInt8(ascii: "=") ? take(2, .equal) : take(1, .assign)
        case UInt8(ascii: "("): return take(1, .leftParenthesis)
        case UInt8(ascii: ")"): return take(1, .rightParenthesis)
        case UInt8(ascii: "["): return take(1, .leftBracket)
        case UInt8(ascii: "]"): return take(1, .rightBracket)
        case UInt8(ascii: ":"): return take(1, .colon)
        case UInt8(ascii: ","): return take(1, .comma)
        case UInt8(ascii: "?"): return take(1, .question)
        case UInt8(ascii: "@"): return take(1, .at)
        case UInt8(ascii: "*"): return take(1, .star)
        case UInt8(ascii: "!"):
            return byte(1) == UInt8(ascii: "=") ? take(2, .notEqual) : take(1, .not)
        case UInt8(ascii: ">"):
            return byte(1) == UInt8(ascii: "=") ? take(2, .greaterOrEqual) : take(1, .greater)
        case UInt8(ascii: "&"):
            return byte(1) == UInt8(ascii: "&") ? take(2, .and) : take(1, .invalid)
        default: return take(1, .invalid)
        }
    }

    private mutating func skipSpace() throws(Failure) {
        var nextPoll = offset &+ Self.bytesPerPoll
        while true {
            switch byte(0) {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                offset &+= 1
                guard offset >= nextPoll else { continue }
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

    private mutating func skipLineComment() throws(Failure) {
        while offset < bytes.count {
            let block = min(bytes.count, offset &+ Self.bytesPerPoll)
            let end = bytes.find(UInt8(ascii: "\n"), from: offset, to: block)
            offset = bytes.find(UInt8(ascii: "\r"), from: offset, to: end)
            if offset < block { return }
            try pollInToken(at: offset)
        }
    }

    /// Where the comment at `offset` ends; nil if nothing ends it, which makes it a `/` and a `*`.
    private func endOfComment() throws(Failure) -> Int? {
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

    /// An identifier or keyword, or the path or URL that starts like one.
    private mutating func wordToken() -> TokenKind {
        var index = offset &+ 1
        while classes.isIdentifier(bytes[index]) { index &+= 1 }
        switch bytes[index] {
        case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: ":"):
            if let longer = pathOrURIToken() { return longer }
        default: break
        }
        let length = index &- offset
        return take(length, length <= 7 ? keyword(length) : .identifier)
    }

    private func keyword(_ length: Int) -> TokenKind {
        switch (length, byte(0)) {
        case (2, UInt8(ascii: "i")):
            byte(1) == UInt8(ascii: "f") ? .keywordIf : byte(1) == UInt8(ascii: "n") ? .keywordIn : .identifier
        case (2, UInt8(ascii: "o")): spells("or", .keywordOr)
        case (3, UInt8(ascii: "l")): spells("let", .keywordLet)
        case (3, UInt8(ascii: "r")): spells("rec", .keywordRec)
        case (4, UInt8(ascii: "t")): spells("then", .keywordThen)
        case (4, UInt8(ascii: "e")): spells("else", .keywordElse)
        case (4, UInt8(ascii: "w")): spells("with", .keywordWith)
        case (6, UInt8(ascii: "a")): spells("assert", .keywordAssert)
        case (7, UInt8(ascii: "i")): spells("inherit", .keywordInherit)
        default: .identifier
        }
    }

    @inline(__always)
    private func spells(_ word: StaticString, _ kind: TokenKind) -> TokenKind {
        for index in 0..<word.utf8CodeUnitCount where unsafe word.utf8Start[index] != byte(index) {
            return .identifier
        }
        return kind
    }

    private mutating func apostropheToken() -> TokenKind {
        guard byte(1) == UInt8(ascii: "'") else { return take(1, .invalid) }
        enter(.indentedString)
        var length = 2
        while byte(length) == UInt8(ascii: " ") { length &+= 1 }
        // Spaces and a newline right after the opening quotes are not part of the string.
        return take(byte(length) == UInt8(ascii: "\n") ? length &+ 1 : 2, .indentedOpen)
    }

    private mutating func barToken() throws(Failure) -> TokenKind {
        switch byte(1) {
        case UInt8(ascii: "|"): return take(2, .or)
        case UInt8(ascii: ">"):
            let kind = take(2, .pipeInto)
            try requirePipeOperators()
            return kind
        default: return take(1, .invalid)
        }
    }

    private mutating func lessToken() throws(Failure) -> TokenKind {
        switch byte(1) {
        case UInt8(ascii: "="): return take(2, .lessOrEqual)
        case UInt8(ascii: "|"):
            let kind = take(2, .pipeFrom)
            try requirePipeOperators()
            return kind
        default:
            guard let length = searchPathLength() else { return take(1, .less) }
            return take(length, .searchPath)
        }
    }

    private func requirePipeOperators() throws(Failure) {
        guard !pipeOperators else { return }
        throw Failure(
            .disabledFeature,
            "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features "
                + "pipe-operators' to enable it", at: span)
    }
}
