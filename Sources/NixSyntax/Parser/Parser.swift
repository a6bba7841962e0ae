/// Turns tokens into a tree, by the grammar of Nix and with one token of lookahead.
///
/// A pushdown automaton: `top` and `frames` hold what is begun, `step` says what is read next, and a complete expression lies in
/// `value`. Operators are decided by precedence, as Nix's generated parser decides them. What is expected when a token
/// fits nowhere is worded per place; where Nix's parser would list more than four tokens it lists none.
struct Parser {
    var lexer: Lexer
    let mustStop: (@Sendable (_ bytes: Int) -> Bool)?
    private let maximumDepth: Int
    /// The innermost construct that is begun, and those around it.
    private(set) var top = Frame(kind: .root, start: 0)
    private var frames: [Frame] = []
    var symbols: SymbolTable

    var nodes = NodeTable()
    var spans: [Span] = []
    /// Depth of each node.
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
    /// The last `f or`, while it is neither in parentheses nor applied itself.
    var openOr: (node: NodeID, span: Span)?

    /// Parts of constructs that are not complete; each frame owns those from its mark on.
    var pendingNodes: [NodeID] = []
    var pendingNames: [AttributeName] = []
    var pendingPieces: [StringPiece] = []
    var pendingFormals: [Formal] = []

    /// The expression that was completed last, and where it stands with the parentheses around it.
    var value = NodeID(0)
    var valueStart: UInt32 = 0
    var valueEnd: UInt32 = 0

    /// For each symbol the last lambda that named it, plus one: finds duplicate formals.
    var formalMarks: [UInt32] = []

    init(_ bytes: SourceBytes, options: ParseOptions) {
        lexer = Lexer(bytes, options: options)
        mustStop = options.mustStop
        maximumDepth = min(options.maximumDepth, SyntaxTree.maximumDepth)
        symbols = SymbolTable(bytes)
        bindings = BindingTable(sourceSize: bytes.count)
        // Of a large source much may be comments and strings.
        let expected = min(bytes.count / 16 + 16, 1 << 18)
        nodes.reserveCapacity(expected)
        spans.reserveCapacity(expected)
        depths.reserveCapacity(expected)
    }

    /// Frees what is used only until the root is complete.
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

    /// Parses the whole source and returns the root.
    mutating func run() throws(Failure) -> NodeID {
        try lexer.advance()
        var step = Step.expression
        while true {
            // Between two of the steps that poll, no more than a few steps are taken, whatever the source.
            switch step {
            case .expression:
                try pollWhenDue()
                step = try beginExpression()
            case .operand:
                try pollWhenDue()
                step = try beginOperand()
            case .select:
                try pollWhenDue()
                step = try beginSelect()
            case .simpleDone: step = try finishSimple()
            case .selectDone: step = try finishSelect()
            case .operandDone: step = try finishOperand()
            case .expressionDone:
                try pollWhenDue()
                step = try finishExpression()
            case .attributeName:
                try pollWhenDue()
                step = try beginAttributeName()
            case .attributeNameDone: step = try finishAttributeName()
            case .stringPiece:
                try pollWhenDue()
                step = try continueString()
            case .binding:
                try pollWhenDue()
                step = try beginBinding()
            case .inheritName:
                try pollWhenDue()
                step = try beginInheritName()
            case .formal:
                try pollWhenDue()
                step = try beginFormal()
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
        _ kind: Frame.Kind, _ start: UInt32, _ first: UInt32 = 0, _ second: UInt32 = 0, _ third: UInt32 = 0
    ) {
        frames.append(top)
        top = Frame(kind: kind, start: start, first: first, second: second, third: third)
    }

    @inline(__always)
    mutating func pop() { top = frames.removeLast() }

    /// Replaces the top frame by the next stage of the same construct.
    mutating func become(_ kind: Frame.Kind, first: UInt32, second: UInt32 = 0, third: UInt32 = 0) {
        top = Frame(kind: kind, start: top.start, first: first, second: second, third: third)
    }

    /// Adds a node and makes it the completed value.
    @inline(__always)
    mutating func finish(_ node: Node, _ start: UInt32, _ end: UInt32) {
        value = add(node, Span(start: start, end: end), start, 0)
        valueStart = start
        valueEnd = end
    }

    /// Like `finish`, for a node with children; `depth` is that of the deepest.
    mutating func finish(
        _ node: Node, _ start: UInt32, _ end: UInt32, position: UInt32? = nil, above depth: Int
    ) throws(Failure) {
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

    func checkDepth(_ depth: Int, _ span: Span) throws(Failure) {
        guard depth > maximumDepth else { return }
        throw Failure(
            .nestedTooDeeply,
            "expression is nested too deeply: more than \(maximumDepth) levels; split it up", at: span)
    }

    /// An error about the current token.
    func unexpected(_ expected: TokenKind...) -> Failure { unexpected(expected, at: lexer.span) }

    /// The same, shown at another place than the token's.
    func unexpected(_ expected: [TokenKind], at span: Span) -> Failure {
        var message = "syntax error, unexpected \(lexer.kind.name)"
        if !expected.isEmpty {
            message += ", expecting " + expected.map(\.name).joined(separator: " or ")
        }
        return Failure(.unexpectedToken, message, at: span)
    }

    @inline(__always)
    mutating func expect(_ kind: TokenKind) throws(Failure) {
        guard lexer.kind == kind else { throw unexpected(kind) }
        try lexer.advance()
    }

    mutating func internToken() -> SymbolID { symbols.intern(lexer.start, lexer.end) }

    /// Adds the text of a stretch of source as it stands there.
    mutating func addText(source start: Int, _ end: Int) -> TextID {
        texts.append(source: start, end)
        return lastText
    }

    /// Adds the text of a stretch of source with its escapes replaced.
    mutating func addText(escaped start: Int, _ end: Int) throws(Failure) -> TextID {
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
    /// Takes the last elements off. The parser's stacks lose few at a time, one by one faster than as a range.
    @inline(__always)
    mutating func shorten(to count: Int) {
        while self.count > count { removeLast() }
    }
}
