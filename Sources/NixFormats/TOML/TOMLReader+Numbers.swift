/// Booleans and numbers.
extension TOMLReader {
    /// The longest number in bytes. It is so short that converting it needs no memory worth counting.
    private static let longestScalar = 1 << 14

    /// Reads a value that is not a string, array or table.
    mutating func readScalar() throws(TOMLError) -> TOMLDocument.Content {
        if let timestamp = try readTimestamp() {
            let start = document.textEnd
            for byte in timestamp { try append(byte) }
            return .timestamp(start..<document.textEnd)
        }
        let start = position
        var end = position
        while end < bytes.count, isScalarByte(bytes[end]) {
            end += 1
            if end - start > TOMLReader.longestScalar {
                throw TOMLError("bad number: more than \(TOMLReader.longestScalar) characters")
            }
        }
        let word = bytes[start..<end].array
        guard let first = word.first else { throw TOMLError("bad format: unknown value appeared") }
        let text = String(decoding: word, as: UTF8.self)
        let content: TOMLDocument.Content
        switch text {
        case "true": content = .boolean(true)
        case "false": content = .boolean(false)
        case "inf", "+inf": content = .float(.infinity)
        case "-inf": content = .float(-.infinity)
        case "nan", "+nan": content = .float(.nan)
        case "-nan": content = .float(-.nan)
        default:
            try checkStart(first)
            content = try number(word)
        }
        position = end
        return content
    }

    /// Reports a value that starts like a misspelt constant or an invalid number.
    private func checkStart(_ byte: UInt8) throws(TOMLError) {
        switch byte {
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            throw TOMLError(
                "toml::parse_boolean: invalid boolean: boolean must be `true` or `false`, in lowercase. "
                    + "string must be surrounded by `\"`", hint: "expected true or false")
        case UInt8(ascii: "T"), UInt8(ascii: "F"):
            throw TOMLError(wrongCase(byte == UInt8(ascii: "T") ? "true" : "false"), hint: "expected true or false")
        case UInt8(ascii: "i"), UInt8(ascii: "I"): throw TOMLError(wrongCase("inf"))
        case UInt8(ascii: "n"), UInt8(ascii: "N"): throw TOMLError(wrongCase("nan"))
        case UInt8(ascii: "."):
            throw TOMLError(
                "bad float: integer part is required before decimal point", hint: "missing integer part",
                suffix: TOMLError.floatHints)
        case UInt8(ascii: "_"):
            throw TOMLError(
                "bad number: `_` must be surrounded by digits", hint: "digits required before `_`",
                suffix: TOMLError.integerHints)
        default:
            if isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { return }
            throw TOMLError("bad format: unknown value appeared")
        }
    }

    private func wrongCase(_ word: String) -> String {
        "toml::parse_value: `\(word)` must be in lowercase. A string must be surrounded by quotes."
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
            return .integer(try integer(word[2...], radix: radix, name: name, isNegative: false))
        }
        var digits = word[...]
        let isNegative = word[0] == UInt8(ascii: "-")
        if isNegative || word[0] == UInt8(ascii: "+") { digits.removeFirst() }
        if digits.contains(where: { !isDigit($0) && $0 != UInt8(ascii: "_") }) { return .float(try float(word)) }
        try checkLeadingZero(digits)
        return .integer(try integer(digits, radix: 10, name: "dec", isNegative: isNegative))
    }

    private func integer(
        _ digits: ArraySlice<UInt8>, radix: Int64, name: String, isNegative: Bool
    ) throws(TOMLError) -> Int64 {
        for (index, byte) in zip(digits.indices, digits) where byte != UInt8(ascii: "_") {
            guard let digit = hexValue(byte), Int64(digit) < radix else {
                throw TOMLError(
                    "bad integer: invalid digit after an integer", hint: "this digit is not allowed",
                    at: position + index, suffix: TOMLError.integerHints)
            }
        }
        let plain = try withoutSeparators(digits, "integer")
        var value: Int64 = 0
        for byte in plain {
            let digit = hexValue(byte) ?? 0
            let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: radix)
            let (sum, overflows) = scaled.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
            if isTooLarge || overflows {
                throw TOMLError(
                    "toml::parse_\(name)_integer: too large integer: current max digits = 2^63",
                    hint: "must be < 2^63", at: position + digits.endIndex)
            }
            value = sum
        }
        return value
    }

    /// The digits without the `_` between them.
    private func withoutSeparators(_ digits: ArraySlice<UInt8>, _ kind: String) throws(TOMLError) -> [UInt8] {
        var plain: [UInt8] = []
        var isAfterDigit = false
        func misplaced(_ index: Int) -> TOMLError {
            TOMLError(
                "bad \(kind): `_` must be surrounded by digits", hint: "invalid underscore", at: position + index,
                suffix: kind == "float" ? TOMLError.floatHints : TOMLError.integerHints)
        }
        for (index, byte) in zip(digits.indices, digits) {
            if byte == UInt8(ascii: "_") {
                guard isAfterDigit else { throw misplaced(max(digits.startIndex, index - 1)) }
                isAfterDigit = false
            } else {
                plain.append(byte)
                isAfterDigit = true
            }
        }
        guard isAfterDigit else { throw misplaced(max(digits.startIndex, digits.endIndex - 1)) }
        return plain
    }

    private func checkLeadingZero(_ digits: ArraySlice<UInt8>) throws(TOMLError) {
        guard digits.count > 1, digits.first == UInt8(ascii: "0") else { return }
        let next = digits[digits.startIndex + 1]
        if next == UInt8(ascii: "_") {
            throw TOMLError(
                "bad integer: leading zero is not allowed in decimal int", hint: "leading zero",
                at: position + digits.startIndex + 1, suffix: TOMLError.integerHints)
        }
        if next == UInt8(ascii: "0") {
            throw TOMLError(
                "bad integer: leading zero", hint: "leading zero is not allowed", at: position + digits.startIndex,
                suffix: TOMLError.integerHints)
        }
        guard isDigit(next) else { return }
        throw TOMLError(
            "bad integer: invalid digit after an integer", hint: "this digit is not allowed",
            at: position + digits.startIndex + 1, suffix: TOMLError.integerHints)
    }

    /// Reads digits with a fraction, an exponent or both.
    private func float(_ word: [UInt8]) throws(TOMLError) -> Double {
        var scan = FloatScan(word: word)
        scan.takeSign()
        let first = scan.index
        try takeDigits(&scan)
        try checkLeadingZero(word[first..<scan.index])
        if scan.take({ $0 == UInt8(ascii: ".") }) { try takeDigits(&scan) }
        if scan.take({ $0 | 0x20 == UInt8(ascii: "e") }) {
            scan.takeSign()
            try takeDigits(&scan)
        }
        guard scan.index == word.count, let value = Double(String(decoding: scan.text, as: UTF8.self)) else {
            throw invalidFloat(scan)
        }
        return value
    }

    private func takeDigits(_ scan: inout FloatScan) throws(TOMLError) {
        let digits = scan.word[scan.index...].prefix { isDigit($0) || $0 == UInt8(ascii: "_") }
        guard !digits.isEmpty else { throw invalidFloat(scan) }
        scan.text += try withoutSeparators(digits, "float")
        scan.index = digits.endIndex
    }

    private func invalidFloat(_ scan: FloatScan) -> TOMLError {
        TOMLError("bad float: invalid format", at: position + scan.index, suffix: TOMLError.floatHints)
    }
}

/// The state of reading a float.
private struct FloatScan {
    let word: [UInt8]
    var index = 0
    /// What was read, without separators.
    var text: [UInt8] = []

    /// Takes the next byte if it is one of those wanted.
    mutating func take(_ isWanted: (UInt8) -> Bool) -> Bool {
        guard index < word.count, isWanted(word[index]) else { return false }
        text.append(word[index])
        index += 1
        return true
    }

    mutating func takeSign() { _ = take { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } }
}
