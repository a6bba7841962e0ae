/// The state of verifying one program. Its entries are verified table by table before any code is, so a reference to one
/// only needs to be in range.
struct Verifier: ~Copyable {
    typealias Failure = VerificationError.Code

    let program: Program
    let hasSpans: Bool
    let counts: EntryCounts
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
    private var unitsUntilPoll = Self.pollInterval
    /// Bytes of the verifier's tables.
    private var reservedBytes: Int

    /// Units of work between two polls, about 50 µs: a unit is an entry or an instruction.
    private static var pollInterval: Int { 1024 }

    /// - Parameters:
    ///   - program: the program, nothing of which is checked yet.
    ///   - shouldCancel: the verifier's poll, called about every 50 µs with the number of bytes that its tables take or
    ///     are about to take. When it returns true, verification ends.
    ///     It is first called before the tables are made.
    init(_ program: Program, shouldCancel: ((_ bytes: Int) -> Bool)?) throws(VerificationError) {
        self.program = program
        self.shouldCancel = shouldCancel
        hasSpans = program.lines != nil
        counts = EntryCounts(program)
        if shouldCancel?(Self.tableBytes(counts)) == true { throw VerificationError(.limitExceeded, at: .program) }
        reservedBytes = Self.tableBytes(counts)
        depths = Array(repeating: -1, count: counts.chunks)
        areFormalsClaimed = Array(repeating: false, count: counts.formals)
        marks = Array(repeating: 0, count: counts.symbols)
    }

    /// Bytes of the tables that `init` makes.
    static func tableBytes(_ counts: EntryCounts) -> Int {
        counts.chunks * MemoryLayout<Int32>.stride + counts.formals + counts.symbols * MemoryLayout<UInt32>.stride
    }

    /// Counts units of work, and polls when enough have been done.
    @inline(__always)
    mutating func charge(_ units: Int = 1) throws(Failure) {
        unitsUntilPoll &-= units
        if unitsUntilPoll < 0 { try poll() }
    }

    /// Counts bytes before they are taken, and polls if there are many.
    mutating func reserve(_ bytes: Int) throws(Failure) {
        reservedBytes += bytes
        if bytes > 1 << 16 { try poll() }
    }

    /// Takes back what `reserve` counted.
    mutating func release(_ bytes: Int) { reservedBytes -= bytes }

    @inline(never)
    private mutating func poll() throws(Failure) {
        unitsUntilPoll = Self.pollInterval
        guard let shouldCancel, shouldCancel(reservedBytes) else { return }
        isStopped = true
        throw .limitExceeded
    }

    /// Runs a check, and adds to its error where in the program it is.
    @inline(__always)
    mutating func at(
        _ location: @autoclosure () -> VerificationError.Location,
        _ check: (inout Self) throws(Failure) -> Void
    ) throws(VerificationError) {
        do throws(Failure) { try check(&self) } catch { throw VerificationError(error, at: location()) }
    }
}

/// Checks of single entries.
extension Verifier {
    mutating func check(_ constant: Constant) throws(Failure) {
        try charge()
        switch constant {
        case .integer, .float, .string: break
        case .path(let path):
            guard !path.isEmpty, !path.contains(0) else { throw .invalidPath }
        case .global(let symbol): try useSymbol(Int(symbol))
        }
    }

    mutating func check(_ shape: Shape) throws(Failure) {
        mark += 1
        for name in shape.names { try check(name.symbol, name.span) }
    }

    mutating func check(_ formals: Formals) throws(Failure) {
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

    private mutating func check(_ symbol: UInt32, _ span: SourceSpan?) throws(Failure) {
        try charge()
        try useSymbol(Int(symbol))
        guard marks[Int(symbol)] != mark else { throw .duplicateName }
        marks[Int(symbol)] = mark
        guard let span else { return }
        guard hasSpans, span.start <= span.end else { throw .invalidSpan }
    }
}
