/// Bracket expressions: `[a-z]`, `[^[:space:]]`, `[[=a=]]`, `[[.hyphen.]]`. A backslash is an ordinary character in
/// them.
extension RegexCompiler {
    /// The item before the current one, which may be the start of a range.
    private enum Last {
        case nothing
        case byte(UInt8)
        case `class`
    }

    private enum Token {
        case byte(UInt8)
        case dash
        case `class`([UInt8])
        case equivalence([UInt8])
        case collating([UInt8])
        case end
    }

    /// Reads a bracket expression behind its `[` up to its `]`.
    mutating func bracketExpression() throws(RegexError) -> ByteSet {
        var set = ByteSet()
        var last = Last.nothing
        let isInverted = current == UInt8(ascii: "^")
        if isInverted { position += 1 }
        var token = try bracketToken(isFirst: true)
        switch token {
        case .byte(let byte): last = .byte(byte)
        case .dash: last = .byte(UInt8(ascii: "-"))
        default: break
        }
        if case .byte = last { token = try bracketToken() }
        while true {
            if case .end = token { break }
            last = try add(token, after: last, to: &set)
            // Building a set tests all 256 bytes.
            try charge(4)
            token = try bracketToken()
        }
        add(last, to: &set)
        return isInverted ? set.inverted : set
    }

    /// Adds an item, or a range that the item before it began.
    ///
    /// - Returns: what the item is to a `-` that follows.
    private mutating func add(_ token: Token, after last: Last, to set: inout ByteSet) throws(RegexError) -> Last {
        if case .dash = token { return try rangeEnd(last, &set) }
        add(last, to: &set)
        switch token {
        case .byte(let byte): return .byte(byte)
        case .collating(let name):
            guard let byte = CollatingNames.byte(name) else { throw .invalid }
            return .byte(byte)
        case .equivalence(let name):
            guard let byte = CollatingNames.byte(name) else { throw .invalid }
            set.formUnion(ByteSet { lowered($0) == lowered(byte) })
            return .class
        case .class(let name):
            guard let members = CharacterClass.set(named: name.map(lowered)) else { throw .invalid }
            set.formUnion(members)
            return .class
        case .dash, .end: return .nothing
        }
    }

    private func add(_ last: Last, to set: inout ByteSet) {
        if case .byte(let byte) = last { set.insert(byte) }
    }

    /// Reads what follows a `-`: the end of a range, or the end of the expression, before which `-` is an ordinary
    /// character.
    private mutating func rangeEnd(_ last: Last, _ set: inout ByteSet) throws(RegexError) -> Last {
        let before = position
        let token = try bracketToken()
        if case .end = token {
            position = before
            add(last, to: &set)
            return .byte(UInt8(ascii: "-"))
        }
        guard case .byte(let low) = last else { throw .invalid }
        let high: UInt8
        switch token {
        case .byte(let byte): high = byte
        case .dash: high = UInt8(ascii: "-")
        default: throw .invalid
        }
        // libstdc++ orders bytes like C's signed characters.
        let range = (Int8(bitPattern: low), Int8(bitPattern: high))
        guard range.0 <= range.1 else { throw .invalid }
        set.formUnion(ByteSet { range.0 <= Int8(bitPattern: $0) && Int8(bitPattern: $0) <= range.1 })
        return .nothing
    }

    private mutating func bracketToken(isFirst: Bool = false) throws(RegexError) -> Token {
        guard let byte = current else { throw .invalid }
        position += 1
        switch byte {
        case UInt8(ascii: "-"): return .dash
        case UInt8(ascii: "]") where !isFirst: return .end
        case UInt8(ascii: "["):
            guard let kind = current else { throw .invalid }
            switch kind {
            case UInt8(ascii: ":"): return .class(try className(kind))
            case UInt8(ascii: "="): return .equivalence(try className(kind))
            case UInt8(ascii: "."): return .collating(try className(kind))
            default: return .byte(byte)
            }
        default: return .byte(byte)
        }
    }

    private static let longestName = 32

    /// Reads `:name:]`.
    private mutating func className(_ mark: UInt8) throws(RegexError) -> [UInt8] {
        position += 1
        let start = position
        while let byte = current, byte != mark {
            if (position - start) & 0xFFF == 0 { try charge(64) }
            position += 1
        }
        // All known names are shorter than the limit.
        let name = bytes[start..<min(position, start + RegexCompiler.longestName)].array
        position += 1
        guard current == UInt8(ascii: "]") else { throw .invalid }
        position += 1
        return name
    }
}

private func lowered(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

/// The character classes of the C locale.
private enum CharacterClass {
    static func set(named name: [UInt8]) -> ByteSet? { table[name] }

    private static let table: [[UInt8]: ByteSet] = {
        let lower = ByteSet { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
        let upper = ByteSet { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
        let digit = ByteSet { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        let space = ByteSet { $0 == 0x20 || $0 >= 0x09 && $0 <= 0x0D }
        var alpha = lower
        alpha.formUnion(upper)
        var alnum = alpha
        alnum.formUnion(digit)
        var word = alnum
        word.insert(UInt8(ascii: "_"))
        let graph = ByteSet { $0 > 0x20 && $0 < 0x7F }
        let names: [(String, ByteSet)] = [
            ("d", digit), ("w", word), ("s", space), ("alnum", alnum), ("alpha", alpha),
            ("blank", ByteSet { $0 == 0x20 || $0 == 0x09 }), ("cntrl", ByteSet { $0 < 0x20 || $0 == 0x7F }),
            ("digit", digit), ("graph", graph), ("lower", lower), ("print", ByteSet { $0 >= 0x20 && $0 < 0x7F }),
            ("punct", ByteSet { graph.contains($0) && !alnum.contains($0) }), ("space", space), ("upper", upper),
            (
                "xdigit",
                ByteSet {
                    digit.contains($0) || lowered($0) >= UInt8(ascii: "a") && lowered($0) <= UInt8(ascii: "f")
                }
            ),
        ]
        return Dictionary(uniqueKeysWithValues: names.map { (Array($0.0.utf8), $0.1) })
    }()
}

/// The names of the ASCII characters in the POSIX portable character set. A letter is its own name.
private enum CollatingNames {
    static func byte(_ name: [UInt8]) -> UInt8? {
        if name.count == 1, CharacterClass.set(named: Array("alpha".utf8))?.contains(name[0]) == true { return name[0] }
        let text = String(decoding: name, as: UTF8.self)
        return names.first { $0.value.contains(text) }.map { $0.key + UInt8($0.value.firstIndex(of: text) ?? 0) }
    }

    /// The names of consecutive characters, by the first one.
    private static let names: [UInt8: [String]] = [
        0: [
            "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "alert", "backspace", "tab", "newline", "vertical-tab",
            "form-feed", "carriage-return", "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN",
            "EM", "SUB", "ESC", "IS4", "IS3", "IS2", "IS1", "space", "exclamation-mark", "quotation-mark",
            "number-sign", "dollar-sign", "percent-sign", "ampersand", "apostrophe", "left-parenthesis",
            "right-parenthesis", "asterisk", "plus-sign", "comma", "hyphen", "period", "slash", "zero", "one", "two",
            "three", "four", "five", "six", "seven", "eight", "nine", "colon", "semicolon", "less-than-sign",
            "equals-sign", "greater-than-sign", "question-mark", "commercial-at",
        ],
        UInt8(ascii: "["): [
            "left-square-bracket", "backslash", "right-square-bracket", "circumflex", "underscore", "grave-accent",
        ],
        UInt8(ascii: "{"): ["left-curly-bracket", "vertical-line", "right-curly-bracket", "tilde", "DEL"],
    ]
}
