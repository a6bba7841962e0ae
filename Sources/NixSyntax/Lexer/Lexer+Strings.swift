import MessageText

/// The pieces of strings of both forms.
extension Lexer {
    mutating func stringToken() throws(Failure) -> TokenKind {
        switch byte(0) {
        case UInt8(ascii: "\""):
            leave()
            return take(1, .quote)
        case UInt8(ascii: "$") where byte(1) == UInt8(ascii: "{"):
            enter(.normal)
            return take(2, .dollarBrace)
        default: break
        }
        let end = try endOfStringText()
        // Only a `$` or `\` that ends the source stops the text at once.
        guard end > offset else { return takeEnd() }
        let kind = take(end &- offset, .stringText)
        try refuseNullBytes()
        return kind
    }

    /// Where the text that starts at `offset` ends: at a quote, at an interpolation, or short of an escape that the
    /// end of the source cuts off. `$$` hides the brace after it; a `$` before the quote is text.
    private func endOfStringText() throws(Failure) -> Int {
        var index = offset
        while index < bytes.count {
            let block = min(bytes.count, index &+ Self.bytesPerPoll)
            if let end = endOfStringText(&index, block) { return end }
            if index < bytes.count { try pollInToken(at: index) }
        }
        return index
    }

    /// The same of a block; nil when it goes on after it.
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

    mutating func indentedToken() throws(Failure) -> TokenKind {
        let end = try endOfIndentedText()
        if end > offset {
            let kind = take(end &- offset, .indentedText)
            try refuseNullBytes()
            return kind
        }
        guard offset < bytes.count else { return takeEnd() }
        if byte(0) == UInt8(ascii: "$") {
            guard byte(1) == UInt8(ascii: "{") else { return take(1, .indentedEscape) }
            enter(.normal)
            return take(2, .dollarBrace)
        }
        return try apostropheInIndented()
    }

    /// What stands at an apostrophe that is not text.
    private mutating func apostropheInIndented() throws(Failure) -> TokenKind {
        guard byte(1) == UInt8(ascii: "'") else { return take(1, .indentedEscape) }
        switch byte(2) {
        case UInt8(ascii: "$"), UInt8(ascii: "'"): return take(3, .indentedEscape)
        case UInt8(ascii: "\\") where offset &+ 3 < bytes.count:
            let kind = take(4, .indentedEscape)
            try refuseNullBytes()
            return kind
        default:
            leave()
            return take(2, .indentedClose)
        }
    }

    /// `$` and `'` take the byte after them along unless that could matter.
    private func endOfIndentedText() throws(Failure) -> Int {
        var index = offset
        while index < bytes.count {
            let block = min(bytes.count, index &+ Self.bytesPerPoll)
            if let end = endOfIndentedText(&index, block) { return end }
            if index < bytes.count { try pollInToken(at: index) }
        }
        return index
    }

    /// The same of a block; nil when it goes on after it.
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

    private func refuseNullBytes() throws(Failure) {
        guard bytes.find(0, from: start, to: end) < end else { return }
        let shown = MessageText.shortened(bytes.quote(start, end), of: end &- start).split(
            separator: "\0", omittingEmptySubsequences: false)
        throw Failure(
            .nullByte,
            "input string '\(shown.joined(separator: "␀"))' cannot be represented as Nix string because it contains "
                + "null bytes", at: span)
    }

    /// The text of a stretch of source with its escapes replaced and its line ends normalised to LF. A line end that
    /// is escaped stays as it is.
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

    /// Whether a stretch of source is its own text: nothing in it is escaped or normalised.
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
