import Platform
import Testing

/// Durations in the units of clocks and wire formats.
@Suite struct DurationTests {
    @Test("A duration in whole units is rounded toward zero")
    func units() {
        #expect(Duration.milliseconds(1_500).milliseconds == 1_500)
        #expect(Duration.microseconds(1_999).milliseconds == 1)
        #expect(Duration.microseconds(-1_999).milliseconds == -1)
        #expect(Duration.seconds(2).nanoseconds == 2_000_000_000)
        #expect(Duration.zero.nanoseconds == 0)
    }

    @Test("A duration that does not fit is clamped")
    func clamped() {
        #expect(Duration.milliseconds(Int64.max).milliseconds == .max)
        #expect(Duration.milliseconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(MonotonicClock.deadline(after: .seconds(Int64.max)) > MonotonicClock.now() + 1 << 60)
    }

    @Test("A deadline lies after its duration, and never before now")
    func deadline() {
        let before = MonotonicClock.now()
        #expect(MonotonicClock.deadline(after: .seconds(3_600)) >= before + 3_600_000_000_000)
        #expect(MonotonicClock.deadline(after: .seconds(-5)) >= before)
    }
}
