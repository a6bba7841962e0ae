import NixBytecode

/// A program of an image, as one machine uses it.
final class ImageProgram {
    private let image: HeapImage
    let record: ImageCatalogue.Program
    /// The encoded program; nil if it cannot be decoded. It is made when a chunk without code is run, or when a message
    /// needs a position or a name.
    private(set) lazy var indexed: IndexedProgram? = try? IndexedProgram(
        Array(image.bytes(.programs)[record.encoded]))

    init(_ image: HeapImage, _ record: ImageCatalogue.Program) {
        self.image = image
        self.record = record
    }

    var firstChunk: Int { record.firstChunk }

    var tables: UnsafeMutablePointer<ProgramTables> {
        UnsafeMutablePointer(bitPattern: record.tables).unsafelyUnwrapped
    }

    var origin: ProgramOrigin {
        ProgramOrigin(
            sourceName: record.name, directory: record.directory, sizes: record.sizes, hasReservedChunks: true,
            lines: { [weak self] in self?.indexed?.lines.map { $0.location(of:) } },
            spans: { [weak self] in self?.indexed?.instructionSpans(of: $0) ?? [] })
    }
}

/// What an image keeps of a program for its host.
public struct ImageProgramSource: Sendable {
    /// The encoded program with its index (`IndexedProgram.bytes`).
    public var encoded: [UInt8]
    /// The file that it was compiled from; nil for another source.
    public var file: [UInt8]?
    /// A digest of the source and of what else the program depends on.
    public var key: [UInt8]
    /// The names that `scopedImport` added; nil for an ordinary import.
    public var scopeNames: [[UInt8]]?
    /// The text of a source that is no file; nil for a file.
    public var text: [UInt8]?

    public init(
        encoded: [UInt8], file: [UInt8]?, key: [UInt8], scopeNames: [[UInt8]]? = nil, text: [UInt8]? = nil
    ) {
        self.encoded = encoded
        self.file = file
        self.key = key
        self.scopeNames = scopeNames
        self.text = text
    }
}
