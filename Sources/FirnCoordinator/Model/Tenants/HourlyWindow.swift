/// A sum that restarts at each full hour of wall time.
struct HourlyWindow: Sendable {
    private var hour: Int64 = 0
    private var sum: UInt64 = 0

    static let length: Int64 = 3_600_000

    func total(at wall: Int64) -> UInt64 { wall / Self.length == hour ? sum : 0 }

    mutating func add(_ amount: UInt64, at wall: Int64) {
        let (new, overflow) = total(at: wall).addingReportingOverflow(amount)
        sum = overflow ? .max : new
        hour = wall / Self.length
    }

    static func untilNext(_ wall: Int64) -> UInt64 { UInt64(clamping: length - wall % length) }
}
