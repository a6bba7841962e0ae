import Glibc

/// Why a text is no JSON.
package struct JSONError: Error {
    package var message: String
    /// False for a text that is JSON but has no value in Nix.
    package var isSyntax = true
    /// Whether the message is already that of the library that Nix uses.
    package var isWording = false
    /// The text is too large for the evaluation's memory limit.
    package var isLimit = false
}

/// Reads JSON in two passes: the first checks the text, notes what is where and gives the heap bytes that the value
/// needs; the second builds it. Nesting lies on arrays, not on the native stack.
package struct JSONReader {
    package let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    package private(set) var tokens: ContiguousArray<Token> = []

    /// A scalar, a key, or the end of a container whose members came before it.
    package struct Token {
        package enum Kind {
            case null, `false`, `true`, integer, float
            /// Strings as they lie in the text, and those with escapes.
            case string, escapedString, key, escapedKey
            case list, object
        }

        package var kind: Kind
        /// The integer, the float's bits, the count of members, or start and length of the text between the quotes.
        package var payload: UInt64

        package var start: Int { Int(truncatingIfNeeded: payload &>> 32) }
        package var length: Int { Int(truncatingIfNeeded: payload & 0xFFFF_FFFF) }
    }

    /// Tokens and open containers that there may be.
    private let mostTokens: Int

    /// - Parameter room: bytes that may be taken until the value is built.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, room: Int) {
        self.bytes = bytes
        // A table that grows is there twice, the new one with twice the room.
        mostTokens = room / (3 * MemoryLayout<Token>.stride)
    }

    private func checkRoom(_ count: Int) throws(JSONError) {
        if count >= mostTokens { throw JSONError(message: "memory limit exceeded", isSyntax: false, isLimit: true) }
    }

    /// Checks the text; the result is an upper bound of what the value takes.
    package mutating func measure() throws(JSONError) -> JSONExtent {
        /// Open containers: twice the members read, and one more for an object.
        var open: ContiguousArray<Int> = []
        var extent = JSONExtent()
        while true {
            skipSpace()
            try checkRoom(tokens.count &+ open.count)
            var isComplete = true
            switch peek() {
            case UInt8(ascii: "{"):
                if try !isEmptyContainer(UInt8(ascii: "}"), .object) {
                    open.append(1)
                    try readKey()
                    isComplete = false
                }
            case UInt8(ascii: "["):
                if try !isEmptyContainer(UInt8(ascii: "]"), .list) {
                    open.append(0)
                    isComplete = false
                }
            default: try readScalar(&extent)
            }
            while isComplete {
                guard let current = open.last else {
                    skipSpace()
                    if place < bytes.count { throw unexpected("end of input") }
                    try checkEncoding()
                    return extent
                }
                open[open.count &- 1] = current &+ 2
                let isObject = current & 1 == 1
                skipSpace()
                if peek() == UInt8(ascii: ",") {
                    place &+= 1
                    skipSpace()
                    if isObject { try readKey() }
                    break
                }
                guard peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unexpected(isObject ? "',' or '}'" : "',' or ']'")
                }
                place &+= 1
                let count = current &>> 1 &+ 1
                tokens.append(Token(kind: isObject ? .object : .list, payload: UInt64(count)))
                if isObject { extent.addObject(count) } else { extent.addList(count) }
                open.removeLast()
            }
        }
    }

    /// Strings must be UTF-8. What is all ASCII need not be looked at again.
    private func checkEncoding() throws(JSONError) {
        guard bytes.contains(where: { $0 >= 0x80 }), UTF8Check.problem(bytes) != nil else { return }
        throw unexpected("UTF-8")
    }

    /// Passes an opening bracket; true when the container is empty, and complete.
    private mutating func isEmptyContainer(_ closing: UInt8, _ kind: Token.Kind) throws(JSONError) -> Bool {
        place &+= 1
        skipSpace()
        guard peek() == closing else { return false }
        place &+= 1
        tokens.append(Token(kind: kind, payload: 0))
        return true
    }

    @inline(__always)
    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    @inline(__always)
    private mutating func skipSpace() {
        while place < bytes.count, bytes[place] <= 0x20,
            bytes[place] == 0x20 || bytes[place] == 0x0A || bytes[place] == 0x0D || bytes[place] == 0x09
        {
            place &+= 1
        }
    }

    private func unexpected(_ expected: String) -> JSONError {
        if place >= bytes.count { return JSONError(message: "unexpected end of input; expected \(expected)") }
        return JSONError(message: "unexpected character at byte \(place); expected \(expected)")
    }

    private mutating func readKey() throws(JSONError) {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("string literal") }
        _ = try readString(.key, .escapedKey)
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { throw unexpected("':'") }
        place &+= 1
    }

    private mutating func readScalar(_ extent: inout JSONExtent) throws(JSONError) {
        switch peek() {
        case UInt8(ascii: "\""): extent.addString(try readString(.string, .escapedString))
        case UInt8(ascii: "t"): try readWord("true", .true)
        case UInt8(ascii: "f"): try readWord("false", .false)
        case UInt8(ascii: "n"): try readWord("null", .null)
        default:
            try readNumber()
            extent.numbers &+= 1
        }
    }

    private mutating func readWord(_ word: StaticString, _ kind: Token.Kind) throws(JSONError) {
        let count = word.utf8CodeUnitCount
        guard bytes.count - place >= count, let base = bytes.baseAddress,
            memcmp(base + place, word.utf8Start, count) == 0
        else { throw unexpected("value") }
        place += count
        tokens.append(Token(kind: kind, payload: 0))
    }

    private mutating func readNumber() throws(JSONError) {
        let start = place
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { place &+= 1 }
        let first = place
        try readDigits()
        if bytes[first] == UInt8(ascii: "0"), place > first + 1 { throw unexpected("number without leading zero") }
        let digitsEnd = place
        if peek() == UInt8(ascii: ".") {
            place &+= 1
            try readDigits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            place &+= 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { place &+= 1 }
            try readDigits()
        }
        if place == digitsEnd, place &- first < 19 {
            var number: Int64 = 0
            for index in first..<place { number = number &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0")) }
            let value = isNegative ? 0 &- number : number
            tokens.append(Token(kind: .integer, payload: UInt64(bitPattern: value)))
        } else {
            tokens.append(try longNumber(bytes[start..<place], isFloat: place > digitsEnd))
        }
    }

    private func longNumber(_ digits: Slice<UnsafeBufferPointer<UInt8>>, isFloat: Bool) throws(JSONError) -> Token {
        let text = String(decoding: digits, as: UTF8.self)
        if !isFloat, let integer = Int64(text) {
            return Token(kind: .integer, payload: UInt64(bitPattern: integer))
        }
        if !isFloat, let number = UInt64(text) {
            throw JSONError(message: "unsigned json number \(number) outside of Nix integer range", isSyntax: false)
        }
        guard let float = Double(text) else { throw unexpected("number") }
        guard float.isFinite else {
            throw JSONError(
                message: "[json.exception.out_of_range.406] number overflow parsing '\(text)'", isWording: true)
        }
        return Token(kind: .float, payload: float.bitPattern)
    }

    private mutating func readDigits() throws(JSONError) {
        guard let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else {
            throw unexpected("digit")
        }
        while let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") { place &+= 1 }
    }

    private func refuseNull(_ start: Int, _ length: Int) -> JSONError {
        let content = JSONText.unescaped(UnsafeBufferPointer(rebasing: bytes[start..<start + length]))
        let shown = String(decoding: content, as: UTF8.self).replacing("\0", with: "␀")
        return JSONError(
            message: "input string '\(shown)' cannot be represented as Nix string because it contains null bytes",
            isSyntax: false)
    }

    /// Passes a string; its length in the text.
    private mutating func readString(_ plain: Token.Kind, _ escaped: Token.Kind) throws(JSONError) -> Int {
        place &+= 1
        let start = place
        var kind = plain
        var hasNull = false
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                let length = place &- start
                if hasNull { throw refuseNull(start, length) }
                tokens.append(Token(kind: kind, payload: UInt64(start) &<< 32 | UInt64(length)))
                place &+= 1
                return length
            }
            place &+= 1
            if byte == UInt8(ascii: "\\") {
                kind = escaped
                if try JSONText.escape(bytes, &place) == "\0" { hasNull = true }
            } else if byte < 0x20 {
                throw JSONError(message: "control character in a string at byte \(place - 1)")
            }
        }
        throw unexpected("'\"'")
    }
}

/// What the value of a JSON text is made of, counted: the machine tells from it how much room the value needs.
package struct JSONExtent {
    package var numbers = 0
    package var strings = 0
    /// Words of eight bytes that the strings fill.
    package var stringWords = 0
    package var lists = 0
    package var listMembers = 0
    package var objects = 0
    package var objectMembers = 0

    mutating func addString(_ length: Int) {
        strings &+= 1
        stringWords &+= (length &+ 7) &>> 3
    }

    mutating func addList(_ count: Int) {
        lists &+= 1
        listMembers &+= count
    }

    mutating func addObject(_ count: Int) {
        objects &+= 1
        objectMembers &+= count
    }
}
