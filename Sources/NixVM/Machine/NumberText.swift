import Glibc

/// Numbers as text: integers, and floats in two of the forms that Nix prints.
enum NumberText {
    /// The bytes of the longest integer: 19 digits and a sign.
    static let longestInteger = 20

    /// Calls a function with the digits of an integer, and with the sign of a negative one.
    @inline(__always)
    static func withDecimal<Result>(_ number: Int64, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longestInteger) { buffer in
            var start = longestInteger
            var magnitude = number.magnitude
            repeat {
                start &-= 1
                buffer[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: magnitude % 10)
                magnitude /= 10
            } while magnitude > 0
            if number < 0 {
                start &-= 1
                buffer[start] = UInt8(ascii: "-")
            }
            return body(UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// Six decimals (`%f`), as `toString` prints them.
    static func fixed(_ value: Double) -> [UInt8] { format("%f", value) }

    /// Six significant digits (`%g`), as a C++ stream prints a double. Printed values use this form.
    static func general(_ value: Double) -> [UInt8] { format("%g", value) }

    private static func format(_ pattern: String, _ value: Double) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 352)
        let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, pattern, $0) }
        return buffer.prefix(max(0, min(Int(length), buffer.count - 1))).map { UInt8(bitPattern: $0) }
    }
}
