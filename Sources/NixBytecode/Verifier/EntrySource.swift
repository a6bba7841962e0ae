/// Where the verifier takes the entries of a program from: a program that is in memory as a whole (`WholeEntries`), or
/// an encoded one whose entries are decoded when something first refers to them (`EncodedEntries`).
///
/// The requirements get the verifier whose `entries` they read, because an entry that was just decoded is checked, and
/// what it refers to is decoded and checked in turn. Each refuses an index that is out of range.
protocol EntrySource {
    typealias Failure = VerificationError.Code

    /// Whether the program has spans.
    var hasSpans: Bool { get }
    /// The number of entries of each table.
    var counts: EntryCounts { get }

    /// Checks that there is a symbol.
    static func useSymbol(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure)
    /// Whether a constant is a string.
    static func isString(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Bool
    /// The number of names of a shape.
    static func shapeSize(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Int
    static func formals(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> [Formals.Formal]
    /// The outline of a chunk, whose code need not be verified yet.
    static func outline(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> ChunkOutline
}

/// The number of entries of each of a program's tables.
struct EntryCounts {
    var symbols = 0
    var constants = 0
    var shapes = 0
    var formals = 0
    var chunks = 0
}

extension Verifier {
    typealias Failure = VerificationError.Code

    @inline(__always)
    mutating func useSymbol(_ index: Int) throws(Failure) { try Entries.useSymbol(index, &self) }

    @inline(__always)
    mutating func isString(_ index: Int) throws(Failure) -> Bool { try Entries.isString(index, &self) }

    @inline(__always)
    mutating func shapeSize(_ index: Int) throws(Failure) -> Int { try Entries.shapeSize(index, &self) }

    @inline(__always)
    mutating func formals(_ index: Int) throws(Failure) -> [Formals.Formal] { try Entries.formals(index, &self) }

    @inline(__always)
    mutating func outline(_ index: Int) throws(Failure) -> ChunkOutline { try Entries.outline(index, &self) }
}
