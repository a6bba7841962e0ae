import Glibc

/// Floats as text in the three ways Nix prints them.
enum NumberText {
    /// `toString`: six decimals (`%f`).
    static func fixed(_ value: Double) -> [UInt8] { format("%f", value) }

    /// Printed values: six significant digits (`%g`), as a C++ stream prints a double.
    static func general(_ value: Double) -> [UInt8] { format("%g", value) }

    private static func format(_ pattern: String, _ value: Double) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 352)
        let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, pattern, $0) }
        return buffer.prefix(max(0, min(Int(length), buffer.count - 1))).map { UInt8(bitPattern: $0) }
    }
}
