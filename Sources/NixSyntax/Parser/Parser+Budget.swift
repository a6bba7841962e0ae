import ByteCounting

/// The parser polls often enough that it does little work and takes few bytes between two polls.
extension Parser {
    /// Counts units of work, and polls when enough have been done.
    @inline(__always)
    mutating func charge(_ units: Int) throws(ParseFailure) {
        lexer.unitsUntilPoll &-= units
        try pollWhenDue()
    }

    /// Polls if enough units of work have been done since the last poll.
    @inline(__always)
    mutating func pollWhenDue() throws(ParseFailure) {
        if _slowPath(lexer.unitsUntilPoll < 0) { try poll() }
    }

    /// Polls before a long text is unescaped. Until the copy is complete, up to four times its length may be in use.
    mutating func prepareText(_ length: Int) throws(ParseFailure) {
        if length > Self.longText { try poll(taking: 4 &* length) }
    }

    /// Bytes of a text that gets a poll of its own.
    private static let longText = 1 << 14

    /// Asks whether to stop.
    ///
    /// - Parameter bytes: bytes that are about to be taken in addition to the usual growth of the tables.
    /// - Throws: `cancelled`.
    @inline(never)
    mutating func poll(taking bytes: Int = 0) throws(ParseFailure) {
        lexer.unitsUntilPoll = Lexer.pollInterval
        guard let shouldCancel else { return }
        lexer.tableBytes = memoryBytes
        guard shouldCancel(lexer.tableBytes &+ bytes) else { return }
        throw ParseFailure(.cancelled, "parsing was cancelled", at: lexer.span)
    }

    /// An upper bound for the entries that any table gains before the next poll. A token adds few entries; a closing
    /// bracket also moves the pending ones, which are counted separately.
    private static var growth: Int { 4 &* Lexer.pollInterval }

    private var memoryBytes: Int {
        let growth = Self.growth
        var bytes =
            nodes.byteCount(adding: growth) &+ texts.byteCount(adding: growth) &+ symbols.byteCount(adding: growth)
        bytes &+= bindings.byteCount(adding: growth) &+ framesByteCount(adding: growth) &+ lexer.modes.capacity
        bytes &+= spans.byteCount(adding: growth) &+ depths.byteCount(adding: growth)
        bytes &+= children.byteCount(adding: growth &+ pendingNodes.count)
        bytes &+= parts.byteCount(adding: growth &+ pendingPieces.count)
        bytes &+= partSpans.byteCount(adding: growth &+ pendingPieces.count)
        bytes &+= attributeNames.byteCount(adding: growth &+ pendingNames.count)
        bytes &+= formals.byteCount(adding: growth &+ pendingFormals.count)
        bytes &+= lambdas.byteCount(adding: growth) &+ ambiguousOrs.byteCount(adding: growth)
        bytes &+= pendingNodes.byteCount(adding: growth) &+ pendingNames.byteCount(adding: growth)
        bytes &+= pendingPieces.byteCount(adding: growth) &+ pendingFormals.byteCount(adding: growth)
        return bytes &+ formalMarks.byteCount(adding: symbols.count &+ growth &- formalMarks.count)
    }
}
