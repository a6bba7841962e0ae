import MessageText
import NixBytecode
import NixSyntax
import NixVM

/// Says what an instruction was evaluated for, as Nix says it: one line for each expression around it, up to the
/// function or thunk that the code belongs to.
///
/// The virtual machine keeps none of this: everything follows from the instruction's span and the syntax tree, which is
/// made again from the source when something fails.
struct ExpressionContexts {
    let parents: SyntaxParents
    private var tree: SyntaxTree { parents.tree }
    /// What relative paths of the source begin at.
    let baseDirectory: [UInt8]
    let homeDirectory: [UInt8]
    /// Makes a position of an offset in the source.
    let position: (UInt32) -> SourcePosition

    /// What a code frame gives.
    struct Lines {
        var entries: [TraceEntry] = []
        /// The condition of an assertion that failed here, with its paths made absolute.
        var assertion: String?
        /// Why the value at fault was coerced to a string.
        var coercion: TraceEntry?
        /// Where calls from this instruction are, for "from call site".
        var callPosition: SourcePosition
        /// Where a failure of the instruction itself is; nil for the places that Nix gives none.
        var failurePosition: SourcePosition?
    }

    /// - Parameter isCoercion: whether the failure is about a value that this instruction had coerced to a string.
    func lines(for frame: CodeFrame, isCoercion: Bool) -> Lines {
        var lines = Lines(callPosition: frame.position, failurePosition: frame.position)
        guard let instruction = frame.position.span, let chunk = frame.chunkPosition.span else { return lines }
        let span = Span(start: instruction.start, end: instruction.end)
        guard let node = node(of: frame, span) else {
            if frame.opcode.selectsAttribute, frame.phase != .operand {
                addInherited(frame, span, to: &lines)
            }
            return lines
        }
        if case .binary(let sign, _, _) = tree[node], sign == .pipeForward || sign == .pipeBackward {
            lines.callPosition = position(tree.position(of: node))
        }
        if frame.opcode.adds, case .binary(.add, _, _) = tree[node] {
            lines.failurePosition = position(rightStart(node))
        } else if frame.opcode.testsBoolean {
            lines.failurePosition = place(node).map(position)
        }
        let boundary = Boundary(span: Span(start: chunk.start, end: chunk.end), isLambda: frame.chunk == .lambda)
        if boundary.isLambda, case .lambda = tree[node], tree.span(of: node) == boundary.span { return lines }
        addOwn(frame, node, isCoercion: isCoercion, to: &lines)
        addReached(frame, node, to: &lines)
        guard let start = start(frame, node) else { return lines }
        climb(from: start, boundary, to: &lines)
        return lines
    }

    private struct Boundary {
        var span: Span
        var isLambda: Bool
    }

    // MARK: The node of an instruction

    private func node(of frame: CodeFrame, _ span: Span) -> NodeID? {
        if frame.opcode == .coerceToString { return parents.string(around: span) }
        let found = parents.nodes(at: span)
        if frame.opcode.adds {
            // An addition carries the place of its right operand.
            for node in found {
                if let parent = parents.parent(of: node), case .binary(.add, _, let right) = tree[parent], right == node
                {
                    return parent
                }
            }
        }
        if frame.opcode.selectsAttribute {
            for node in found where isSelection(node) { return node }
            if frame.name != nil {
                for node in found { if let parent = parents.parent(of: node), isSelection(parent) { return parent } }
            }
            // A selection by a computed name carries the place of the name.
            for node in found {
                if let parent = parents.parent(of: node), isSelection(parent) { return node }
            }
            return nil
        }
        return found.first ?? parents.smallest(around: span)
    }

    private func isSelection(_ node: NodeID) -> Bool {
        switch tree[node] {
        case .select, .legacyLet, .hasAttribute: true
        default: false
        }
    }

    /// Where climbing begins: at the base of a selection whose base it was, at an assertion whose operands differ.
    private func start(_ frame: CodeFrame, _ node: NodeID) -> NodeID? {
        if frame.isDifference { return parents.parent(of: node) }
        guard case .select(let base, _, _) = tree[node], isBase(frame) else { return node }
        return base
    }

    /// Whether what failed is the base of the selection at the frame.
    private func isBase(_ frame: CodeFrame) -> Bool {
        switch frame.opcode {
        case .getLocalSelect, .getUpvalueSelect: frame.phase == .operand
        case .getLocalForce, .getUpvalueForce, .getLocal, .getUpvalue: true
        default: false
        }
    }

    // MARK: What the node itself adds

    private func addOwn(_ frame: CodeFrame, _ node: NodeID, isCoercion: Bool, to lines: inout Lines) {
        switch tree[node] {
        case .select(_, let path, _) where frame.opcode.selectsAttribute && !isBase(frame):
            addSelection(frame, node, names(path, frame), step: step(path, frame), to: &lines)
        case .legacyLet where frame.opcode.selectsAttribute:
            addSelection(frame, node, ["body"], step: 0, to: &lines)
        case .string, .interpolatedPath:
            if isCoercion, frame.opcode == .coerceToString {
                lines.coercion = entry("while evaluating a path segment", frame.position.span?.start)
            }
        case .negate:
            if frame.operand != nil { add("while evaluating the second argument of the subtraction", nil, to: &lines) }
            add("while calling the 'sub' builtin", tree.span(of: node).start, to: &lines)
        case .assert(let condition, _) where frame.opcode == .assertFail: lines.assertion = printed(condition)
        case .binary where frame.isDifference:
            guard let assertion = parents.parent(of: node) else { break }
            add(
                "while evaluating the condition of the assertion '\(printed(node))'",
                tree.span(of: assertion).start, to: &lines)
        case .binary(let sign, let left, let right): addOperator(sign, left, right, frame, node, isCoercion, to: &lines)
        case .attributeSet where frame.opcode == .update:
            add("while evaluating the `__overrides` attribute", nil, to: &lines)
        default: break
        }
    }

    private func addOperator(
        _ sign: BinaryOperator, _ left: NodeID, _ right: NodeID, _ frame: CodeFrame, _ node: NodeID, _ isCoercion: Bool,
        to lines: inout Lines
    ) {
        let operand = frame.operand.map { $0 == 0 ? left : right }
        switch sign {
        case .add:
            if isCoercion, let operand {
                let start = operand == left ? tree.span(of: node).start : rightStart(node)
                lines.coercion = entry("while evaluating a path segment", start)
            }
        case .update:
            if let operand {
                let side = operand == left ? "left" : "right"
                add("in the \(side) operand of '//'", place(operand), to: &lines)
            }
        default:
            if frame.operand != nil, let text = argumentText(sign, isLeft: frame.operand == 0) {
                add(text, nil, to: &lines)
            }
            addBuiltin(sign, node, to: &lines)
        }
    }

    /// Where the right operand begins, with its parentheses: behind the operator and what may stand between.
    private func rightStart(_ node: NodeID) -> UInt32 {
        var offset = Int(tree.operatorSpan(of: node).end)
        let source = tree.source
        while offset < source.count {
            if source[offset] == UInt8(ascii: "#") {
                while offset < source.count, source[offset] != UInt8(ascii: "\n") { offset += 1 }
            } else if source[offset...].starts(with: Array("/*".utf8)) {
                offset += 2
                while offset < source.count, !source[offset...].starts(with: Array("*/".utf8)) { offset += 1 }
                offset += 2
            } else if source[offset] <= 32 {
                offset += 1
            } else {
                break
            }
        }
        return UInt32(min(offset, source.count))
    }

    private func argumentText(_ sign: BinaryOperator, isLeft: Bool) -> String? {
        let ordinal = isLeft ? "first" : "second"
        switch sign {
        case .subtract: return "while evaluating the \(ordinal) argument of the subtraction"
        case .multiply: return "while evaluating the \(ordinal) argument of the multiplication"
        case .divide: return "while evaluating the \(ordinal) operand of the division"
        default: return nil
        }
    }

    private func addBuiltin(_ sign: BinaryOperator, _ node: NodeID, to lines: inout Lines) {
        guard let name = sign.builtin else { return }
        let place = tree.position(of: node)
        add("while calling the '\(name)' builtin", place, to: &lines)
        if sign.isNegated { add("in the argument of '!'", place, to: &lines) }
    }

    /// `from the definition of 'a.b'`, then `while evaluating the attribute 'a.b.c'`.
    private func addSelection(
        _ frame: CodeFrame, _ node: NodeID, _ names: [String], step: Int, to lines: inout Lines
    ) {
        let reached = names.prefix(frame.phase == .attribute ? step + 1 : step)
        if !reached.isEmpty, let definition = definition(frame) {
            lines.entries.append(
                TraceEntry(
                    message: "from the definition of '\(reached.joined(separator: "."))'", position: definition))
        }
        add(
            "while evaluating the attribute '\(names.joined(separator: "."))'", tree.span(of: node).start, to: &lines)
    }

    /// The attribute in which a computed name was to be looked up that could not be evaluated.
    private func addReached(_ frame: CodeFrame, _ node: NodeID, to lines: inout Lines) {
        guard frame.opcode.computesName, frame.name == nil, let parent = parents.parent(of: node),
            case .select(_, let path, _) = tree[parent], let definition = definition(frame)
        else { return }
        let reached = names(path).prefix(step(path, frame)).joined(separator: ".")
        if !reached.isEmpty {
            lines.entries.append(TraceEntry(message: "from the definition of '\(reached)'", position: definition))
        }
    }

    /// `inherit (e) name;` selects from `e` at the name.
    private func addInherited(_ frame: CodeFrame, _ span: Span, to lines: inout Lines) {
        let name = MessageText.shortened(Array(tree.source[Int(span.start)..<Int(span.end)]))
        if frame.phase == .attribute, let definition = definition(frame) {
            lines.entries.append(TraceEntry(message: "from the definition of '\(name)'", position: definition))
        }
        add("while evaluating the attribute '\(name)'", span.start, to: &lines)
    }

    /// Where the attribute that a selection reached is defined. Where the machine does not know, it is the one whose
    /// value the thunk at fault is, if that is of the same source.
    private func definition(_ frame: CodeFrame) -> SourcePosition? {
        switch frame.definition {
        case .at(let position): return position.source == NixSources.derivationName ? nil : position
        case .nowhere: return nil
        case .unknown: break
        }
        guard frame.phase == .attribute, let forced = frame.forced, let span = forced.span,
            forced.source == position(0).source, forced.source != NixSources.derivationName
        else { return nil }
        return parents.definition(ofValue: Span(start: span.start, end: span.end)).map { position($0.span.start) }
    }

    /// Which name of a path an instruction looks up.
    private func step(_ path: Run, _ frame: CodeFrame) -> Int {
        guard frame.opcode.computesName, let span = frame.position.span else { return frame.step }
        return path.range.firstIndex { index in
            guard case .dynamic(let name, _) = tree.attributeNames[index] else { return false }
            return tree.span(of: name) == Span(start: span.start, end: span.end)
        }.map { $0 - path.range.lowerBound } ?? frame.step
    }

    /// The names of a path, of which one that is computed may be known.
    private func names(_ path: Run, _ frame: CodeFrame) -> [String] {
        var names = names(path)
        let step = step(path, frame)
        if let name = frame.name, names.indices.contains(step) { names[step] = name }
        return names
    }

    /// The first names of a path: of more the rest is not told.
    private func names(_ path: Run) -> [String] {
        path.range.prefix(Self.longestPath).map { index in
            switch tree.attributeNames[index] {
            case .fixed(let symbol, _): return MessageText.shortened(tree.bytes(of: symbol))
            case .dynamic(let name, _):
                return "\"${\(printed(name))}\""
            }
        }
    }

    /// An expression as Nix prints it.
    func printed(_ node: NodeID) -> String {
        String(
            decoding: tree.printed(
                node, limit: Self.longestText, baseDirectory: baseDirectory, homeDirectory: homeDirectory),
            as: UTF8.self)
    }

    /// Names of a path in a message.
    private static let longestPath = 64

    /// Bytes of an expression in a message: more than programs keep of an assertion, so that it can be seen which of them
    /// is longer than that.
    private static let longestText = 4096

    // MARK: What the expressions around it add

    private func climb(from start: NodeID, _ boundary: Boundary, to lines: inout Lines) {
        var entries: [TraceEntry] = []
        var node = start
        while true {
            if !boundary.isLambda, tree.span(of: node) == boundary.span { break }
            guard let parent = parents.parent(of: node) else {
                // Nothing outside the chunk may speak for it.
                if boundary.isLambda { return }
                break
            }
            if boundary.isLambda, case .lambda = tree[parent], tree.span(of: parent) == boundary.span { break }
            if let entry = context(of: node, in: parent) { entries.append(entry) }
            if case .binary(let sign, _, _) = tree[parent], sign.isNegated {
                entries.append(self.entry("in the argument of '!'", tree.position(of: parent)))
            }
            node = parent
        }
        lines.entries += entries
    }

    private func context(of child: NodeID, in parent: NodeID) -> TraceEntry? {
        switch tree[parent] {
        case .select(let base, let path, _):
            if child == base { return entry("while selecting an attribute", place(child)) }
            let text = names(path).joined(separator: ".")
            return entry("while evaluating the attribute '\(text)'", tree.span(of: parent).start)
        case .hasAttribute(let base, _):
            return child == base ? entry("in the argument of '?'", place(child)) : nil
        case .assert(let condition, _):
            return child == condition ? entry("in the condition of the assert statement", place(child)) : nil
        case .conditional(let condition, _, _):
            return child == condition ? entry("while evaluating a branch condition", place(child)) : nil
        case .not: return entry("in the argument of '!'", place(child))
        case .negate: return entry("while calling the 'sub' builtin", tree.span(of: parent).start)
        case .string, .interpolatedPath: return entry("in an operand of '+'", place(child))
        case .binary(let sign, let left, _): return operandContext(sign, parent, child, isLeft: child == left)
        default: return nil
        }
    }

    private func operandContext(
        _ sign: BinaryOperator, _ parent: NodeID, _ child: NodeID, isLeft: Bool
    ) -> TraceEntry? {
        switch sign {
        case .add: return entry("in an operand of '+'", place(child))
        case .pipeForward, .pipeBackward: return nil
        case .update:
            // Nix takes a chain of updates as one.
            if case .binary(.update, _, _) = tree[child] { return nil }
            return entry("in the \(isLeft ? "left" : "right") operand of '//'", place(child))
        default:
            if let name = sign.builtin {
                return entry("while calling the '\(name)' builtin", tree.position(of: parent))
            }
            return entry("in the \(isLeft ? "left" : "right") operand of '\(sign.text)'", place(child))
        }
    }

    private func add(_ message: String, _ offset: UInt32?, to lines: inout Lines) {
        lines.entries.append(entry(message, offset))
    }

    private func entry(_ message: String, _ offset: UInt32?) -> TraceEntry {
        TraceEntry(message: message, position: offset.map { position($0) })
    }

    /// Where Nix says that an expression is; constants and `let` have no place.
    private func place(_ node: NodeID) -> UInt32? {
        switch tree[node] {
        case .integer, .float, .uri, .path, .homePath, .letIn: return nil
        case .string(let parts):
            let isConstant = parts.range.allSatisfy { if case .literal = tree.parts[$0] { true } else { false } }
            return isConstant ? nil : tree.span(of: node).start
        case .list(let elements): return elements.range.first.flatMap { place(tree.children[$0]) }
        case .not(let operand): return place(operand)
        case .hasAttribute(let base, _): return place(base)
        default: return tree.position(of: node)
        }
    }
}

extension CodeFrame {
    /// Whether an assertion found its operands not equal.
    fileprivate var isDifference: Bool { opcode == .assertEqual && operand == Int(CodeFrame.differs) }
}

extension Opcode {
    fileprivate var adds: Bool { self == .add || self == .addInteger }

    fileprivate var testsBoolean: Bool {
        switch self {
        case .and, .or, .invert, .assertBool, .jumpIfFalse, .jumpIfTrue: true
        default: false
        }
    }

    fileprivate var computesName: Bool { self == .selectDynamic || self == .selectOrDynamic }

    fileprivate var selectsAttribute: Bool {
        switch self {
        case .select, .selectOr, .getLocalSelect, .getUpvalueSelect, .selectDynamic, .selectOrDynamic: true
        default: false
        }
    }
}
