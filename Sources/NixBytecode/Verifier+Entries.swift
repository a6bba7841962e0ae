/// What a chunk refers to: entries of a program that is there whole, or that are read and checked when first named.
extension Verifier {
    typealias Failure = VerificationError.Code

    var chunkCount: Int {
        if let entries { return entries.count(.chunks) }
        return program.chunks.count
    }

    mutating func useSymbol(_ index: Int) throws(Failure) {
        guard let entries else {
            guard index < program.symbols.count else { throw .symbolOutOfRange }
            return
        }
        guard index < entries.count(.symbols) else { throw .symbolOutOfRange }
        try entries.useSymbol(index)
    }

    /// Whether a constant is a string.
    mutating func isString(_ index: Int) throws(Failure) -> Bool {
        guard let entries else {
            guard index < program.constants.count else { throw .constantOutOfRange }
            if case .string = program.constants[index] { return true }
            return false
        }
        guard index < entries.count(.constants) else { throw .constantOutOfRange }
        return try entries.isString(index, &self)
    }

    /// How many names a shape has.
    mutating func shapeSize(_ index: Int) throws(Failure) -> Int {
        guard let entries else {
            guard index < program.shapes.count else { throw .shapeOutOfRange }
            return program.shapes[index].names.count
        }
        guard index < entries.count(.shapes) else { throw .shapeOutOfRange }
        return try entries.shapeSize(index, &self)
    }

    mutating func formals(_ index: Int) throws(Failure) -> [Formals.Formal] {
        guard let entries else {
            guard index < program.formals.count else { throw .formalsOutOfRange }
            return program.formals[index].formals
        }
        guard index < entries.count(.formals) else { throw .formalsOutOfRange }
        return try entries.formals(index, &self).formals
    }

    /// A chunk that code refers to; its header is right.
    mutating func child(_ index: Int) throws(Failure) -> ChunkOutline {
        guard index < chunkCount else { throw .chunkOutOfRange }
        guard let entries else { return ChunkOutline(program.chunks[index]) }
        return try entries.outline(index, &self)
    }
}
