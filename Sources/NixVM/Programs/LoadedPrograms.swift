/// The programs of a machine by number. Those of an image are set up when something first asks for them, since most are
/// never asked for: their code runs from the image's tables.
struct LoadedPrograms {
    private var programs: [LoadedProgram?]
    private let image: (image: HeapImage, code: ImageCode)?

    init() {
        programs = []
        image = nil
    }

    /// - Parameters:
    ///   - image: The image whose programs are there from the start.
    ///   - chunks: The machine's table of chunks.
    init(image: HeapImage, chunks: UnsafePointer<LoadedChunk>) {
        programs = Array(repeating: nil, count: image.programCount)
        let start = image.header.region.tables
        let tables = start..<start + UInt(image.bytes(.tables).count)
        self.image = (image, ImageCode(chunks: chunks, tables: tables, stub: image.stub))
    }

    var count: Int { programs.count }

    subscript(number: Int) -> LoadedProgram {
        mutating get {
            if let known = programs[number] { return known }
            guard let image else { fatalError("program \(number) was never loaded") }
            let program = LoadedProgram(image: image.image, code: image.code, number: number)
            programs[number] = program
            return program
        }
    }

    mutating func append(_ program: LoadedProgram) { programs.append(program) }

    /// The programs that are set up.
    var present: [LoadedProgram] { programs.compactMap { $0 } }
}

/// Tells which chunks have code that lies in an image.
struct ImageCode {
    /// The machine's table of chunks.
    fileprivate let chunks: UnsafePointer<LoadedChunk>
    /// The addresses of the image's tables.
    fileprivate let tables: Range<UInt>
    /// The address of the step of chunks without code.
    fileprivate let stub: UInt

    /// Whether a chunk, by its index in the machine, has its code from the image.
    func hasCode(_ chunk: Int) -> Bool {
        let code = UInt(bitPattern: chunks[chunk].code)
        return tables.contains(code) && code != stub
    }
}
