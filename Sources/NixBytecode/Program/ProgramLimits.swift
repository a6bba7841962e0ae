/// Limits of every program. The builder never exceeds them, and the verifier rejects programs that do.
public enum ProgramLimits {
    /// Arguments of one chunk, so that the count fits a byte. Longer chains of lambdas are nested chunks.
    public static let arity = 255
    /// Upvalues of one chunk, including the `with` chain, so that a capture index fits 16 bits.
    public static let upvalues = 65_535
    /// The height of one frame's stack.
    public static let stack = 1 << 24
    /// Bytes of one chunk's code, well within the reach of a jump.
    public static let code = 1 << 28
    /// The depth of chunks that refer to each other. It is above the parser's limit on nesting, so only manipulated
    /// programs exceed it.
    public static let nesting = 1 << 20
    /// Entries of each table of a program.
    public static let entries = Int(UInt32.max)
    /// The integers that an instruction can carry: 61 bits, which a value of the machine stores inline. Other integers
    /// are constants.
    public static let smallIntegers = -(Int64(1) << 60)...(Int64(1) << 60) - 1
}
