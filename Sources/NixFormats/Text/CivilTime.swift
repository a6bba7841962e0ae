/// Conversion of times to the calendar, in UTC.
package enum CivilTime {
    /// The year, month, day, hour, minute and second as consecutive digits: `19700101000000`.
    package static func digits(secondsSince1970 seconds: Int64) -> [UInt8] {
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let second = seconds - days * 86400
        let (year, month, day) = date(daysSince1970: days)
        return padded(year, 4) + padded(month, 2) + padded(day, 2) + padded(second / 3600, 2)
            + padded(second / 60 % 60, 2) + padded(second % 60, 2)
    }

    private static func padded(_ number: Int64, _ width: Int) -> [UInt8] {
        let text = Array(String(number).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - text.count)) + text
    }

    /// The date of a day. Years are counted from March, so that the leap day is the last day of a year.
    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
