/// Conversion of decimal numbers of any length, in bounded time.
///
/// Fewer than 800 digits determine the nearest double. Of the digits beyond them, it only matters whether one is not
/// zero.
enum DecimalText {
    private static let mostDigits = 800
    /// The exponent is clamped to this. With at most `mostDigits + 1` digits before it, the number is then 0 or infinite.
    private static let farExponent = 1_000_000

    /// The nearest double; nil if the text is not a number of the form `-`, digits, `.` and digits, `e` and an
    /// exponent.
    static func double(_ text: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> Double? {
        if text.count <= mostDigits { return Double(String(decoding: text.array, as: UTF8.self)) }
        return Double(String(decoding: try shortened(text, &meter), as: UTF8.self))
    }

    /// A short number that rounds to the same double.
    private static func shortened(_ text: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> [UInt8] {
        var digits: [UInt8] = []
        var exponent = 0
        var isFraction = false
        var dropsDigit = false
        var position = 0
        let isNegative = text.byte(at: 0) == UInt8(ascii: "-")
        if isNegative { position += 1 }
        scan: while let byte = text.byte(at: position) {
            if position & 0xFFF == 0 { try meter.charge(128) }
            switch byte {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits.isEmpty, byte == UInt8(ascii: "0") {
                    if isFraction { exponent -= 1 }
                } else if digits.count < mostDigits {
                    digits.append(byte)
                    if isFraction { exponent -= 1 }
                } else {
                    if byte != UInt8(ascii: "0") { dropsDigit = true }
                    if !isFraction { exponent += 1 }
                }
            default: break scan
            }
            position += 1
        }
        if dropsDigit {
            digits.append(UInt8(ascii: "1"))
            exponent -= 1
        }
        exponent += try givenExponent(text, position, &meter)
        exponent = max(-farExponent, min(farExponent, exponent))
        let sign = isNegative ? "-" : ""
        return Array(sign.utf8) + (digits.isEmpty ? [UInt8(ascii: "0")] : digits) + Array("e\(exponent)".utf8)
    }

    /// The value of the exponent after `e`; 0 if there is none.
    private static func givenExponent(
        _ text: ByteView, _ start: Int, _ meter: inout WorkMeter
    ) throws(WorkStop) -> Int {
        var position = start + 1
        let isNegative = text.byte(at: position) == UInt8(ascii: "-")
        if isNegative || text.byte(at: position) == UInt8(ascii: "+") { position += 1 }
        var exponent = 0
        while let byte = text.byte(at: position) {
            if position & 0xFFF == 0 { try meter.charge(128) }
            // The cap is larger than the number of digits of any text.
            exponent = min(exponent * 10 + Int(byte & 15), 1 << 40)
            position += 1
        }
        return isNegative ? -exponent : exponent
    }
}
