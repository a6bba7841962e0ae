/// What a chunk refers to: entries of a program that is there whole, or that are read and checked when first named.
extension Verifier {
    typealias Failure = VerificationError.Code

    var chunkCount: Int { entries?.count(.chunks) ?? program.chunks.count }

    mutating func useSymbol(_ index: Int) throws(Failure) {
        guard index < entries?.count(.symbols) ?? program.symbols.count else { throw .symbolOutOfRange }
        try entries?.useSymbol(index)
    }

    /// Whether a constant is a string.
    mutating func isString(_ index: Int) throws(Failure) -> Bool {
        guard index < entries?.count(.constants) ?? program.constants.count else { throw .constantOutOfRange }
        guard let entries else {
            if case .string = program.constants[index] { return true }
            return false
        }
        return try entries.isString(index, &self)
    }

    /// How many names a shape has.
    mutating func shapeSize(_ index: Int) throws(Failure) -> Int {
        guard index < entries?.count(.shapes) ?? program.shapes.count else { throw .shapeOutOfRange }
        return try entries?.shapeSize(index, &self) ?? program.shapes[index].names.count
    }

    mutating func formals(_ index: Int) throws(Failure) -> [Formals.Formal] {
        guard index < entries?.count(.formals) ?? program.formals.count else { throw .formalsOutOfRange }
        return try entries?.formals(index, &self).formals ?? program.formals[index].formals
    }

    /// A chunk that code refers to; its header is right.
    mutating func child(_ index: Int) throws(Failure) -> ChunkOutline {
        guard index < chunkCount else { throw .chunkOutOfRange }
        return try entries?.outline(index, &self) ?? ChunkOutline(program.chunks[index])
    }
}
