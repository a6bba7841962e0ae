/// Dates and times, written as Nix writes them: `T` between date and time, fractions of 3, 6 or 9 digits, `Z` for no
/// offset.
extension TOMLReader {
    /// A date, a time, or both, if one stands here; nil otherwise.
    mutating func readTimestamp() throws(TOMLError) -> [UInt8]? {
        if byte(at: 2) == UInt8(ascii: ":"), hasDigits(2, at: 0) { return try readTime() }
        guard byte(at: 4) == UInt8(ascii: "-"), hasDigits(4, at: 0) else { return nil }
        var text = try readDate()
        guard let separator = current,
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(separator), hasDigits(2, at: 1),
            byte(at: 3) == UInt8(ascii: ":")
        else { return text }
        place += 1
        text += [UInt8(ascii: "T")] + (try readTime())
        return text + (try readOffset())
    }

    private func hasDigits(_ count: Int, at offset: Int) -> Bool {
        (offset..<offset + count).allSatisfy { index in byte(at: index).map { isDigit($0) } ?? false }
    }

    /// Digits whose value lies within a range.
    private mutating func readField(_ count: Int, _ range: ClosedRange<Int>, _ name: String) throws(TOMLError)
        -> [UInt8]
    {
        guard hasDigits(count, at: 0) else { throw TOMLError("toml::parse_datetime: invalid \(name)") }
        let digits = Array(bytes[place..<place + count])
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard range.contains(value) else {
            throw TOMLError(
                "toml::parse_datetime: invalid \(name)", hint: "must be in \(range.lowerBound) to \(range.upperBound)")
        }
        place += count
        return digits
    }

    private mutating func readMark(_ mark: UInt8) throws(TOMLError) -> [UInt8] {
        guard current == mark else { throw TOMLError("toml::parse_datetime: invalid format") }
        place += 1
        return [mark]
    }

    private mutating func readDate() throws(TOMLError) -> [UInt8] {
        let dash = UInt8(ascii: "-")
        var text = try readField(4, 0...9999, "year")
        text += try readMark(dash)
        text += try readField(2, 1...12, "month")
        text += try readMark(dash)
        let year = text[0..<4].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let month = text[5..<7].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        return text + (try readField(2, 1...days, "day"))
    }

    private mutating func readTime() throws(TOMLError) -> [UInt8] {
        let colon = UInt8(ascii: ":")
        var text = try readField(2, 0...23, "hour")
        text += try readMark(colon)
        text += try readField(2, 0...59, "minute")
        text += try readMark(colon)
        text += try readField(2, 0...60, "second")
        guard current == UInt8(ascii: ".") else { return text }
        place += 1
        let start = place
        while let byte = current, isDigit(byte) { place += 1 }
        guard place > start else { throw TOMLError("toml::parse_datetime: invalid fraction of a second") }
        let fraction = paddedFraction(Array(bytes[start..<place]))
        return text + (fraction.isEmpty ? [] : [UInt8(ascii: ".")] + fraction)
    }

    /// As many groups of three digits as are not zero to the end, three at most.
    private func paddedFraction(_ digits: [UInt8]) -> [UInt8] {
        let zero = UInt8(ascii: "0")
        var padded = Array((digits + [UInt8](repeating: zero, count: 9)).prefix(9))
        while padded.suffix(3).allSatisfy({ $0 == zero }), !padded.isEmpty { padded.removeLast(3) }
        return padded
    }

    private mutating func readOffset() throws(TOMLError) -> [UInt8] {
        let utc = [UInt8(ascii: "Z")]
        guard let sign = current else { return [] }
        if sign | 0x20 == UInt8(ascii: "z") {
            place += 1
            return utc
        }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return [] }
        place += 1
        let hour = try readField(2, 0...23, "offset")
        let colon = try readMark(UInt8(ascii: ":"))
        let minute = try readField(2, 0...59, "offset")
        let isZero = (hour + minute).allSatisfy { $0 == UInt8(ascii: "0") }
        return isZero ? utc : [sign] + hour + colon + minute
    }
}
