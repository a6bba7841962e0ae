extension Duration {
    /// Whole milliseconds, rounded toward zero and clamped to 64 bits.
    public var milliseconds: Int64 { whole(perSecond: 1_000) }

    /// Whole nanoseconds, rounded toward zero and clamped to 64 bits: at most 292 years.
    public var nanoseconds: Int64 { whole(perSecond: 1_000_000_000) }

    private func whole(perSecond units: Int64) -> Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: units)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / (1_000_000_000_000_000_000 / units))
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }
}

extension MonotonicClock {
    /// The time of the clock after a duration, which counts as 0 if it is negative, clamped to the clock's last time.
    public static func deadline(after duration: Duration) -> UInt64 {
        let (sum, overflow) = now().addingReportingOverflow(UInt64(clamping: duration.nanoseconds))
        return overflow ? .max : sum
    }
}
