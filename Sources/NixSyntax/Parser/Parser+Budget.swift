/// Asking whether to stop, often enough that between two questions there is little work and few bytes are taken.
extension Parser {
    /// Counts entries of a table that were worked through.
    @inline(__always)
    mutating func work(_ units: Int) throws(Failure) {
        lexer.unitsUntilPoll &-= units
        if lexer.unitsUntilPoll < 0 { try poll() }
    }

    /// Asks before a text is copied that does not stand in the source as it is: it lies in two places for a while.
    mutating func prepareText(_ length: Int) throws(Failure) {
        if length > Self.longText { try poll(taking: 4 &* length) }
    }

    /// Bytes of a text that is worth a question of its own.
    private static let longText = 1 << 14

    /// - Parameter bytes: what is about to be taken beside the tables, or by one of them at once.
    @inline(never)
    mutating func poll(taking bytes: Int = 0) throws(Failure) {
        lexer.unitsUntilPoll = Lexer.pollInterval
        guard let mustStop else { return }
        lexer.tableBytes = memoryBytes
        guard mustStop(lexer.tableBytes &+ bytes) else { return }
        throw Failure(.cancelled, "parsing was cancelled", at: lexer.span)
    }

    /// Entries of any one table that are made until the next question, at most: a token makes few, and a closing bracket
    /// moves those that are pending.
    private static var step: Int { 4 &* Lexer.pollInterval }

    private var memoryBytes: Int {
        let step = Self.step
        var bytes = nodes.byteCount(adding: step) &+ texts.byteCount(adding: step) &+ symbols.byteCount(adding: step)
        bytes &+= bindings.byteCount(adding: step) &+ framesByteCount(adding: step) &+ lexer.modes.capacity
        bytes &+= spans.byteCount(adding: step) &+ depths.byteCount(adding: step)
        bytes &+= children.byteCount(adding: step &+ pendingNodes.count)
        bytes &+= parts.byteCount(adding: step &+ pendingPieces.count)
        bytes &+= partSpans.byteCount(adding: step &+ pendingPieces.count)
        bytes &+= attributeNames.byteCount(adding: step &+ pendingNames.count)
        bytes &+= formals.byteCount(adding: step &+ pendingFormals.count)
        bytes &+= lambdas.byteCount(adding: step) &+ ambiguousOrs.byteCount(adding: step)
        bytes &+= pendingNodes.byteCount(adding: step) &+ pendingNames.byteCount(adding: step)
        bytes &+= pendingPieces.byteCount(adding: step) &+ pendingFormals.byteCount(adding: step)
        return bytes &+ formalMarks.byteCount(adding: symbols.count &+ step &- formalMarks.count)
    }
}
