/// Turns source bytes into tokens, one at a time.
///
/// Strings, interpolations and paths nest; a stack of modes tracks them. The modes depend on the tokens alone, never on
/// the parser. As in Nix's lexer the longest match wins: `a/b` is a path, `a:b` a URL, `a.b/c` a path, and `x: y` a
/// function.
struct Lexer {
    enum Mode {
        /// The mode at the start, which no `}` leaves.
        case outermost
        case normal
        case string
        case indentedString
        case path
        /// Inside a path, right after a slash, where the path must not end.
        case pathAfterSlash
    }

    let bytes: SourceBytes
    let classes = ByteClasses.shared
    let pipeOperators: Bool

    private(set) var kind = TokenKind.endOfFile
    var start = 0
    var end = 0
    /// The value of the current token if it is an integer or a float.
    var integer: Int64 = 0
    var float = 0.0

    /// The offset at which the next token is looked for.
    var offset = 0
    var mode = Mode.outermost
    var modes: [Mode] = []
    /// The last run of path bytes that `pathRunEnd` measured.
    var pathRun = (start: 0, end: 0, lastUnderscore: -1)
    /// The units of work left until the parser polls. It may fall below 0 by the units of one parser step.
    var unitsUntilPoll = Lexer.pollInterval

    /// The parser's `ParseOptions.shouldCancel`, which is called inside long tokens with `tableBytes`: the bytes of the
    /// parser's tables at its last poll.
    private let shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    var tableBytes = 0

    /// The bytes of one token that are read between two polls: less than a millisecond of work.
    static let bytesPerPoll = 1 << 18

    /// The units of work between two polls, about 50 µs: a unit is one token or one table entry.
    static let pollInterval = 512

    init(_ bytes: SourceBytes, options: ParseOptions) {
        self.bytes = bytes
        pipeOperators = options.pipeOperators
        shouldCancel = options.shouldCancel
    }

    /// Polls inside a token that is read up to `offset`.
    @inline(never)
    func pollInToken(at offset: Int) throws(ParseFailure) {
        guard let shouldCancel, shouldCancel(tableBytes) else { return }
        let position = UInt32(truncatingIfNeeded: min(offset, bytes.count))
        throw ParseFailure(.cancelled, "parsing was cancelled", at: Span(start: position, end: position))
    }

    /// The source range of the current token.
    var span: Span { Span(start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end)) }

    /// Moves on to the next token.
    mutating func advance() throws(ParseFailure) {
        unitsUntilPoll &-= 1
        switch mode {
        case .outermost, .normal: kind = try normalToken()
        case .string: kind = try stringToken()
        case .indentedString: kind = try indentedToken()
        case .path, .pathAfterSlash: kind = try pathToken()
        }
    }

    /// Makes the next `length` bytes the current token.
    @inline(__always)
    mutating func consume(_ length: Int, _ kind: TokenKind) -> TokenKind {
        start = offset
        offset &+= length
        end = offset
        return kind
    }

    mutating func enter(_ new: Mode) {
        modes.append(mode)
        mode = new
    }

    mutating func leave() {
        mode = modes.popLast() ?? .outermost
    }

    /// Makes the end of the source the current token. Nix reports an unexpected end there.
    mutating func consumeEnd() -> TokenKind {
        start = bytes.count
        end = bytes.count
        return .endOfFile
    }

    @inline(__always)
    func byte(_ distance: Int) -> UInt8 { bytes[offset &+ distance] }
}
