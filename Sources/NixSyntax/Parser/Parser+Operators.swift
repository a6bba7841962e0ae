/// Selection, application and operators, by operator precedence parsing.
extension Parser {
    mutating func finishSimple() throws(ParseFailure) -> ParserState {
        switch lexer.kind {
        case .dot:
            push(.selectPath, valueStart, value.rawValue, UInt32(truncatingIfNeeded: pendingNames.count))
            try lexer.advance()
            return .attributeName
        case .keywordOr: return try applyToOr()
        default: return .selectDone
        }
    }

    /// Completes `f or` where no selection precedes the `or`: it is then an identifier and the argument of `f`.
    private mutating func applyToOr() throws(ParseFailure) -> ParserState {
        let function = value
        let functionStart = valueStart
        let end = end
        // Nix gives the variable the position of the function.
        let argument = add(
            .identifier(internToken()), Span(start: functionStart, end: functionStart), functionStart, 0)
        try lexer.advance()
        children.append(argument)
        let run = Run(start: UInt32(truncatingIfNeeded: children.count &- 1), count: 1)
        try finish(.apply(function: function, arguments: run), functionStart, end, above: depth(function))
        openOr = (value, Span(start: functionStart, end: end))
        return .selectDone
    }

    mutating func finishSelect() throws(ParseFailure) -> ParserState {
        let frame = top
        noteAmbiguousOr(in: frame.kind)
        switch frame.kind {
        case .list:
            pendingNodes.append(value)
            return try continueList()
        case .apply:
            pendingNodes.append(value)
            if startsSelect { return .select }
            pop()
            let end = valueEnd
            let (arguments, deepest) = popPendingNodes(from: frame.second)
            let function = NodeID(frame.first)
            try finish(
                .apply(function: function, arguments: arguments), frame.start, end,
                above: max(deepest, depth(function)))
            return .operandDone
        case .fallback:
            pop()
            let base = NodeID(frame.first)
            let path = Run(start: frame.second, count: frame.third)
            let deepest = max(depth(base), depth(value), pathDepth(path))
            try finish(
                .select(base: base, path: path, fallback: value), frame.start, valueEnd, above: deepest)
            return .selectDone
        default:
            guard startsSelect else { return .operandDone }
            push(.apply, valueStart, value.rawValue, UInt32(truncatingIfNeeded: pendingNodes.count))
            return .select
        }
    }

    /// Records an `f or` without parentheses that is an argument, a list element or a fallback.
    private mutating func noteAmbiguousOr(in kind: ParserFrame.Kind) {
        guard let (node, span) = openOr else { return }
        openOr = nil
        if node == value, kind == .list || kind == .apply || kind == .fallback { ambiguousOrs.append(span) }
    }

    /// The depth of the deepest computed name in an attribute path.
    @inline(__always)
    func pathDepth(_ path: Run) -> Int {
        var deepest = 0
        for index in path.range {
            if case .dynamic(let node, _) = attributeNames[index] { deepest = max(deepest, depth(node)) }
        }
        return deepest
    }

    mutating func finishOperand() throws(ParseFailure) -> ParserState {
        let kind = lexer.kind
        guard kind.isOperator else {
            if top.kind.isOperator { try reduce(below: 0, .left) }
            return .expressionDone
        }
        if kind == .pipeInto || kind == .pipeFrom { return try shiftPipe(kind) }
        try reduce(below: kind.precedence, kind.associativity)
        if kind == .question {
            push(.hasAttributePath, valueStart, value.rawValue, UInt32(truncatingIfNeeded: pendingNames.count))
            try lexer.advance()
            return .attributeName
        }
        push(.binary, valueStart, value.rawValue, UInt32(kind.rawValue), start)
        try lexer.advance()
        return .operand
    }

    /// Shifts a pipe operator. Pipes bind weaker than all other operators, and the two pipes cannot be mixed without
    /// parentheses.
    private mutating func shiftPipe(_ kind: TokenKind) throws(ParseFailure) -> ParserState {
        try reduce(below: 1, .left)
        let before = top.kind
        let isMixed = kind == .pipeInto ? before == .pipeBackward : before == .pipeForward
        if isMixed || before == .pipeForward { try reduceTop() }
        if isMixed {
            try reduce(below: 0, .left)
            return .expressionDone
        }
        push(kind == .pipeInto ? .pipeForward : .pipeBackward, valueStart, value.rawValue, 0, start)
        try lexer.advance()
        return .operand
    }

    /// Reduces the operators on top of the stack that bind more strongly than the one that follows.
    private mutating func reduce(below precedence: UInt8, _ associativity: Associativity) throws(ParseFailure) {
        while true {
            let frame = top
            guard frame.kind.isOperator else { return }
            let own = frame.precedence
            if own < precedence { return }
            if own == precedence {
                switch associativity {
                case .left: break
                case .right: return
                case .none: throw unexpected()
                }
            }
            try reduceTop()
        }
    }

    private mutating func reduceTop() throws(ParseFailure) {
        let frame = top
        pop()
        let operand = value
        let node: Node
        var deepest = depth(operand)
        switch frame.kind {
        case .not: node = .not(operand)
        case .negate: node = .negate(operand)
        default:
            let left = NodeID(frame.first)
            deepest = max(deepest, depth(left))
            node = .binary(frame.binaryOperator, left, operand)
        }
        let position = frame.kind == .not || frame.kind == .negate ? frame.start : frame.third
        try finish(node, frame.start, valueEnd, position: position, above: deepest)
    }
}

/// How operators of equal precedence group.
enum Associativity {
    case left, right
    case none
}

extension TokenKind {
    @inline(__always)
    var isOperator: Bool {
        switch self {
        case .implies, .or, .and, .equal, .notEqual, .less, .greater, .lessOrEqual, .greaterOrEqual, .update, .plus,
            .minus, .star, .slash, .concatenate, .question, .pipeFrom, .pipeInto:
            true
        default: false
        }
    }

    /// The precedence of a binary operator; a higher one binds more strongly. The prefix operators have 7 (`!`) and 12
    /// (`-`).
    var precedence: UInt8 {
        switch self {
        case .implies: 1
        case .or: 2
        case .and: 3
        case .equal, .notEqual: 4
        case .less, .greater, .lessOrEqual, .greaterOrEqual: 5
        case .update: 6
        case .plus, .minus: 8
        case .star, .slash: 9
        case .concatenate: 10
        case .question: 11
        default: 0
        }
    }

    var associativity: Associativity {
        switch self {
        case .implies, .update, .concatenate: .right
        case .equal, .notEqual, .less, .greater, .lessOrEqual, .greaterOrEqual, .question: .none
        default: .left
        }
    }

    var binaryOperator: BinaryOperator {
        switch self {
        case .implies: .implies
        case .or: .or
        case .and: .and
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .greater: .greater
        case .lessOrEqual: .lessOrEqual
        case .greaterOrEqual: .greaterOrEqual
        case .update: .update
        case .minus: .subtract
        case .star: .multiply
        case .slash: .divide
        case .concatenate: .concatenate
        default: .add
        }
    }
}

extension ParserFrame.Kind {
    @inline(__always)
    var isOperator: Bool {
        switch self {
        case .binary, .not, .negate, .pipeForward, .pipeBackward: true
        default: false
        }
    }
}

extension ParserFrame {
    /// The operator token of a `binary` frame.
    private var token: TokenKind { TokenKind(rawValue: UInt8(truncatingIfNeeded: second)) ?? .plus }

    var precedence: UInt8 {
        switch kind {
        case .binary: token.precedence
        case .not: 7
        case .negate: 12
        default: 0
        }
    }

    var binaryOperator: BinaryOperator {
        switch kind {
        case .pipeForward: .pipeForward
        case .pipeBackward: .pipeBackward
        default: token.binaryOperator
        }
    }
}
