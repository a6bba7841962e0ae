import NixBytecode

extension HeapImage {
    /// Where a program of the image comes from. Its code and its encoded entries are used where they are mapped.
    func origin(ofProgram record: ImageCatalogue.Program) -> ProgramOrigin {
        let linked = LinkedProgram(
            borrowing: UnsafeRawBufferPointer(
                start: UnsafeRawPointer(bitPattern: record.linked), count: record.linkedBytes))
        return ProgramOrigin(
            sourceName: record.name, directory: record.directory, sizes: record.sizes, hasReservedChunks: true,
            lines: { linked?.lines.map { $0.location(of:) } }, linked: linked)
    }
}

/// What a host knows of a program that an image keeps.
public struct ImageProgramSource: Sendable {
    /// The file that it was compiled from; nil for another source.
    public var file: [UInt8]?
    /// A digest of the source and of what else the program depends on.
    public var key: [UInt8]
    /// The names that `scopedImport` added; nil for an ordinary import.
    public var scopeNames: [[UInt8]]?
    /// The text of a source that is no file; nil for a file.
    public var text: [UInt8]?
    /// The program as `LinkedProgram.bytes` writes it, if the machine does not have it so.
    public var linked: [UInt8] = []

    public init(file: [UInt8]?, key: [UInt8], scopeNames: [[UInt8]]? = nil, text: [UInt8]? = nil) {
        self.file = file
        self.key = key
        self.scopeNames = scopeNames
        self.text = text
    }
}
