/// Why a text gives no value.
package enum JSONError: Error {
    /// It is no JSON; `JSONSyntaxError` words it.
    case syntax(String)
    /// It is no JSON, in the words of the library that Nix uses.
    case worded(String)
    /// It is JSON, but its value is none of Nix.
    case refused(String)
    /// The budget or the memory for it is used up.
    case stopped(WorkStop)
}

/// What the value of a JSON text is made of, counted: the machine tells from it how much room the value needs.
package struct JSONExtent {
    package fileprivate(set) var numbers = 0
    package fileprivate(set) var strings = 0
    /// Words of eight bytes that the strings fill.
    package fileprivate(set) var stringWords = 0
    package fileprivate(set) var lists = 0
    package fileprivate(set) var listMembers = 0
    package fileprivate(set) var objects = 0
    package fileprivate(set) var objectMembers = 0
    /// Members of the largest object.
    package fileprivate(set) var largestObject = 0
    /// Bytes in the text of the longest key that has escapes.
    package fileprivate(set) var longestEscapedKey = 0
    /// The most values and keys that wait at the same time for their container to be complete.
    package fileprivate(set) var mostWaiting = 0

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

/// Reads JSON in two passes: this checks the text, notes what is where and counts what the value needs; the machine
/// builds it. Nesting lies on a buffer, not on the native stack.
///
/// A unit is charged for every 8 bytes.
package struct JSONReader: ~Copyable {
    private let bytes: ByteView
    private var place = 0
    /// Up to where reading is paid for.
    private var paid = 0
    private var tokens = Buffer<Token>()
    private var extent = JSONExtent()
    /// Values and keys that wait for their container to be complete.
    private var waiting = 0

    /// A scalar, a key, or the end of a container whose members came before it.
    package struct Token: BitwiseCopyable {
        package enum Kind: UInt8, BitwiseCopyable {
            case null, `false`, `true`, integer, float
            /// Strings as they lie in the text, and those with escapes.
            case string, escapedString, key, escapedKey
            case list, object
        }

        package var kind: Kind
        /// The integer, the float's bits, the count of members, or start and length of the text between the quotes.
        package var payload: UInt64

        @inline(__always) package var start: Int { Int(truncatingIfNeeded: payload &>> 32) }
        @inline(__always) package var length: Int { Int(truncatingIfNeeded: payload & 0xFFFF_FFFF) }
    }

    /// - Parameter bytes: At most `UInt32.max`.
    package init(_ bytes: ByteView) { self.bytes = bytes }

    /// Lends the tokens that `measure` noted.
    package func withTokens(_ body: (UnsafeBufferPointer<Token>) throws(WorkStop) -> Void) throws(WorkStop) {
        try unsafe tokens.withElements { (elements) throws(WorkStop) in try unsafe body(elements) }
    }

    /// Checks the text.
    package mutating func measure(_ meter: inout WorkMeter) throws(JSONError) -> JSONExtent {
        precondition(bytes.count <= Int(UInt32.max))
        /// Open containers: twice the members read, and one more for an object.
        var open = Buffer<Int>()
        while true {
            try skipSpace(&meter)
            try pay(&meter)
            var isComplete = true
            switch peek() {
            case UInt8(ascii: "{"):
                if try !isEmptyContainer(UInt8(ascii: "}"), .object, &meter) {
                    try push(1, to: &open, &meter)
                    try readKey(&meter)
                    isComplete = false
                }
            case UInt8(ascii: "["):
                if try !isEmptyContainer(UInt8(ascii: "]"), .list, &meter) {
                    try push(0, to: &open, &meter)
                    isComplete = false
                }
            default: try readScalar(&meter)
            }
            while isComplete {
                waiting &+= 1
                extent.mostWaiting = max(extent.mostWaiting, waiting)
                guard open.count > 0 else {
                    try skipSpace(&meter)
                    if place < bytes.count { throw unexpected("end of input") }
                    try checkEncoding(&meter)
                    open.free(&meter)
                    return extent
                }
                let last = open.count &- 1
                let current = open[last]
                open[last] = current &+ 2
                let isObject = current & 1 == 1
                try skipSpace(&meter)
                if peek() == UInt8(ascii: ",") {
                    place &+= 1
                    try skipSpace(&meter)
                    if isObject { try readKey(&meter) }
                    break
                }
                guard peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unexpected(isObject ? "',' or '}'" : "',' or ']'")
                }
                place &+= 1
                let count = current &>> 1 &+ 1
                try add(isObject ? .object : .list, UInt64(count), &meter)
                extent.addContainer(count, isObject: isObject)
                waiting &-= isObject ? 2 &* count : count
                open.removeLast(1)
                try pay(&meter)
            }
        }
    }

    // MARK: Paying

    /// Charges for what is read next, when that is not paid for.
    @inline(__always)
    private mutating func pay(_ meter: inout WorkMeter) throws(JSONError) {
        if place >= paid { try payBlock(&meter) }
    }

    private mutating func payBlock(_ meter: inout WorkMeter) throws(JSONError) {
        paid = min(bytes.count, place &+ 1024)
        do throws(WorkStop) { try meter.charge((paid &- place &+ 7) / 8) } catch { throw .stopped(error) }
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

    /// Strings must be UTF-8.
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

    /// Passes an opening bracket; true when the container is empty, and complete.
    private mutating func isEmptyContainer(
        _ closing: UInt8, _ kind: Token.Kind, _ meter: inout WorkMeter
    ) throws(JSONError) -> Bool {
        place &+= 1
        try skipSpace(&meter)
        guard peek() == closing else { return false }
        place &+= 1
        try add(kind, 0, &meter)
        return true
    }

    @inline(__always)
    private func peek() -> UInt8? { bytes.byte(at: place) }

    @inline(__always)
    private mutating func skipSpace(_ meter: inout WorkMeter) throws(JSONError) {
        while let byte = peek(), byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            place &+= 1
            try pay(&meter)
        }
    }

    private func unexpected(_ expected: String) -> JSONError {
        if place >= bytes.count { return .syntax("unexpected end of input; expected \(expected)") }
        return .syntax("unexpected character at byte \(place); expected \(expected)")
    }

    private mutating func readKey(_ meter: inout WorkMeter) throws(JSONError) {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("string literal") }
        let length = try readString(.key, .escapedKey, &meter)
        if tokens[tokens.count &- 1].kind == .escapedKey {
            extent.longestEscapedKey = max(extent.longestEscapedKey, length)
        }
        try skipSpace(&meter)
        guard peek() == UInt8(ascii: ":") else { throw unexpected("':'") }
        place &+= 1
        waiting &+= 1
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
        guard bytes.has(word, at: place) else { throw unexpected("value") }
        place += word.utf8CodeUnitCount
        try add(kind, 0, &meter)
    }

    /// Passes a string; its length in the text.
    private mutating func readString(
        _ plain: Token.Kind, _ escaped: Token.Kind, _ meter: inout WorkMeter
    ) throws(JSONError) -> Int {
        place &+= 1
        let start = place
        var kind = plain
        var hasNull = false
        while true {
            try pay(&meter)
            place = JSONText.firstSpecial(bytes, from: place, upTo: paid)
            guard let byte = peek() else { throw unexpected("'\"'") }
            if place >= paid { continue }
            if byte == UInt8(ascii: "\"") {
                let length = place &- start
                if hasNull { throw refuseNull(start, length) }
                place &+= 1
                try add(kind, UInt64(start) &<< 32 | UInt64(length), &meter)
                return length
            }
            guard byte == UInt8(ascii: "\\") else {
                throw .syntax("control character in a string at byte \(place)")
            }
            place &+= 1
            kind = escaped
            if try JSONText.escape(bytes, &place) == "\0" { hasNull = true }
        }
    }

    private func refuseNull(_ start: Int, _ length: Int) -> JSONError {
        // A message shows a long string in part.
        let text = bytes[start..<start + min(length, ByteView.excerptBytes)]
        var content = [UInt8](repeating: 0, count: text.count)
        var place = 0
        var written = 0
        unsafe content.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let room = unsafe ByteRoom(base, count: text.count)
            JSONText.unescape(text, from: &place, upTo: text.count, to: room, at: &written)
        }
        let shown = String(decoding: content.prefix(written), as: UTF8.self).replacing("\0", with: "␀")
        return .refused(
            "input string '\(shown)' cannot be represented as Nix string because it contains null bytes")
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func readNumber(_ meter: inout WorkMeter) throws(JSONError) {
        let start = place
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { place &+= 1 }
        let first = place
        try readDigits(&meter)
        if bytes[first] == UInt8(ascii: "0"), place > first + 1 { throw unexpected("number without leading zero") }
        let digitsEnd = place
        if peek() == UInt8(ascii: ".") {
            place &+= 1
            try readDigits(&meter)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            place &+= 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { place &+= 1 }
            try readDigits(&meter)
        }
        if place == digitsEnd, place &- first < 19 {
            var number: Int64 = 0
            for index in first..<place { number = number &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0")) }
            let value = isNegative ? 0 &- number : number
            try add(.integer, UInt64(bitPattern: value), &meter)
        } else {
            try readLongNumber(bytes[start..<place], isFloat: place > digitsEnd, &meter)
        }
    }

    private mutating func readLongNumber(
        _ digits: ByteView, isFloat: Bool, _ meter: inout WorkMeter
    ) throws(JSONError) {
        // No integer of more than 20 digits and a sign is one of 64 bits.
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
            throw .worded("[json.exception.out_of_range.406] number overflow parsing '\(shown)'")
        }
        try add(.float, float.bitPattern, &meter)
    }

    private mutating func readDigits(_ meter: inout WorkMeter) throws(JSONError) {
        guard let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else {
            throw unexpected("digit")
        }
        while let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            place &+= 1
            try pay(&meter)
        }
    }
}
