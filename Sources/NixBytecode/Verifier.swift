extension Program {
    /// Proves that the machine can run the program whatever values flow through it, or says what is wrong. Needs time
    /// and memory in proportion to the program's size. protocol/bytecode.md lists what is proved.
    ///
    /// - Throws: the first thing that is wrong, in the order symbols, constants, shapes, formals,
    ///   lines, headers of chunks, their code.
    public func verify() throws(VerificationError) {
        var verifier = Verifier(self)
        try verifier.verify()
    }
}

/// What the chunks of one program are verified with.
struct Verifier {
    let program: Program
    /// How deep each chunk lies; -1 for one that no chunk before refers to.
    var depths: [Int]
    /// For each entry of the formals, the chunk they belong to, once known.
    var formalsOwners: [Int?]
    /// For each symbol, the number of the last shape or formals that named it.
    private var marks: [Int]
    private var mark = 0
    let scratch = ChunkVerifier.Scratch()

    init(_ program: Program) {
        self.program = program
        depths = Array(repeating: -1, count: program.chunks.count)
        formalsOwners = Array(repeating: nil, count: program.formals.count)
        marks = Array(repeating: 0, count: program.symbols.count)
    }

    /// Whether spans are there at all.
    var hasSpans: Bool { program.lines != nil }

    mutating func verify() throws(VerificationError) {
        try verifySymbols()
        for index in program.constants.indices { try verifyConstant(index) }
        for index in program.shapes.indices { try verifyShape(index) }
        for index in program.formals.indices { try verifyFormals(index) }
        try verifyLines()
        guard !program.chunks.isEmpty else { throw VerificationError(.noChunks, at: .program) }
        for index in program.chunks.indices { try verifyHeader(index) }
        for index in program.chunks.indices { try ChunkVerifier.verify(index, &self) }
    }
}

extension Verifier {
    private func verifySymbols() throws(VerificationError) {
        var seen: Set<[UInt8]> = []
        seen.reserveCapacity(program.symbols.count)
        for (index, symbol) in program.symbols.enumerated() where !seen.insert(symbol).inserted {
            throw VerificationError(.duplicateSymbol, at: .symbol(index))
        }
    }

    private func verifyConstant(_ index: Int) throws(VerificationError) {
        switch program.constants[index] {
        case .integer, .float, .string: break
        case .path(let path):
            guard !path.isEmpty, !path.contains(0) else {
                throw VerificationError(.invalidPath, at: .constant(index))
            }
        case .global(let symbol):
            guard symbol < program.symbols.count else {
                throw VerificationError(.symbolOutOfRange, at: .constant(index))
            }
        }
    }

    private mutating func verifyShape(_ index: Int) throws(VerificationError) {
        mark += 1
        for name in program.shapes[index].names {
            try verifyName(name.symbol, name.span, at: .shape(index))
        }
    }

    private mutating func verifyFormals(_ index: Int) throws(VerificationError) {
        mark += 1
        for formal in program.formals[index].formals {
            try verifyName(formal.symbol, formal.span, at: .formals(index))
            switch formal.defaultValue {
            case .constant(let constant):
                guard constant < program.constants.count else {
                    throw VerificationError(.constantOutOfRange, at: .formals(index))
                }
            case .integer(let integer):
                guard ProgramLimits.smallIntegers.contains(integer) else {
                    throw VerificationError(.integerOutOfRange, at: .formals(index))
                }
            case .none, .null, .true, .false, .thunk: break
            }
        }
    }

    private mutating func verifyName(
        _ symbol: UInt32, _ span: SourceSpan?, at location: VerificationError.Location
    ) throws(VerificationError) {
        guard symbol < program.symbols.count else { throw VerificationError(.symbolOutOfRange, at: location) }
        guard marks[Int(symbol)] != mark else { throw VerificationError(.duplicateName, at: location) }
        marks[Int(symbol)] = mark
        guard let span else { return }
        guard hasSpans, span.start <= span.end else { throw VerificationError(.invalidSpan, at: location) }
    }

    private func verifyLines() throws(VerificationError) {
        guard let starts = program.lines?.lineStarts else { return }
        let ascends = zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }
        guard starts.first == 0, ascends else { throw VerificationError(.invalidSpan, at: .program) }
    }
}
