#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How Nix writes floats.
public enum FloatText {
    /// At most six significant digits, as C's `%g` and a C++ stream write them.
    public static func general(_ value: Double) -> [UInt8] {
        // Longest: sign, digit, point, five digits, `e-308`.
        var buffer = [CChar](repeating: 0, count: 32)
        let length = unsafe withVaList([value]) { arguments in
            unsafe vsnprintf(&buffer, buffer.count, "%g", arguments)
        }
        return buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }
    }
}
