/// The constants of the program format, which protocol/bytecode.md describes.
public enum ProgramFormat {
    /// The first bytes of every program. A transfer in text mode changes the high bit, the line endings or the
    /// end-of-file byte, and is thereby detected.
    public static let magic: [UInt8] = [0x89, 0x46, 0x49, 0x52, 0x4E, 0x0D, 0x0A, 0x1A]
    /// The version of the encoding and the opcodes. A decoder accepts only its own version.
    public static let version: UInt16 = 1
    /// The version of the compiler, part of every encoded program. It is raised whenever a source compiles to a
    /// different program.
    public static let compilerVersion: UInt32 = 3

    /// The flags of the header.
    struct Flags: OptionSet {
        var rawValue: UInt16
        /// The program has spans and a line table.
        static let spans = Flags(rawValue: 1)
        static let known: Flags = [.spans]
    }

    /// The sections, in the order in which they are encoded.
    enum Section: UInt8 {
        case symbols = 1
        case constants, shapes, formals, chunks, lines
    }

    /// The first byte of a constant.
    public enum ConstantTag: UInt8, Sendable {
        case integer, float, string, path, global
    }

    /// The first byte of a formal's default value.
    public enum DefaultTag: UInt8, Sendable {
        case none, constant, integer, null, `true`, `false`, thunk
    }

    /// The flags of a chunk's first byte, whose two low bits are the kind.
    struct ChunkFlags: OptionSet {
        var rawValue: UInt8
        static let capturesWith = ChunkFlags(rawValue: 4)
        static let formals = ChunkFlags(rawValue: 8)
        static let name = ChunkFlags(rawValue: 16)
        static let known: ChunkFlags = [.capturesWith, .formals, .name]
        static let kindMask: UInt8 = 3
    }
}
