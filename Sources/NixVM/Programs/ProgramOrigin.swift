import NixBytecode

/// Returns the line and the column of a byte in a source. Both begin with 1, and the column counts bytes.
public typealias LineFinder = (UInt32) -> (line: Int, column: Int)

/// Where a loaded program comes from, and how its parts come.
struct ProgramOrigin {
    /// The source's name in positions: a path, `«string»` or `«stdin»`.
    var sourceName: String
    /// The directory that relative paths of the program start from.
    var directory: [UInt8]
    /// The initial sizes of the tables.
    var sizes: ProgramSizes
    /// Whether the sizes are final. The machine then reserves the indices of all chunks when the program is loaded, and
    /// code refers to chunks by their index in the program. Otherwise each chunk gets the machine's next index when a
    /// part announces it, and code contains these indices.
    var hasReservedChunks: Bool
    /// Returns the finder of the source's lines, or nil if they are not known. It is called at most once.
    var lines: () -> LineFinder?
    /// The program whose chunks are loaded when they are first run, and used where they lie; nil if chunks come in
    /// parts, or all at once.
    var linked: LinkedProgram?

    /// The bytes of everything that is allocated when the program is loaded, before the first entry is added.
    var byteCount: Int {
        let formals = linked == nil ? MemoryLayout<Formals>.stride * sizes.formals : 0
        let reserved = MemoryLayout<LoadedChunk>.stride * sizes.chunks + formals
        return sizes.tableBytes + LoadedProgram.outOfLineBytes + directory.count + (hasReservedChunks ? reserved : 0)
    }
}
