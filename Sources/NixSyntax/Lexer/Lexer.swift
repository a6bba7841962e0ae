/// Turns bytes into tokens, one at a time. Strings, interpolations and paths nest by an explicit stack of modes, which
/// depends on the tokens alone, never on the parser.
///
/// As in Nix's lexer the longest match wins: `a/b` is a path, `a:b` a URL, `a.b/c` a path, `x: y` a function.
struct Lexer {
    enum Mode {
        /// The outermost mode, which no `}` leaves.
        case outermost
        case normal
        case string
        case indentedString
        /// Inside a path.
        case path
        /// Inside a path, after a slash: it must not end here.
        case pathAfterSlash
    }

    let bytes: SourceBytes
    let classes = ByteClasses.shared
    let pipeOperators: Bool

    /// The current token.
    private(set) var kind = TokenKind.endOfFile
    var start = 0
    var end = 0
    /// The value of the current token if it is an integer or a float.
    var integer: Int64 = 0
    var float = 0.0

    /// Where the next token is looked for.
    var offset = 0
    var mode = Mode.outermost
    var modes: [Mode] = []
    /// The last run of path bytes that was measured, see `pathRunEnd`.
    var run = (start: 0, end: 0, lastUnderscore: -1)
    /// What is left to do until the parser asks whether to stop: it may fall below 0 by what one step of it does.
    var unitsUntilPoll = Lexer.pollInterval

    /// Asked inside a token that is long: as `ParseOptions.mustStop`, with what the tables took when the parser asked last.
    private let mustStop: (@Sendable (_ bytes: Int) -> Bool)?
    var tableBytes = 0

    /// Bytes of one token that are read between two such questions: less than a millisecond's work.
    static let bytesPerPoll = 1 << 18

    /// Tokens, or entries of a table that are worked through, between two such questions: some 50 µs of work.
    static let pollInterval = 512

    init(_ bytes: SourceBytes, options: ParseOptions) {
        self.bytes = bytes
        pipeOperators = options.pipeOperators
        mustStop = options.mustStop
    }

    /// Asks whether to stop at a byte that a token has been read to.
    @inline(never)
    func pollInToken(at offset: Int) throws(Failure) {
        guard let mustStop, mustStop(tableBytes) else { return }
        let place = UInt32(truncatingIfNeeded: min(offset, bytes.count))
        throw Failure(.cancelled, "parsing was cancelled", at: Span(start: place, end: place))
    }

    /// Where the current token stands.
    var span: Span { Span(start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end)) }

    /// Moves to the next token.
    mutating func advance() throws(Failure) {
        unitsUntilPoll &-= 1
        switch mode {
        case .outermost, .normal: kind = try normalToken()
        case .string: kind = try stringToken()
        case .indentedString: kind = try indentedToken()
        case .path, .pathAfterSlash: kind = try pathToken()
        }
    }

    /// Makes the bytes from `offset` on the current token.
    @inline(__always)
    mutating func take(_ length: Int, _ kind: TokenKind) -> TokenKind {
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

    /// The end of the source, where Nix reports an unexpected end.
    mutating func takeEnd() -> TokenKind {
        start = bytes.count
        end = bytes.count
        return .endOfFile
    }

    @inline(__always)
    func byte(_ distance: Int) -> UInt8 { bytes[offset &+ distance] }
}
