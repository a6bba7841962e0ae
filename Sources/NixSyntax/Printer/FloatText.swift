#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Floats as Nix writes them.
public enum FloatText {
    /// The value with at most six significant digits, as C's `%g` and C++ streams write it.
    public static func general(_ value: Double) -> [UInt8] {
        // The longest text has a sign, a digit, a point, five digits and `e-308`.
        var buffer = [CChar](repeating: 0, count: 32)
        let length = unsafe withVaList([value]) { arguments in
            unsafe vsnprintf(&buffer, buffer.count, "%g", arguments)
        }
        return buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }
    }
}
