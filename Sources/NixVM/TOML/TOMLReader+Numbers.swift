/// Booleans and numbers.
extension TOMLReader {
    /// A value that is no string, array or table.
    mutating func readScalar() throws(TOMLError) -> TOMLDocument.Content {
        if let timestamp = try readTimestamp() { return .timestamp(timestamp) }
        let start = place
        var end = place
        while end < bytes.count, isScalarByte(bytes[end]) { end += 1 }
        let word = Array(bytes[start..<end])
        if word.isEmpty {
            throw TOMLError("toml::parse_value: unknown token appeared", hint: "it is not a valid value.")
        }
        let text = String(decoding: word, as: UTF8.self)
        let content: TOMLDocument.Content
        switch text {
        case "true": content = .boolean(true)
        case "false": content = .boolean(false)
        case "inf", "+inf": content = .float(.infinity)
        case "-inf": content = .float(-.infinity)
        case "nan", "+nan": content = .float(.nan)
        case "-nan": content = .float(-.nan)
        default: content = try number(word)
        }
        place = end
        return content
    }

    private func isScalarByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || [UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
    }

    private func number(_ word: [UInt8]) throws(TOMLError) -> TOMLDocument.Content {
        let radixes: [UInt8: (radix: Int64, name: String)] = [
            UInt8(ascii: "x"): (16, "hex"), UInt8(ascii: "o"): (8, "oct"), UInt8(ascii: "b"): (2, "bin"),
        ]
        if word.count > 2, word[0] == UInt8(ascii: "0"), let (radix, name) = radixes[word[1]] {
            return .integer(try integer(word[2...], radix: radix, name: name, isNegative: false, word.count))
        }
        var digits = word[...]
        let isNegative = word[0] == UInt8(ascii: "-")
        if isNegative || word[0] == UInt8(ascii: "+") { digits.removeFirst() }
        if digits.contains(where: { !isDigit($0) && $0 != UInt8(ascii: "_") }) { return .float(try float(word)) }
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            throw TOMLError("bad integer: leading zero")
        }
        return .integer(try integer(digits, radix: 10, name: "dec", isNegative: isNegative, word.count))
    }

    private func integer(
        _ digits: ArraySlice<UInt8>, radix: Int64, name: String, isNegative: Bool, _ length: Int
    ) throws(TOMLError) -> Int64 {
        let plain = try withoutSeparators(digits, "integer")
        var value: Int64 = 0
        for byte in plain {
            guard let digit = hexValue(byte), Int64(digit) < radix else {
                throw TOMLError("toml::parse_\(name)_integer: the next token is not an integer")
            }
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: radix)
            let (sum, overflows) = scaled.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
            if isTooLarge || overflows {
                throw TOMLError(
                    "toml::parse_\(name)_integer: too large integer: current max digits = 2^63",
                    hint: "must be < 2^63", at: place + length)
            }
            value = sum
        }
        return value
    }

    /// Digits without the `_` between them.
    private func withoutSeparators(_ digits: ArraySlice<UInt8>, _ kind: String) throws(TOMLError) -> [UInt8] {
        var plain: [UInt8] = []
        var isAfterDigit = false
        for byte in digits {
            if byte == UInt8(ascii: "_") {
                guard isAfterDigit else { throw TOMLError("bad \(kind): `_` should be surrounded by digits") }
                isAfterDigit = false
            } else {
                plain.append(byte)
                isAfterDigit = true
            }
        }
        guard isAfterDigit else { throw TOMLError("bad \(kind): `_` should be surrounded by digits") }
        return plain
    }

    /// Digits with a fraction, an exponent or both.
    private func float(_ word: [UInt8]) throws(TOMLError) -> Double {
        let invalid = TOMLError("bad float: invalid format")
        var index = 0
        var text: [UInt8] = []
        func digits(_ start: Int) throws(TOMLError) -> Int {
            var end = start
            while end < word.count, isDigit(word[end]) || word[end] == UInt8(ascii: "_") { end += 1 }
            guard end > start else { throw invalid }
            text += try withoutSeparators(word[start..<end], "float")
            return end
        }
        func sign() {
            guard index < word.count, word[index] == UInt8(ascii: "-") || word[index] == UInt8(ascii: "+") else {
                return
            }
            text.append(word[index])
            index += 1
        }
        sign()
        let first = index
        index = try digits(index)
        if index - first > 1, word[first] == UInt8(ascii: "0") { throw TOMLError("bad float: leading zero") }
        if index < word.count, word[index] == UInt8(ascii: ".") {
            text.append(UInt8(ascii: "."))
            index = try digits(index + 1)
        }
        if index < word.count, word[index] | 0x20 == UInt8(ascii: "e") {
            text.append(UInt8(ascii: "e"))
            index += 1
            sign()
            index = try digits(index)
        }
        guard index == word.count, let value = Double(String(decoding: text, as: UTF8.self)) else { throw invalid }
        return value
    }
}
