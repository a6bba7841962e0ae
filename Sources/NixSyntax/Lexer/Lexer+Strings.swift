import MessageText

/// The pieces of quoted and indented strings.
extension Lexer {
    mutating func stringToken() throws(ParseFailure) -> TokenKind {
        switch byte(0) {
        case UInt8(ascii: "\""):
            leave()
            return consume(1, .quote)
        case UInt8(ascii: "$") where byte(1) == UInt8(ascii: "{"):
            enter(.normal)
            return consume(2, .dollarBrace)
        default: break
        }
        let end = try endOfStringText()
        // The text is empty only before a `$` or `\` that is the last byte of the source.
        guard end > offset else { return consumeEnd() }
        let kind = consume(end &- offset, .stringText)
        try refuseNullBytes()
        return kind
    }

    /// The offset behind the text that starts at `offset`: at a quote, at an interpolation, or before an escape that is
    /// cut off by the end of the source. In `$${` the brace begins no interpolation; a `$` before the closing quote is
    /// text.
    private func endOfStringText() throws(ParseFailure) -> Int {
        var index = offset
        while index < bytes.count {
            let block = min(bytes.count, index &+ Self.bytesPerPoll)
            if let end = endOfStringText(&index, block) { return end }
            if index < bytes.count { try pollInToken(at: index) }
        }
        return index
    }

    /// Reads one block of such a text; nil if the text does not end in it. `index` is then behind the block.
    private func endOfStringText(_ index: inout Int, _ block: Int) -> Int? {
        while index < block {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"):
                guard index &+ 1 < bytes.count else { return index }
                index &+= 2
            case UInt8(ascii: "$"):
                guard index &+ 1 < bytes.count else { return index }
                switch bytes[index &+ 1] {
                case UInt8(ascii: "{"): return index
                case UInt8(ascii: "\""): return index &+ 1
                case UInt8(ascii: "\\"):
                    guard index &+ 2 < bytes.count else { return index }
                    index &+= 3
                default: index &+= 2
                }
            default: index &+= 1
            }
        }
        return nil
    }

    mutating func indentedToken() throws(ParseFailure) -> TokenKind {
        let end = try endOfIndentedText()
        if end > offset {
            let kind = consume(end &- offset, .indentedText)
            try refuseNullBytes()
            return kind
        }
        guard offset < bytes.count else { return consumeEnd() }
        if byte(0) == UInt8(ascii: "$") {
            guard byte(1) == UInt8(ascii: "{") else { return consume(1, .indentedEscape) }
            enter(.normal)
            return consume(2, .dollarBrace)
        }
        return try apostropheInIndented()
    }

    /// Lexes an apostrophe in an indented string that is not plain text: an escape or the closing quotes.
    private mutating func apostropheInIndented() throws(ParseFailure) -> TokenKind {
        guard byte(1) == UInt8(ascii: "'") else { return consume(1, .indentedEscape) }
        switch byte(2) {
        case UInt8(ascii: "$"), UInt8(ascii: "'"): return consume(3, .indentedEscape)
        case UInt8(ascii: "\\") where offset &+ 3 < bytes.count:
            let kind = consume(4, .indentedEscape)
            try refuseNullBytes()
            return kind
        default:
            leave()
            return consume(2, .indentedClose)
        }
    }

    /// The offset behind the plain text at `offset`. As in Nix's lexer, `$` and `'` consume the byte after them unless
    /// the two may be an interpolation, an escape or the end of the string.
    private func endOfIndentedText() throws(ParseFailure) -> Int {
        var index = offset
        while index < bytes.count {
            let block = min(bytes.count, index &+ Self.bytesPerPoll)
            if let end = endOfIndentedText(&index, block) { return end }
            if index < bytes.count { try pollInToken(at: index) }
        }
        return index
    }

    /// Reads one block of such a text; nil if the text does not end in it. `index` is then behind the block.
    private func endOfIndentedText(_ index: inout Int, _ block: Int) -> Int? {
        while index < block {
            switch bytes[index] {
            case UInt8(ascii: "$"):
                let next = bytes[index &+ 1]
                guard index &+ 1 < bytes.count, next != UInt8(ascii: "{"), next != UInt8(ascii: "'") else {
                    return index
                }
                index &+= 2
            case UInt8(ascii: "'"):
                let next = bytes[index &+ 1]
                guard index &+ 1 < bytes.count, next != UInt8(ascii: "'"), next != UInt8(ascii: "$") else {
                    return index
                }
                index &+= 2
            default: index &+= 1
            }
        }
        return nil
    }

    private func refuseNullBytes() throws(ParseFailure) {
        guard bytes.find(0, from: start, to: end) < end else { return }
        let shown = MessageText.shortened(bytes.quote(start, end), of: end &- start).split(
            separator: "\0", omittingEmptySubsequences: false)
        throw ParseFailure(
            .nullByte,
            "input string '\(shown.joined(separator: "␀"))' cannot be represented as Nix string because it contains "
                + "null bytes", at: span)
    }

    /// The text of a source range with escapes replaced and line endings normalised to LF. An escaped line ending stays
    /// as it is.
    func unescaped(_ start: Int, _ end: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(end &- start)
        var index = start
        while index < end {
            let byte = bytes[index]
            index &+= 1
            if byte == UInt8(ascii: "\\") {
                result.append(Self.escape(bytes[index]))
                index &+= 1
            } else if byte == UInt8(ascii: "\r") {
                result.append(UInt8(ascii: "\n"))
                if bytes[index] == UInt8(ascii: "\n") { index &+= 1 }
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// Whether the text of a source range equals its bytes: it has neither escapes nor carriage returns.
    func isPlain(_ start: Int, _ end: Int) -> Bool {
        bytes.find(UInt8(ascii: "\\"), from: start, to: end) == end
            && bytes.find(UInt8(ascii: "\r"), from: start, to: end) == end
    }

    private static func escape(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): UInt8(ascii: "\n")
        case UInt8(ascii: "r"): UInt8(ascii: "\r")
        case UInt8(ascii: "t"): UInt8(ascii: "\t")
        default: byte
        }
    }
}
