import Glibc

/// Why a text is no JSON.
struct JSONError: Error {
    var message: String
}

/// Reads JSON in two passes: the first checks the text and gives the heap bytes it needs, the second builds the value.
/// Nesting lies on arrays, not on the native stack.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var events: [Event] = []

    private enum Event {
        case value(Scalar)
        case beginList, endList(Int)
        case beginObject, key([UInt8]), endObject(Int)
    }

    private enum Scalar {
        case null, bool(Bool), integer(Int64), float(Double), string([UInt8])
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Checks the text; the result is an upper bound of the heap bytes that `build` takes.
    mutating func measure() throws(JSONError) -> Int {
        /// Open containers: whether an object, and the members read.
        var open: [(isObject: Bool, count: Int)] = []
        var size = 0
        while true {
            skipSpace()
            var isComplete = true
            switch peek() {
            case UInt8(ascii: "{"):
                place += 1
                events.append(.beginObject)
                skipSpace()
                if peek() == UInt8(ascii: "}") {
                    place += 1
                    events.append(.endObject(0))
                } else {
                    open.append((true, 0))
                    try readKey()
                    isComplete = false
                }
            case UInt8(ascii: "["):
                place += 1
                events.append(.beginList)
                skipSpace()
                if peek() == UInt8(ascii: "]") {
                    place += 1
                    events.append(.endList(0))
                } else {
                    open.append((false, 0))
                    isComplete = false
                }
            default:
                let scalar = try readScalar()
                if case .string(let text) = scalar { size += Size.string(text.count) } else { size += 16 }
                events.append(.value(scalar))
            }
            while isComplete {
                guard !open.isEmpty else {
                    skipSpace()
                    if place < bytes.count { throw unexpected("end of input") }
                    return size
                }
                open[open.count - 1].count += 1
                let current = open[open.count - 1]
                skipSpace()
                if peek() == UInt8(ascii: ",") {
                    place += 1
                    skipSpace()
                    if current.isObject { try readKey() }
                    break
                }
                guard peek() == (current.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unexpected(current.isObject ? "',' or '}'" : "',' or ']'")
                }
                place += 1
                events.append(current.isObject ? .endObject(current.count) : .endList(current.count))
                size += current.isObject ? Size.attributesAndLayout(current.count) : Size.list(current.count)
                open.removeLast()
            }
        }
    }

    /// Builds the value; what `measure` said is reserved.
    func build(_ vm: VM) throws(JSONError) -> Value {
        var values: [Value] = []
        var keys: [[UInt8]] = []
        for event in events {
            switch event {
            case .beginList, .beginObject: break
            case .key(let key): keys.append(key)
            case .value(let scalar): values.append(make(scalar, vm))
            case .endList(let count):
                let list = vm.makeList(count)
                for (index, value) in values.suffix(count).enumerated() { list.object.values[index] = value }
                values.removeLast(count)
                values.append(list)
            case .endObject(let count):
                let set = makeObject(keys.suffix(count), values.suffix(count), vm)
                keys.removeLast(count)
                values.removeLast(count)
                values.append(set)
            }
        }
        return values[0]
    }

    private func makeObject(_ keys: ArraySlice<[UInt8]>, _ values: ArraySlice<Value>, _ vm: VM) -> Value {
        // The last of equal keys wins.
        var members: [UInt32: Value] = [:]
        for (key, value) in zip(keys, values) { members[vm.s.pointee.symbols.intern(key)] = value }
        return vm.makeAttributes(members.map { (symbol: $0.key, value: $0.value) })
    }

    private func make(_ scalar: Scalar, _ vm: VM) -> Value {
        switch scalar {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): vm.makeInteger(value)
        case .float(let value): vm.makeFloat(value)
        case .string(let text): vm.makeString(text)
        }
    }

    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private func unexpected(_ expected: String) -> JSONError {
        if place >= bytes.count { return JSONError(message: "unexpected end of input; expected \(expected)") }
        return JSONError(message: "unexpected character at byte \(place); expected \(expected)")
    }

    private mutating func readKey() throws(JSONError) {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("string literal") }
        events.append(.key(try readString()))
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { throw unexpected("':'") }
        place += 1
    }

    private mutating func readScalar() throws(JSONError) -> Scalar {
        switch peek() {
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func readWord(_ word: String, _ value: Scalar) throws(JSONError) -> Scalar {
        let text = Array(word.utf8)
        guard bytes.count - place >= text.count, Array(bytes[place..<place + text.count]) == text else {
            throw unexpected("value")
        }
        place += text.count
        return value
    }

    private mutating func readNumber() throws(JSONError) -> Scalar {
        let start = place
        if peek() == UInt8(ascii: "-") { place += 1 }
        let first = place
        try readDigits()
        if bytes[first] == UInt8(ascii: "0"), place > first + 1 { throw unexpected("number without leading zero") }
        var isFloat = false
        if peek() == UInt8(ascii: ".") {
            isFloat = true
            place += 1
            try readDigits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isFloat = true
            place += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { place += 1 }
            try readDigits()
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if !isFloat, let integer = Int64(text) { return .integer(integer) }
        if !isFloat, let number = UInt64(text) {
            throw JSONError(message: "unsigned json number \(number) outside of Nix integer range")
        }
        guard let float = Double(text) else { throw unexpected("number") }
        return .float(float)
    }

    private mutating func readDigits() throws(JSONError) {
        guard let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else {
            throw unexpected("digit")
        }
        while let digit = peek(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") { place += 1 }
    }

    private mutating func readString() throws(JSONError) -> [UInt8] {
        place += 1
        var out: [UInt8] = []
        while let byte = peek() {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                if out.contains(0) {
                    throw JSONError(
                        message: "a string cannot be represented as a Nix string because it contains null bytes")
                }
                return out
            case UInt8(ascii: "\\"): try readEscape(into: &out)
            case 0..<0x20: throw JSONError(message: "control character in a string at byte \(place - 1)")
            default: out.append(byte)
            }
        }
        throw unexpected("'\"'")
    }

    private mutating func readEscape(into out: inout [UInt8]) throws(JSONError) {
        guard let byte = peek() else { throw unexpected("escape") }
        place += 1
        switch byte {
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "u"):
            var unit = try readUnit()
            if unit >= 0xD800, unit < 0xDC00 {
                guard peek() == UInt8(ascii: "\\") else { throw unexpected("low surrogate") }
                place += 1
                guard peek() == UInt8(ascii: "u") else { throw unexpected("low surrogate") }
                place += 1
                let low = try readUnit()
                guard low >= 0xDC00, low < 0xE000 else { throw unexpected("low surrogate") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw unexpected("character") }
            out += Array(String(Character(scalar)).utf8)
        default: throw JSONError(message: "invalid escape at byte \(place - 1)")
        }
    }

    private mutating func readUnit() throws(JSONError) -> UInt32 {
        guard bytes.count - place >= 4,
            let unit = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw unexpected("four hexadecimal digits") }
        place += 4
        return unit
    }
}
