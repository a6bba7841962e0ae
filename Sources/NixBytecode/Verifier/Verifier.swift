extension Program {
    /// Verifies that the machine can run the program safely, whatever values it handles. This takes time and memory
    /// proportional to the program's size. protocol/bytecode.md lists the guarantees.
    ///
    /// - Throws: the first error, in the order symbols, constants, shapes, formals, lines, chunk headers, code.
    public func verify() throws(VerificationError) {
        var verifier = try Verifier(self, shouldCancel: nil)
        try verifier.verify()
    }
}

/// The state of verifying one program.
struct Verifier: ~Copyable {
    let program: Program
    /// Whether entries are decoded one by one; `program` is then empty.
    let isIndexed: Bool
    var entries: CheckedEntries
    /// By chunk: the length of the longest chain of references to it; -1 if no chunk before it refers to it.
    var depths: [Int32]
    /// By entry of the formals: whether a chunk uses it.
    var areFormalsClaimed: [Bool]
    /// By symbol: the number of the last shape or formals with that name. It detects duplicates.
    private var marks: [UInt32]
    private var mark: UInt32 = 0
    var scratch = ChunkVerifier.Scratch()
    private let shouldCancel: ((_ bytes: Int) -> Bool)?
    /// Whether verification stopped because `shouldCancel` returned true. The error that was thrown is then not about
    /// the program.
    private(set) var isStopped = false
    private var unitsUntilPoll = Verifier.pollInterval
    /// Bytes of the verifier's tables.
    private var reservedBytes = 0

    /// Units of work between two polls, about 50 µs: a unit is an entry or an instruction.
    private static let pollInterval = 1024

    /// - Parameters:
    ///   - program: the program to verify.
    ///   - shouldCancel: the verifier's poll, called about every 50 µs with the number of bytes that its tables take or
    ///     are about to take. When it returns true, verification ends; it is first called before the tables are made.
    init(_ program: Program, shouldCancel: ((_ bytes: Int) -> Bool)?) throws(VerificationError) {
        self.program = program
        self.shouldCancel = shouldCancel
        reservedBytes =
            program.chunks.count * MemoryLayout<Int32>.stride + program.formals.count
            + program.symbols.count * MemoryLayout<UInt32>.stride
        if shouldCancel?(reservedBytes) == true { throw VerificationError(.limitExceeded, at: .program) }
        isIndexed = false
        entries = CheckedEntries()
        depths = Array(repeating: -1, count: program.chunks.count)
        areFormalsClaimed = Array(repeating: false, count: program.formals.count)
        marks = Array(repeating: 0, count: program.symbols.count)
    }

    init(_ decoder: ProgramDecoder, _ index: ProgramIndex) {
        program = Program(symbols: [], constants: [], shapes: [], formals: [], chunks: [], lines: nil)
        shouldCancel = nil
        isIndexed = true
        entries = CheckedEntries(decoder, index)
        depths = Array(repeating: -1, count: index.count(.chunks))
        areFormalsClaimed = Array(repeating: false, count: index.count(.formals))
        marks = Array(repeating: 0, count: index.count(.symbols))
    }

    /// Whether the program has spans.
    var hasSpans: Bool { isIndexed ? entries.decoder.hasSpans : program.lines != nil }

    mutating func verify() throws(VerificationError) {
        try verifySymbols()
        for index in program.constants.indices { try verifyConstant(index) }
        for index in program.shapes.indices { try verifyShape(index) }
        for index in program.formals.indices { try verifyFormals(index) }
        try verifyLines()
        guard !program.chunks.isEmpty else { throw VerificationError(.noChunks, at: .program) }
        for index in program.chunks.indices {
            try charge(at: .chunk(index))
            try verifyHeader(index, program.chunks[index])
        }
        for index in program.chunks.indices {
            try charge(at: .chunk(index))
            try ChunkVerifier.verify(index, program.chunks[index], &self)
        }
    }

    /// Counts units of work, and polls when enough have been done.
    @inline(__always)
    mutating func charge(_ units: Int = 1) throws(VerificationError.Code) {
        unitsUntilPoll &-= units
        if unitsUntilPoll < 0 { try poll() }
    }

    private mutating func charge(at location: VerificationError.Location) throws(VerificationError) {
        do throws(VerificationError.Code) { try charge() } catch { throw VerificationError(error, at: location) }
    }

    /// Counts bytes before they are taken, and polls if there are many.
    mutating func reserve(_ bytes: Int) throws(VerificationError.Code) {
        reservedBytes += bytes
        if bytes > 1 << 16 { try poll() }
    }

    @inline(never)
    private mutating func poll() throws(VerificationError.Code) {
        unitsUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(reservedBytes) else { return }
        isStopped = true
        throw .limitExceeded
    }
}

extension Verifier {
    private mutating func verifySymbols() throws(VerificationError) {
        // A hash set of arrays takes up to 24 bytes for each element, free buckets included.
        let bytes = program.symbols.count * 24
        do throws(VerificationError.Code) { try reserve(bytes) } catch { throw VerificationError(error, at: .program) }
        var seen: Set<[UInt8]> = []
        seen.reserveCapacity(program.symbols.count)
        for (index, symbol) in program.symbols.enumerated() {
            try charge(at: .symbol(index))
            guard seen.insert(symbol).inserted else { throw VerificationError(.duplicateSymbol, at: .symbol(index)) }
        }
        reservedBytes -= bytes
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
        try charge()
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
        try charge()
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
