/// Turns tokens into a tree, by Nix's grammar and with one token of lookahead.
///
/// The parser is a pushdown automaton. Its stack (`top` and `frames`) holds the constructs that have begun, its state
/// says what is read or completed next, and `value` is the expression that was completed last. Operators are parsed by
/// precedence, with the results of Nix's generated parser. Each error lists the tokens that Nix's parser expects in
/// that state; Nix lists none where there are more than four.
struct Parser {
    var lexer: Lexer
    let shouldCancel: (@Sendable (_ bytes: Int) -> Bool)?
    private let maximumDepth: Int
    /// The innermost construct that has begun, and those around it.
    private(set) var top = ParserFrame(kind: .root, start: 0)
    private var frames: [ParserFrame] = []
    var symbols: SymbolTable

    var nodes = NodeTable()
    var spans: [Span] = []
    /// Depth of each node, parallel to `nodes`.
    var depths: [UInt16] = []
    var texts = TextTable()
    var children: [NodeID] = []
    var parts: [StringPart] = []
    var partSpans: [Span] = []
    var attributeNames: [AttributeName] = []
    var lambdas: [Lambda] = []
    var formals: [Formal] = []
    var bindings: BindingTable

    var ambiguousOrs: [Span] = []
    /// The last application to `or` as an identifier (`f or`), until it is put in parentheses or becomes part of another
    /// expression. Then it moves to `ambiguousOrs`, or is forgotten.
    var openOr: (node: NodeID, span: Span)?

    /// Parts of constructs that are not complete. A frame owns those from its start index on.
    var pendingNodes: [NodeID] = []
    var pendingNames: [AttributeName] = []
    var pendingPieces: [StringPiece] = []
    var pendingFormals: [Formal] = []

    /// The expression that was completed last, and its range including parentheses.
    var value = NodeID(0)
    var valueStart: UInt32 = 0
    var valueEnd: UInt32 = 0

    /// For each symbol, one plus the index of the last lambda with a formal of that name. It detects duplicates.
    var formalMarks: [UInt32] = []

    init(_ bytes: SourceBytes, options: ParseOptions) {
        lexer = Lexer(bytes, options: options)
        shouldCancel = options.shouldCancel
        maximumDepth = min(options.maximumDepth, SyntaxTree.maximumDepth)
        symbols = SymbolTable(bytes)
        bindings = BindingTable(sourceSize: bytes.count)
        // Nix code has about one node in 16 bytes. The cap is for large sources, which may be mostly comments and
        // strings.
        let expected = min(bytes.count / 16 + 16, 1 << 18)
        nodes.reserveCapacity(expected)
        spans.reserveCapacity(expected)
        depths.reserveCapacity(expected)
    }

    /// Frees what is only needed until the root is complete.
    mutating func releaseStacks() {
        frames = []
        depths = []
        pendingNodes = []
        pendingNames = []
        pendingPieces = []
        pendingFormals = []
        formalMarks = []
        symbols.releaseIndex()
        bindings.releaseIndex()
    }

    /// Parses the whole source and returns the root node.
    mutating func run() throws(ParseFailure) -> NodeID {
        try lexer.advance()
        var state = ParserState.expression
        while true {
            // Between two transitions that poll, the parser makes at most a few others, whatever the source is.
            switch state {
            case .expression:
                try pollWhenDue()
                state = try beginExpression()
            case .operand:
                try pollWhenDue()
                state = try beginOperand()
            case .select:
                try pollWhenDue()
                state = try beginSelect()
            case .simpleDone: state = try finishSimple()
            case .selectDone: state = try finishSelect()
            case .operandDone: state = try finishOperand()
            case .expressionDone:
                try pollWhenDue()
                state = try finishExpression()
            case .attributeName:
                try pollWhenDue()
                state = try beginAttributeName()
            case .attributeNameDone: state = try finishAttributeName()
            case .stringPiece:
                try pollWhenDue()
                state = try continueString()
            case .binding:
                try pollWhenDue()
                state = try beginBinding()
            case .inheritName:
                try pollWhenDue()
                state = try beginInheritName()
            case .formal:
                try pollWhenDue()
                state = try beginFormal()
            case .finished: return value
            }
        }
    }
}

extension Parser {
    var start: UInt32 { UInt32(truncatingIfNeeded: lexer.start) }
    var end: UInt32 { UInt32(truncatingIfNeeded: lexer.end) }

    @inline(__always)
    mutating func push(
        _ kind: ParserFrame.Kind, _ start: UInt32, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0
    ) {
        frames.append(top)
        top = ParserFrame(kind: kind, start: start, first: first, second: second, third: third)
    }

    @inline(__always)
    mutating func pop() { top = frames.removeLast() }

    /// Replaces the top frame by that of the construct's next part.
    mutating func become(_ kind: ParserFrame.Kind, first: UInt32, second: UInt32 = 0, third: UInt32 = 0) {
        top = ParserFrame(kind: kind, start: top.start, first: first, second: second, third: third)
    }

    /// Adds a leaf node and makes it the completed value.
    @inline(__always)
    mutating func finish(_ node: Node, _ start: UInt32, _ end: UInt32) {
        value = add(node, Span(start: start, end: end), start, 0)
        valueStart = start
        valueEnd = end
    }

    /// Adds a node with children and makes it the completed value; `depth` is that of the deepest child.
    mutating func finish(
        _ node: Node, _ start: UInt32, _ end: UInt32, position: UInt32? = nil, above depth: Int
    ) throws(ParseFailure) {
        let span = Span(start: start, end: end)
        try checkDepth(depth &+ 1, span)
        value = add(node, span, position ?? start, depth &+ 1)
        valueStart = start
        valueEnd = end
    }

    @inline(__always)
    mutating func add(_ node: Node, _ span: Span, _ position: UInt32, _ depth: Int) -> NodeID {
        let id = NodeID(UInt32(truncatingIfNeeded: nodes.count))
        nodes.append(node, position: position)
        spans.append(span)
        depths.append(UInt16(truncatingIfNeeded: depth))
        return id
    }

    func framesByteCount(adding more: Int) -> Int { frames.byteCount(adding: more) }

    func depth(_ node: NodeID) -> Int { Int(depths[Int(node.rawValue)]) }

    /// It is inlined, because a call would copy the whole parser, which is a large value.
    @inline(__always)
    func checkDepth(_ depth: Int, _ span: Span) throws(ParseFailure) {
        if depth > maximumDepth { throw Self.tooDeep(maximumDepth, span) }
    }

    private static func tooDeep(_ maximumDepth: Int, _ span: Span) -> ParseFailure {
        ParseFailure(
            .nestedTooDeeply,
            "expression is nested too deeply: more than \(maximumDepth) levels; split it up", at: span)
    }

    /// The error for an unexpected token, with the tokens that were expected.
    func unexpected(_ expected: TokenKind...) -> ParseFailure { unexpected(expected, at: lexer.span) }

    /// The same error, shown elsewhere than at the token.
    func unexpected(_ expected: [TokenKind], at span: Span) -> ParseFailure {
        var message = "syntax error, unexpected \(lexer.kind.name)"
        if !expected.isEmpty {
            message += ", expecting " + expected.map(\.name).joined(separator: " or ")
        }
        return ParseFailure(.unexpectedToken, message, at: span)
    }

    @inline(__always)
    mutating func expect(_ kind: TokenKind) throws(ParseFailure) {
        guard lexer.kind == kind else { throw unexpected(kind) }
        try lexer.advance()
    }

    mutating func internToken() -> SymbolID { symbols.intern(lexer.start, lexer.end) }

    /// Adds the text of a source range as it is.
    mutating func addText(source start: Int, _ end: Int) -> TextID {
        texts.append(source: start, end)
        return lastText
    }

    /// Adds the text of a source range with its escapes replaced.
    mutating func addText(escaped start: Int, _ end: Int) throws(ParseFailure) -> TextID {
        if lexer.isPlain(start, end) { return addText(source: start, end) }
        try prepareText(end &- start)
        texts.append(lexer.unescaped(start, end))
        return lastText
    }

    var lastText: TextID { TextID(UInt32(truncatingIfNeeded: texts.count &- 1)) }

    func bytes(of text: TextID) -> [UInt8] {
        unsafe texts.withBytes(Int(text.rawValue), lexer.bytes) { unsafe Array($0) }
    }
}

extension Array {
    /// Removes the elements from index `count` on. The parser's stacks lose few at a time, for which `removeLast()` is
    /// faster than removing a range.
    @inline(__always)
    mutating func shorten(to count: Int) {
        while self.count > count { removeLast() }
    }
}
