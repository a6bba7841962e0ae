/// Arithmetic on small integers, which works on their bits: the tag is in the low three. A result is nil if it does not
/// fit into 61 bits.
extension Value {
    /// The bits without the tag. One operand of a sum or difference comes without it, so that the result has it once.
    @inline(__always) private var untagged: Int64 { Int64(bitPattern: bits &- Tag.integer) }

    @inline(__always)
    private init?(_ result: (partialValue: Int64, overflow: Bool), tag: UInt64 = 0) {
        guard _fastPath(!result.overflow) else { return nil }
        self.init(bits: UInt64(bitPattern: result.partialValue) | tag)
    }

    @inline(__always)
    func adding(small other: Value) -> Value? {
        Value(Int64(bitPattern: bits).addingReportingOverflow(other.untagged))
    }

    @inline(__always)
    func subtracting(small other: Value) -> Value? {
        Value(Int64(bitPattern: bits).subtractingReportingOverflow(other.untagged))
    }

    @inline(__always)
    func multiplied(bySmall other: Value) -> Value? {
        Value(Int64(small).multipliedReportingOverflow(by: other.untagged), tag: Tag.integer)
    }

    /// The quotient by a positive number, which always fits; nil for other divisors.
    @inline(__always)
    func divided(bySmall other: Value) -> Value? {
        other.small > 0 ? Value(small: small / other.small) : nil
    }

    @inline(__always)
    func isLess(thanSmall other: Value) -> Bool { Int64(bitPattern: bits) < Int64(bitPattern: other.bits) }
}
