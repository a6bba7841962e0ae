/// Pieces of JSON text.
public enum JSONText {
    /// Appends a JSON string.
    public static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        let old = out.count
        out.append(contentsOf: repeatElement(0, count: quotedLength(bytes)))
        out.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { _ = quote(bytes, to: base + old) } }
    }

    /// Whether a byte of a string must be escaped.
    @inline(__always)
    package static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Bytes that the string takes with its quotes.
    package static func quotedLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var length = bytes.count &+ 2
        for byte in bytes where isSpecial(byte) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: length &+= 1
            default: length &+= 5
            }
        }
        return length
    }

    /// Writes the string with its quotes; the place after it.
    package static func quote(_ bytes: UnsafeBufferPointer<UInt8>, to start: UnsafeMutablePointer<UInt8>)
        -> UnsafeMutablePointer<UInt8>
    {
        var out = start
        func put(_ byte: UInt8) {
            out.pointee = byte
            out += 1
        }
        put(UInt8(ascii: "\""))
        for byte in bytes {
            guard isSpecial(byte) else {
                put(byte)
                continue
            }
            put(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: put(UInt8(ascii: "b"))
            case 0x09: put(UInt8(ascii: "t"))
            case 0x0A: put(UInt8(ascii: "n"))
            case 0x0C: put(UInt8(ascii: "f"))
            case 0x0D: put(UInt8(ascii: "r"))
            case 0..<0x20:
                put(UInt8(ascii: "u"))
                put(UInt8(ascii: "0"))
                put(UInt8(ascii: "0"))
                put(UInt8(ascii: "0") + byte >> 4)
                put(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + (byte & 15 - 10))
            default: put(byte)
            }
        }
        put(UInt8(ascii: "\""))
        return out
    }

    /// Passes an escape whose backslash was passed: its character.
    static func escape(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) throws(JSONError) -> Unicode.Scalar {
        guard place < bytes.count else { throw JSONError(message: "unexpected end of input; expected escape") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"): return try unicodeEscape(bytes, &place)
        default: throw JSONError(message: "invalid escape at byte \(place - 1)")
        }
    }

    private static func unicodeEscape(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) throws(JSONError)
        -> Unicode.Scalar
    {
        var unit = try hexadecimalUnit(bytes, &place)
        if unit >= 0xD800, unit < 0xDC00 {
            guard bytes.count - place >= 2, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
            else { throw JSONError(message: "unexpected character at byte \(place); expected low surrogate") }
            place += 2
            let low = try hexadecimalUnit(bytes, &place)
            guard low >= 0xDC00, low < 0xE000 else {
                throw JSONError(message: "unexpected character at byte \(place); expected low surrogate")
            }
            unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(unit) else {
            throw JSONError(message: "unexpected character at byte \(place); expected character")
        }
        return scalar
    }

    private static func hexadecimalUnit(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) throws(JSONError)
        -> UInt32
    {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard place < bytes.count, let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else {
                throw JSONError(message: "unexpected character at byte \(place); expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            place += 1
        }
        return unit
    }

    /// The text between the quotes with its escapes, which were checked, replaced.
    package static func unescaped(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            let byte = text[place]
            place += 1
            if byte != UInt8(ascii: "\\") {
                out.append(byte)
            } else if let scalar = try? escape(text, &place) {
                out += Array(String(Character(scalar)).utf8)
            }
        }
        return out
    }

    /// The shortest text that reads back as the same float.
    package static func float(_ value: Double) -> [UInt8] {
        if !value.isFinite { return Array("null".utf8) }
        var text = "\(value)"
        // Swift writes 1e+20 as 1e+20 and 1e16 as 1e+16; small exponents as 1e-05.
        if text.hasSuffix(".0"), abs(value) >= 1e15 { text = exponentForm(value) }
        return Array(text.utf8)
    }

    private static func exponentForm(_ value: Double) -> String {
        var digits = "\(value)".dropLast(2).description
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        let exponent = digits.count - 1
        if exponent < 15 { return sign + digits + ".0" }
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        let mantissa = String(trimmed)
        let fraction = mantissa.dropFirst()
        return sign + mantissa.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+" + String(exponent)
    }
}
