import NixBytecode
import NixSyntax
import NixVM

/// Describes the expressions that contain a failed instruction, in Nix's words: one line for each expression, up to the
/// function or thunk of the code.
///
/// The machine does not record any of this. It is computed from the instruction's span and the syntax tree, for which
/// the source is parsed again after a failure.
struct ExpressionTrace {
    let parents: SyntaxParents
    var tree: SyntaxTree { parents.tree }
    /// The directory that relative paths of the source are relative to.
    let baseDirectory: [UInt8]
    let homeDirectory: [UInt8]
    /// Resolves an offset in the source.
    let position: (UInt32) -> SourcePosition

    /// The description of a code frame.
    struct Lines {
        var entries: [TraceEntry] = []
        /// The condition of the assertion that failed here, with absolute paths.
        var assertion: String?
        /// Why the value at fault was coerced to a string.
        var coercion: TraceEntry?
        /// The position of calls from this instruction, for "from call site".
        var callPosition: SourcePosition
        /// The position of a failure of the instruction itself; nil where Nix reports none.
        var failurePosition: SourcePosition?
    }

    /// Describes a code frame.
    ///
    /// - Parameters:
    ///   - frame: the frame.
    ///   - isCoercion: whether the failure is about a value that this instruction had coerced to a string.
    func lines(for frame: CodeFrame, isCoercion: Bool) -> Lines {
        var lines = Lines(callPosition: frame.position, failurePosition: frame.position)
        guard let instruction = frame.position.span, let chunk = frame.chunkPosition.span else { return lines }
        let span = Span(start: instruction.start, end: instruction.end)
        guard let node = node(of: frame, span) else {
            if frame.opcode.traits.contains(.selection), frame.phase != .operand {
                addInherited(frame, span, to: &lines)
            }
            return lines
        }
        if case .binary(let sign, _, _) = tree[node], sign == .pipeForward || sign == .pipeBackward {
            lines.callPosition = position(tree.position(of: node))
        }
        if frame.opcode.traits.contains(.addition), case .binary(.add, _, _) = tree[node] {
            lines.failurePosition = position(rightStart(node))
        } else if frame.opcode.traits.contains(.booleanTest) {
            lines.failurePosition = reportedOffset(node).map(position)
        }
        let boundary = Boundary(span: Span(start: chunk.start, end: chunk.end), isLambda: frame.chunk == .lambda)
        if boundary.isLambda, case .lambda = tree[node], tree.span(of: node) == boundary.span { return lines }
        addOwn(frame, node, isCoercion: isCoercion, to: &lines)
        addReached(frame, node, to: &lines)
        guard let start = start(frame, node) else { return lines }
        climb(from: start, boundary, to: &lines)
        return lines
    }

    struct Boundary {
        var span: Span
        var isLambda: Bool
    }

    func add(_ message: String, _ offset: UInt32?, to lines: inout Lines) {
        lines.entries.append(entry(message, offset))
    }

    func entry(_ message: String, _ offset: UInt32?) -> TraceEntry {
        TraceEntry(message: message, position: offset.map { position($0) })
    }

    /// The position that Nix reports for an expression; nil for constants and `let`, for which it reports none.
    func reportedOffset(_ node: NodeID) -> UInt32? {
        switch tree[node] {
        case .integer, .float, .uri, .path, .homePath, .letIn: return nil
        case .string(let parts):
            let isConstant = parts.range.allSatisfy { if case .literal = tree.parts[$0] { true } else { false } }
            return isConstant ? nil : tree.span(of: node).start
        case .list(let elements): return elements.range.first.flatMap { reportedOffset(tree.children[$0]) }
        case .not(let operand): return reportedOffset(operand)
        case .hasAttribute(let base, _): return reportedOffset(base)
        default: return tree.position(of: node)
        }
    }
}
