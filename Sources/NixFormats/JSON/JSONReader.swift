/// Why a text has no value.
package enum JSONError: Error {
    /// The text is not JSON. The full message is computed by `JSONSyntaxError`.
    case syntax(String)
    /// The text is not JSON, with the message of the library that Nix uses.
    case libraryMessage(String)
    /// The text is JSON, but Nix has no such value.
    case refused(String)
    /// The budget or the memory is used up.
    case stopped(WorkStop)
}

/// Counts of the parts of a JSON text's value, from which the machine computes the memory that the value needs.
package struct JSONExtent {
    package fileprivate(set) var numbers = 0
    package fileprivate(set) var strings = 0
    /// The sum of the strings' sizes in 8-byte words.
    package fileprivate(set) var stringWords = 0
    package fileprivate(set) var lists = 0
    package fileprivate(set) var listMembers = 0
    package fileprivate(set) var objects = 0
    package fileprivate(set) var objectMembers = 0
    /// The number of members of the largest object.
    package fileprivate(set) var largestObject = 0
    /// The length in bytes of the longest key with escapes, as written.
    package fileprivate(set) var longestEscapedKey = 0
    /// The most values and keys that are pending at the same time, because their container is not complete.
    package fileprivate(set) var maximumPending = 0

    fileprivate mutating func addString(_ length: Int) {
        strings &+= 1
        stringWords &+= (length &+ 7) &>> 3
    }

    fileprivate mutating func addContainer(_ count: Int, isObject: Bool) {
        if isObject {
            objects &+= 1
            objectMembers &+= count
            largestObject = max(largestObject, count)
        } else {
            lists &+= 1
            listMembers &+= count
        }
    }
}

/// Reads JSON in two passes. This pass checks the text, records its tokens and counts what the value needs; the machine
/// then builds the value. The stack of open containers is a buffer, so that nesting takes no native stack.
///
/// A unit of fuel is charged for every 8 bytes.
package struct JSONReader: ~Copyable {
    private let bytes: ByteView
    private var position = 0
    /// The offset up to which reading has been charged.
    private var chargedEnd = 0
    private var tokens = Buffer<Token>()
    private var extent = JSONExtent()
    /// Values and keys whose container is not complete.
    private var pending = 0

    /// A scalar, a key, or the end of a container, which follows its members.
    package struct Token: BitwiseCopyable {
        package enum Kind: UInt8, BitwiseCopyable {
            case null, `false`, `true`, integer, float
            /// Strings and keys without and with escapes.
            case string, escapedString, key, escapedKey
            case list, object
        }

        package var kind: Kind
        /// The integer, the bits of the float, the number of members, or the start and length of the text between the
        /// quotes.
        package var payload: UInt64

        @inline(__always) package var start: Int { Int(truncatingIfNeeded: payload &>> 32) }
        @inline(__always) package var length: Int { Int(truncatingIfNeeded: payload & 0xFFFF_FFFF) }
    }

    /// - Parameter bytes: the text, of at most `UInt32.max` bytes.
    package init(_ bytes: ByteView) { self.bytes = bytes }

    /// Calls `body` with the tokens that `measure` recorded. They must not escape from it.
    package func withTokens(_ body: (UnsafeBufferPointer<Token>) throws(WorkStop) -> Void) throws(WorkStop) {
        try unsafe tokens.withElements { (elements) throws(WorkStop) in try unsafe body(elements) }
    }

    /// Checks the text and records its tokens.
    ///
    /// - Returns: the counts of the value's parts.
    /// - Throws: why the text has no value.
    package mutating func measure(_ meter: inout WorkMeter) throws(JSONError) -> JSONExtent {
        precondition(bytes.count <= Int(UInt32.max))
        var open = Buffer<Int>()
        while true {
            try skipSpace(&meter)
            try chargeAhead(&meter)
            guard try readStart(&open, &meter) else { continue }
            repeat {
                pending &+= 1
                extent.maximumPending = max(extent.maximumPending, pending)
                if open.count == 0 { return try finish(&open, &meter) }
            } while try endsContainer(&open, &meter)
        }
    }

    /// Reads a scalar, an empty container, or the start of a container up to its first value.
    ///
    /// - Parameter open: the stack of open containers. An entry is twice the number of members read, plus one for an
    ///   object.
    /// - Returns: whether a value is complete.
    @inline(__always)
    private mutating func readStart(_ open: inout Buffer<Int>, _ meter: inout WorkMeter) throws(JSONError) -> Bool {
        switch peek() {
        case UInt8(ascii: "{"):
            if try isEmptyContainer(UInt8(ascii: "}"), .object, &meter) { return true }
            try push(1, to: &open, &meter)
            try readKey(&meter)
            return false
        case UInt8(ascii: "["):
            if try isEmptyContainer(UInt8(ascii: "]"), .list, &meter) { return true }
            try push(0, to: &open, &meter)
            return false
        default:
            try readScalar(&meter)
            return true
        }
    }

    /// Reads what follows a value in a container: the end of the container, which is then a complete value, or a comma,
    /// and in an object the key of the next member.
    @inline(__always)
    private mutating func endsContainer(_ open: inout Buffer<Int>, _ meter: inout WorkMeter) throws(JSONError) -> Bool {
        let last = open.count &- 1
        let current = open[last]
        open[last] = current &+ 2
        let isObject = current & 1 == 1
        try skipSpace(&meter)
        if peek() == UInt8(ascii: ",") {
            position &+= 1
            try skipSpace(&meter)
            if isObject { try readKey(&meter) }
            return false
        }
        guard peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw unexpected(isObject ? "',' or '}'" : "',' or ']'")
        }
        position &+= 1
        let count = current &>> 1 &+ 1
        try add(isObject ? .object : .list, UInt64(count), &meter)
        extent.addContainer(count, isObject: isObject)
        pending &-= isObject ? 2 &* count : count
        open.removeLast(1)
        try chargeAhead(&meter)
        return true
    }

    /// Checks that nothing follows the value.
    private mutating func finish(
        _ open: inout Buffer<Int>, _ meter: inout WorkMeter
    ) throws(JSONError) -> JSONExtent {
        try skipSpace(&meter)
        if position < bytes.count { throw unexpected("end of input") }
        try checkEncoding(&meter)
        open.free(&meter)
        return extent
    }

    // MARK: Charging

    /// Charges for the next block unless reading it has been charged already.
    @inline(__always)
    private mutating func chargeAhead(_ meter: inout WorkMeter) throws(JSONError) {
        if position >= chargedEnd { try chargeBlock(&meter) }
    }

    private mutating func chargeBlock(_ meter: inout WorkMeter) throws(JSONError) {
        chargedEnd = min(bytes.count, position &+ 1024)
        do throws(WorkStop) { try meter.charge((chargedEnd &- position &+ 7) / 8) } catch { throw .stopped(error) }
    }

    @inline(__always)
    private mutating func add(_ kind: Token.Kind, _ payload: UInt64, _ meter: inout WorkMeter) throws(JSONError) {
        do throws(WorkStop) {
            try tokens.append(Token(kind: kind, payload: payload), &meter)
        } catch { throw .stopped(error) }
    }

    private func push(_ state: Int, to open: inout Buffer<Int>, _ meter: inout WorkMeter) throws(JSONError) {
        do throws(WorkStop) { try open.append(state, &meter) } catch { throw .stopped(error) }
    }

    /// Checks that the text is UTF-8, which JSON strings must be.
    private func checkEncoding(_ meter: inout WorkMeter) throws(JSONError) {
        var check = UTF8Check(bytes)
        var end = 0
        while end < bytes.count {
            end = min(bytes.count, end + 4096)
            do throws(WorkStop) { try meter.charge(32) } catch { throw .stopped(error) }
            if check.problem(upTo: end) != nil { throw unexpected("UTF-8") }
        }
    }

    // MARK: Parts

    /// Skips an opening bracket, and the closing one if the container is empty. Returns whether it is.
    private mutating func isEmptyContainer(
        _ closing: UInt8, _ kind: Token.Kind, _ meter: inout WorkMeter
    ) throws(JSONError) -> Bool {
        position &+= 1
        try skipSpace(&meter)
        guard peek() == closing else { return false }
        position &+= 1
        try add(kind, 0, &meter)
        return true
    }

    @inline(__always)
    private func peek() -> UInt8? { bytes.byte(at: position) }

    @inline(__always)
    private mutating func skipSpace(_ meter: inout WorkMeter) throws(JSONError) {
        while let byte = peek(), byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position &+= 1
            try chargeAhead(&meter)
        }
    }

    private func unexpected(_ expected: String) -> JSONError {
        if position >= bytes.count { return .syntax("unexpected end of input; expected \(expected)") }
        return .syntax("unexpected character at byte \(position); expected \(expected)")
    }

    private mutating func readKey(_ meter: inout WorkMeter) throws(JSONError) {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("string literal") }
        let length = try readString(.key, .escapedKey, &meter)
        if tokens[tokens.count &- 1].kind == .escapedKey {
            extent.longestEscapedKey = max(extent.longestEscapedKey, length)
        }
        try skipSpace(&meter)
        guard peek() == UInt8(ascii: ":") else { throw unexpected("':'") }
        position &+= 1
        pending &+= 1
    }

    private mutating func readScalar(_ meter: inout WorkMeter) throws(JSONError) {
        switch peek() {
        case UInt8(ascii: "\""): extent.addString(try readString(.string, .escapedString, &meter))
        case UInt8(ascii: "t"): try readWord("true", .true, &meter)
        case UInt8(ascii: "f"): try readWord("false", .false, &meter)
        case UInt8(ascii: "n"): try readWord("null", .null, &meter)
        default:
            try readNumber(&meter)
            extent.numbers &+= 1
        }
    }

    private mutating func readWord(
        _ word: StaticString, _ kind: Token.Kind, _ meter: inout WorkMeter
    ) throws(JSONError) {
        guard bytes.has(word, at: position) else { throw unexpected("value") }
        position += word.utf8CodeUnitCount
        try add(kind, 0, &meter)
    }

    /// Skips a string and returns its length as written.
    private mutating func readString(
        _ plain: Token.Kind, _ escaped: Token.Kind, _ meter: inout WorkMeter
    ) throws(JSONError) -> Int {
        position &+= 1
        let start = position
        var kind = plain
        var hasNull = false
        while true {
            try chargeAhead(&meter)
            position = JSONText.firstSpecial(bytes, from: position, upTo: chargedEnd)
            guard let byte = peek() else { throw unexpected("'\"'") }
            if position >= chargedEnd { continue }
            if byte == UInt8(ascii: "\"") {
                let length = position &- start
                if hasNull { throw refuseNull(start, length) }
                position &+= 1
                try add(kind, UInt64(start) &<< 32 | UInt64(length), &meter)
                return length
            }
            guard byte == UInt8(ascii: "\\") else {
                throw .syntax("control character in a string at byte \(position)")
            }
            position &+= 1
            kind = escaped
            if try JSONText.escape(bytes, &position) == "\0" { hasNull = true }
        }
    }

    private func refuseNull(_ start: Int, _ length: Int) -> JSONError {
        // A message only shows a prefix of a long string.
        let text = bytes[start..<start + min(length, ByteView.excerptBytes)]
        var content = [UInt8](repeating: 0, count: text.count)
        var position = 0
        var written = 0
        unsafe content.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let output = unsafe MutableByteView(base, count: text.count)
            JSONText.unescape(text, from: &position, upTo: text.count, to: output, at: &written)
        }
        let shown = String(decoding: content.prefix(written), as: UTF8.self).replacing("\0", with: "␀")
        return .refused(
            "input string '\(shown)' cannot be represented as Nix string because it contains null bytes")
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func readNumber(_ meter: inout WorkMeter) throws(JSONError) {
        let start = position
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { position &+= 1 }
        let first = position
        try readDigits(&meter)
        if bytes[first] == UInt8(ascii: "0"), position > first + 1 { throw unexpected("number without leading zero") }
        let digitsEnd = position
        if peek() == UInt8(ascii: ".") {
            position &+= 1
            try readDigits(&meter)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position &+= 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position &+= 1 }
            try readDigits(&meter)
        }
        if position == digitsEnd, position &- first < 19 {
            var number: Int64 = 0
            for index in first..<position { number = number &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0")) }
            let value = isNegative ? 0 &- number : number
            try add(.integer, UInt64(bitPattern: value), &meter)
        } else {
            try readLongNumber(bytes[start..<position], isFloat: position > digitsEnd, &meter)
        }
    }

    private mutating func readLongNumber(
        _ digits: ByteView, isFloat: Bool, _ meter: inout WorkMeter
    ) throws(JSONError) {
        // No 64-bit integer has more than 20 digits and a sign.
        if !isFloat, digits.count <= 21 {
            let text = String(decoding: digits.array, as: UTF8.self)
            if let integer = Int64(text) { return try add(.integer, UInt64(bitPattern: integer), &meter) }
            if let number = UInt64(text) {
                throw .refused("unsigned json number \(number) outside of Nix integer range")
            }
        }
        let float: Double?
        do throws(WorkStop) { float = try DecimalText.double(digits, &meter) } catch { throw .stopped(error) }
        guard let float else { throw unexpected("number") }
        guard float.isFinite else {
            let shown = String(decoding: digits.excerpt, as: UTF8.self)
            throw .libraryMessage("[json.exception.out_of_range.406] number overflow parsing '\(shown)'")
        }
        try add(.float, float.bitPattern, &meter)
    }

    private mutating func readDigits(_ meter: inout WorkMeter) throws(JSONError) {
        guard let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else {
            throw unexpected("digit")
        }
        while let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            position &+= 1
            try chargeAhead(&meter)
        }
    }
}
