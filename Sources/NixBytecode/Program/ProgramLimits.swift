/// Bounds that every program keeps. The builder does not pass them, the verifier refuses what does.
public enum ProgramLimits {
    /// Arguments of one chunk, so that an argument count fits a byte. Longer functions are nested chunks.
    public static let arity = 255
    /// Upvalues of one chunk, the `with` chain included, so that a capture index fits 16 bits.
    public static let upvalues = 65_535
    /// Height of one frame's stack.
    public static let stack = 1 << 24
    /// Bytes of one chunk's code, well inside the reach of a jump.
    public static let code = 1 << 28
    /// How deep chunks refer to chunks. Above what the parser lets nest, so that only made-up programs meet it.
    public static let nesting = 1 << 20
    /// Entries of each of a program's tables.
    public static let entries = Int(UInt32.max)
    /// The integers an instruction carries: 61 bits, what a value holds inline. Larger ones are constants.
    public static let smallIntegers = -(Int64(1) << 60)...(Int64(1) << 60) - 1
}
