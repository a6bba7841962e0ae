extension Program {
    /// Proves that the machine can run the program whatever values flow through it, or says what is wrong. Needs time
    /// and memory in proportion to the program's size. protocol/bytecode.md lists what is proved.
    ///
    /// - Throws: the first thing that is wrong, in the order symbols, constants, shapes, formals,
    ///   lines, headers of chunks, their code.
    public func verify() throws(VerificationError) {
        var verifier = try Verifier(self, shouldCancel: nil)
        try verifier.verify()
    }
}

/// What the chunks of one program are verified with.
struct Verifier: ~Copyable {
    let program: Program
    /// Whether entries are read one by one: `program` is empty then.
    let isIndexed: Bool
    var known: CheckedEntries
    /// How deep each chunk lies; -1 for one that no chunk before refers to.
    var depths: [Int32]
    /// For each entry of the formals, whether a chunk has claimed them.
    var areFormalsClaimed: [Bool]
    /// For each symbol, the number of the last shape or formals that named it.
    private var marks: [UInt32]
    private var mark: UInt32 = 0
    var scratch = ChunkVerifier.Scratch()
    private let shouldCancel: ((_ bytes: Int) -> Bool)?
    /// Whether `shouldCancel` said so: then the error that was thrown says nothing about the program.
    private(set) var isStopped = false
    private var unitsUntilPoll = Verifier.pollInterval
    /// Bytes of the tables.
    private var takenBytes = 0

    /// Entries or instructions between two questions: some 50 µs of work.
    private static let pollInterval = 1024

    /// - Parameter shouldCancel: asked now and then, with the bytes that the tables take or are about to take; true ends
    ///   verifying. The tables are not made where it says so at once.
    init(_ program: Program, shouldCancel: ((_ bytes: Int) -> Bool)?) throws(VerificationError) {
        self.program = program
        self.shouldCancel = shouldCancel
        takenBytes =
            program.chunks.count * MemoryLayout<Int32>.stride + program.formals.count
            + program.symbols.count * MemoryLayout<UInt32>.stride
        if shouldCancel?(takenBytes) == true { throw VerificationError(.limitExceeded, at: .program) }
        isIndexed = false
        known = CheckedEntries()
        depths = Array(repeating: -1, count: program.chunks.count)
        areFormalsClaimed = Array(repeating: false, count: program.formals.count)
        marks = Array(repeating: 0, count: program.symbols.count)
    }

    init(_ decoder: ProgramDecoder, _ index: ProgramIndex) {
        program = Program(symbols: [], constants: [], shapes: [], formals: [], chunks: [], lines: nil)
        shouldCancel = nil
        isIndexed = true
        known = CheckedEntries(decoder, index)
        depths = Array(repeating: -1, count: index.count(.chunks))
        areFormalsClaimed = Array(repeating: false, count: index.count(.formals))
        marks = Array(repeating: 0, count: index.count(.symbols))
    }

    /// Whether spans are there at all.
    var hasSpans: Bool { isIndexed ? known.decoder.hasSpans : program.lines != nil }

    mutating func verify() throws(VerificationError) {
        try verifySymbols()
        for index in program.constants.indices { try verifyConstant(index) }
        for index in program.shapes.indices { try verifyShape(index) }
        for index in program.formals.indices { try verifyFormals(index) }
        try verifyLines()
        guard !program.chunks.isEmpty else { throw VerificationError(.noChunks, at: .program) }
        for index in program.chunks.indices {
            try work(at: .chunk(index))
            try verifyHeader(index, program.chunks[index])
        }
        for index in program.chunks.indices {
            try work(at: .chunk(index))
            try ChunkVerifier.verify(index, program.chunks[index], &self)
        }
    }

    /// Counts entries or instructions, and now and then asks whether to stop.
    @inline(__always)
    mutating func work(_ units: Int = 1) throws(VerificationError.Code) {
        unitsUntilPoll &-= units
        if unitsUntilPoll < 0 { try poll() }
    }

    private mutating func work(at location: VerificationError.Location) throws(VerificationError) {
        do throws(VerificationError.Code) { try work() } catch { throw VerificationError(error, at: location) }
    }

    /// Counts bytes before they are taken.
    mutating func take(_ bytes: Int) throws(VerificationError.Code) {
        takenBytes += bytes
        if bytes > 1 << 16 { try poll() }
    }

    @inline(never)
    private mutating func poll() throws(VerificationError.Code) {
        unitsUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(takenBytes) else { return }
        isStopped = true
        throw .limitExceeded
    }
}

extension Verifier {
    private mutating func verifySymbols() throws(VerificationError) {
        // Places of a set, of which some are free, hold an address each.
        let bytes = program.symbols.count * 24
        do throws(VerificationError.Code) { try take(bytes) } catch { throw VerificationError(error, at: .program) }
        var seen: Set<[UInt8]> = []
        seen.reserveCapacity(program.symbols.count)
        for (index, symbol) in program.symbols.enumerated() {
            try work(at: .symbol(index))
            guard seen.insert(symbol).inserted else { throw VerificationError(.duplicateSymbol, at: .symbol(index)) }
        }
        takenBytes -= bytes
    }

    private mutating func verifyConstant(_ index: Int) throws(VerificationError) {
        do throws(VerificationError.Code) {
            try check(program.constants[index])
        } catch { throw VerificationError(error, at: .constant(index)) }
    }

    private mutating func verifyShape(_ index: Int) throws(VerificationError) {
        do throws(VerificationError.Code) {
            try check(program.shapes[index])
        } catch { throw VerificationError(error, at: .shape(index)) }
    }

    private mutating func verifyFormals(_ index: Int) throws(VerificationError) {
        do throws(VerificationError.Code) {
            try check(program.formals[index])
        } catch { throw VerificationError(error, at: .formals(index)) }
    }

    mutating func check(_ constant: Constant) throws(VerificationError.Code) {
        try work()
        switch constant {
        case .integer, .float, .string: break
        case .path(let path):
            guard !path.isEmpty, !path.contains(0) else { throw .invalidPath }
        case .global(let symbol): try useSymbol(Int(symbol))
        }
    }

    mutating func check(_ shape: Shape) throws(VerificationError.Code) {
        mark += 1
        for name in shape.names { try check(name.symbol, name.span) }
    }

    mutating func check(_ formals: Formals) throws(VerificationError.Code) {
        mark += 1
        for formal in formals.formals {
            try check(formal.symbol, formal.span)
            switch formal.defaultValue {
            case .constant(let constant): _ = try isString(Int(constant))
            case .integer(let integer):
                guard ProgramLimits.smallIntegers.contains(integer) else { throw .integerOutOfRange }
            case .none, .null, .true, .false, .thunk: break
            }
        }
    }

    private mutating func check(_ symbol: UInt32, _ span: SourceSpan?) throws(VerificationError.Code) {
        try work()
        try useSymbol(Int(symbol))
        guard marks[Int(symbol)] != mark else { throw .duplicateName }
        marks[Int(symbol)] = mark
        guard let span else { return }
        guard hasSpans, span.start <= span.end else { throw .invalidSpan }
    }

    private func verifyLines() throws(VerificationError) {
        guard let starts = program.lines?.lineStarts else { return }
        let ascends = zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }
        guard starts.first == 0, ascends else { throw VerificationError(.invalidSpan, at: .program) }
    }
}
