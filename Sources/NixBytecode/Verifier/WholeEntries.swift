/// The entries of a program that is in memory as a whole. They are verified table by table before any code is, so a
/// reference to one only needs to be in range.
struct WholeEntries: EntrySource {
    let program: Program

    var hasSpans: Bool { program.lines != nil }

    var counts: EntryCounts {
        EntryCounts(
            symbols: program.symbols.count, constants: program.constants.count, shapes: program.shapes.count,
            formals: program.formals.count, chunks: program.chunks.count)
    }

    static func useSymbol(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) {
        guard index < verifier.entries.program.symbols.count else { throw .symbolOutOfRange }
    }

    static func isString(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Bool {
        guard index < verifier.entries.program.constants.count else { throw .constantOutOfRange }
        if case .string = verifier.entries.program.constants[index] { return true }
        return false
    }

    static func shapeSize(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Int {
        guard index < verifier.entries.program.shapes.count else { throw .shapeOutOfRange }
        return verifier.entries.program.shapes[index].names.count
    }

    static func formals(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> [Formals.Formal] {
        guard index < verifier.entries.program.formals.count else { throw .formalsOutOfRange }
        return verifier.entries.program.formals[index].formals
    }

    static func outline(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> ChunkOutline {
        guard index < verifier.entries.program.chunks.count else { throw .chunkOutOfRange }
        return ChunkOutline(verifier.entries.program.chunks[index])
    }
}
