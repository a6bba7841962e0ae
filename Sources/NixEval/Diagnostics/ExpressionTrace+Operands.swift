import MessageText
import NixBytecode
import NixSyntax
import NixVM

/// The lines for the node of the failed instruction itself: its operands, its selection, its assertion.
extension ExpressionTrace {
    func addOwn(_ frame: CodeFrame, _ node: NodeID, isCoercion: Bool, to lines: inout Lines) {
        switch tree[node] {
        case .select(_, let path, _) where frame.opcode.traits.contains(.selection) && !isBase(frame):
            addSelection(frame, node, names(path, frame), step: step(path, frame), to: &lines)
        case .legacyLet where frame.opcode.traits.contains(.selection):
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

    func addOperator(
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
                add("in the \(side) operand of '//'", reportedOffset(operand), to: &lines)
            }
        default:
            if frame.operand != nil, let text = argumentText(sign, isLeft: frame.operand == 0) {
                add(text, nil, to: &lines)
            }
            addBuiltin(sign, node, to: &lines)
        }
    }

    /// The start of the right operand including its parentheses: behind the operator, whitespace and comments.
    func rightStart(_ node: NodeID) -> UInt32 {
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

    func argumentText(_ sign: BinaryOperator, isLeft: Bool) -> String? {
        let ordinal = isLeft ? "first" : "second"
        switch sign {
        case .subtract: return "while evaluating the \(ordinal) argument of the subtraction"
        case .multiply: return "while evaluating the \(ordinal) argument of the multiplication"
        case .divide: return "while evaluating the \(ordinal) operand of the division"
        default: return nil
        }
    }

    func addBuiltin(_ sign: BinaryOperator, _ node: NodeID, to lines: inout Lines) {
        guard let name = sign.builtin else { return }
        let offset = tree.position(of: node)
        add("while calling the '\(name)' builtin", offset, to: &lines)
        if sign.isNegated { add("in the argument of '!'", offset, to: &lines) }
    }

    /// Adds `from the definition of 'a.b'` and `while evaluating the attribute 'a.b.c'`.
    func addSelection(
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

    /// Adds the definition of the set in which a computed name, which could not be evaluated, was to be looked up.
    func addReached(_ frame: CodeFrame, _ node: NodeID, to lines: inout Lines) {
        guard frame.opcode.traits.contains(.computedName), frame.name == nil, let parent = parents.parent(of: node),
            case .select(_, let path, _) = tree[parent], let definition = definition(frame)
        else { return }
        let reached = names(path).prefix(step(path, frame)).joined(separator: ".")
        if !reached.isEmpty {
            lines.entries.append(TraceEntry(message: "from the definition of '\(reached)'", position: definition))
        }
    }

    /// Adds the selection of `inherit (e) name;`, whose span is that of the name.
    func addInherited(_ frame: CodeFrame, _ span: Span, to lines: inout Lines) {
        let name = MessageText.shortened(Array(tree.source[Int(span.start)..<Int(span.end)]))
        if frame.phase == .attribute, let definition = definition(frame) {
            lines.entries.append(TraceEntry(message: "from the definition of '\(name)'", position: definition))
        }
        add("while evaluating the attribute '\(name)'", span.start, to: &lines)
    }
}
