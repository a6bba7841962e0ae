/// The fixed parts of an encoded program. protocol/bytecode.md describes the whole.
public enum ProgramFormat {
    /// First bytes of every program. The high bit, the line ends and the end-of-file byte show what a transfer as text
    /// did to a file.
    public static let magic: [UInt8] = [0x89, 0x46, 0x49, 0x52, 0x4E, 0x0D, 0x0A, 0x1A]
    /// Version of the encoding and of the opcodes. A decoder takes its own version only.
    public static let version: UInt16 = 1
    /// Version of the compiler: raised when it gives other code for the same source.
    public static let compilerVersion: UInt32 = 2

    /// Bits of the header's flags.
    struct Flags: OptionSet {
        var rawValue: UInt16
        /// Spans and the line table are present.
        static let spans = Flags(rawValue: 1)
        static let known: Flags = [.spans]
    }

    /// Sections, in the order they stand in.
    enum Section: UInt8 {
        case symbols = 1
        case constants, shapes, formals, chunks, lines
    }

    /// First byte of a constant.
    enum ConstantTag: UInt8 {
        case integer, float, string, path, global
    }

    /// First byte of a formal's default.
    enum DefaultTag: UInt8 {
        case none, constant, integer, null, `true`, `false`, thunk
    }

    /// First byte of a chunk: the kind in the two low bits, then these.
    struct ChunkFlags: OptionSet {
        var rawValue: UInt8
        static let capturesWith = ChunkFlags(rawValue: 4)
        static let formals = ChunkFlags(rawValue: 8)
        static let name = ChunkFlags(rawValue: 16)
        static let known: ChunkFlags = [.capturesWith, .formals, .name]
        static let kindMask: UInt8 = 3
    }
}
