import Glibc

/// Floats as text, in two of the forms that Nix prints.
enum NumberText {
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
