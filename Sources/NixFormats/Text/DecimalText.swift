/// Decimal numbers of any length, read within bounded time.
///
/// A double is told from its neighbours by fewer than 800 digits: of more it matters only whether one is not zero.
enum DecimalText {
    private static let mostDigits = 800
    /// A number larger or smaller than any double, however many digits it has.
    private static let farExponent = 1_000_000

    /// The nearest double; nil for what is no number: `-`, digits, `.` and digits, `e` and an exponent.
    static func double(_ text: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> Double? {
        if text.count <= mostDigits { return Double(String(decoding: text.array, as: UTF8.self)) }
        return Double(String(decoding: try shortened(text, &meter), as: UTF8.self))
    }

    /// An equal number of few digits, or one that is rounded to the same double.
    private static func shortened(_ text: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> [UInt8] {
        var digits: [UInt8] = []
        var exponent = 0
        var isFraction = false
        var dropsDigit = false
        var place = 0
        let isNegative = text.byte(at: 0) == UInt8(ascii: "-")
        if isNegative { place += 1 }
        scan: while let byte = text.byte(at: place) {
            if place & 0xFFF == 0 { try meter.charge(128) }
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
            place += 1
        }
        if dropsDigit {
            digits.append(UInt8(ascii: "1"))
            exponent -= 1
        }
        exponent += try givenExponent(text, place, &meter)
        exponent = max(-farExponent, min(farExponent, exponent))
        let sign = isNegative ? "-" : ""
        return Array(sign.utf8) + (digits.isEmpty ? [UInt8(ascii: "0")] : digits) + Array("e\(exponent)".utf8)
    }

    /// What is written after `e`; 0 where there is none.
    private static func givenExponent(
        _ text: ByteView, _ start: Int, _ meter: inout WorkMeter
    ) throws(WorkStop) -> Int {
        var place = start + 1
        let isNegative = text.byte(at: place) == UInt8(ascii: "-")
        if isNegative || text.byte(at: place) == UInt8(ascii: "+") { place += 1 }
        var exponent = 0
        while let byte = text.byte(at: place) {
            if place & 0xFFF == 0 { try meter.charge(128) }
            // As large as the digits of any text can weigh up.
            exponent = min(exponent * 10 + Int(byte & 15), 1 << 40)
            place += 1
        }
        return isNegative ? -exponent : exponent
    }
}
