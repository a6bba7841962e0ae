/// Dates and times, which are converted to Nix's notation: `T` between date and time, fractions of 3, 6 or 9 digits,
/// and `Z` for the offset 0.
extension TOMLReader {
    /// Reads a date, a time, or both; nil if there is none at the current position.
    mutating func readTimestamp() throws(TOMLError) -> [UInt8]? {
        if byte(at: 2) == UInt8(ascii: ":"), hasDigits(2, at: 0) { return try readTime() }
        guard byte(at: 4) == UInt8(ascii: "-"), hasDigits(4, at: 0) else { return nil }
        var text = try readDate()
        guard let separator = current else { return text }
        let isMark = separator | 0x20 == UInt8(ascii: "t")
        if isDigit(separator) {
            throw TOMLError(
                "bad datetime: missing T or space", hint: "expected T, t, or 0x20(SPACE)", suffix: TOMLError.timeHints)
        }
        guard isMark || separator == UInt8(ascii: " ") && hasDigits(1, at: 1) else { return text }
        guard hasDigits(2, at: 1), byte(at: 3) == UInt8(ascii: ":") else {
            position += 1
            throw invalidForm(.time)
        }
        position += 1
        text += [UInt8(ascii: "T")] + (try readTime())
        return text + (try readOffset())
    }

    private func hasDigits(_ count: Int, at offset: Int) -> Bool {
        (offset..<offset + count).allSatisfy { index in byte(at: index).map { isDigit($0) } ?? false }
    }

    private enum Part { case date, time, offset }

    /// The error for a part of invalid form at the current position.
    private func invalidForm(_ part: Part) -> TOMLError {
        switch part {
        case .date:
            TOMLError(
                "bad datetime: invalid format",
                suffix: "Hint: valid  : 1979-05-27T07:32:00-07:00, 1979-05-27 07:32:00.999999Z\n"
                    + "Hint: invalid: 1979-05-27T7:32:00-7:00, 1979-05-27 7:32-00:30")
        case .time:
            TOMLError(
                "bad time: must be HH:MM:SS.subsec", hint: "expected from `0` to `9`", suffix: TOMLError.timeHints)
        case .offset:
            TOMLError(
                "bad offset: must be [+-]HH:MM or Z", hint: "expected from `0` to `9`",
                suffix: "Hint: valid  : +09:00, -05:30\nHint: invalid: +9:00,  -5:30\n")
        }
    }

    /// The error for a part that starts at a position and has a value out of range.
    private func invalidValue(_ part: Part, at start: Int, isSecond: Bool) -> TOMLError {
        switch part {
        case .date:
            TOMLError(
                "toml::parse_local_date: invalid date.",
                hint: "month must be 01-12, day must be any of 01-28,29,30,31 depending on the month/year.", at: start)
        case .time:
            TOMLError(
                "toml::parse_local_time: invalid time.",
                hint: isSecond ? "second must be 00-60." : "hour must be 00-23, minute must be 00-59.", at: start)
        case .offset:
            TOMLError("toml::parse_offset_datetime: too large offset: |hour| <= 24, |minute| <= 60", at: start)
        }
    }

    /// Reads a number of a fixed count of digits within a range, in the part that starts at a position.
    private mutating func readField(
        _ count: Int, _ range: ClosedRange<Int>, _ part: Part, from start: Int, isSecond: Bool = false
    ) throws(TOMLError) -> [UInt8] {
        guard hasDigits(count, at: 0) else { throw invalidForm(part) }
        let digits = bytes[position..<position + count].array
        guard range.contains(digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }) else {
            throw invalidValue(part, at: start, isSecond: isSecond)
        }
        position += count
        return digits
    }

    private mutating func readMark(_ mark: UInt8, _ part: Part) throws(TOMLError) -> [UInt8] {
        guard current == mark else { throw invalidForm(part) }
        position += 1
        return [mark]
    }

    private mutating func readDate() throws(TOMLError) -> [UInt8] {
        let dash = UInt8(ascii: "-")
        let start = position
        var text = try readField(4, 0...9999, .date, from: start)
        text += try readMark(dash, .date)
        text += try readField(2, 1...12, .date, from: start)
        text += try readMark(dash, .date)
        let year = text[0..<4].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let month = text[5..<7].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        return text + (try readField(2, 1...days, .date, from: start))
    }

    private mutating func readTime() throws(TOMLError) -> [UInt8] {
        let colon = UInt8(ascii: ":")
        let start = position
        var text = try readField(2, 0...23, .time, from: start)
        text += try readMark(colon, .time)
        text += try readField(2, 0...59, .time, from: start)
        text += try readMark(colon, .time)
        text += try readField(2, 0...60, .time, from: start, isSecond: true)
        guard current == UInt8(ascii: ".") else { return text }
        position += 1
        let first = position
        while let byte = current, isDigit(byte) {
            position += 1
            try chargeAhead()
        }
        guard position > first else { throw invalidForm(.time) }
        let fraction = paddedFraction(bytes[first..<min(position, first + 9)].array)
        return text + (fraction.isEmpty ? [] : [UInt8(ascii: ".")] + fraction)
    }

    /// The fraction, padded or truncated to 3, 6 or 9 digits; empty if it is zero.
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
            position += 1
            return utc
        }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return [] }
        position += 1
        let start = position
        let hour = try readField(2, 0...23, .offset, from: start)
        let colon = try readMark(UInt8(ascii: ":"), .offset)
        let minute = try readField(2, 0...59, .offset, from: start)
        let isZero = (hour + minute).allSatisfy { $0 == UInt8(ascii: "0") }
        return isZero ? utc : [sign] + hour + colon + minute
    }
}
