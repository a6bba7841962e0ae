import NixSyntax

/// An index of a syntax tree that finds nodes by span, and the parent of a node. It is made for a source after a
/// failure.
struct SyntaxParents {
    let tree: SyntaxTree
    /// By node: its parent, or -1.
    private var parents: [Int32]
    /// Nodes by the spans that instructions carry.
    private var nodes: SpanTable<NodeID>
    /// Strings and paths by the spans of their interpolations.
    private var interpolations: SpanTable<NodeID>
    /// Attribute definitions by the span of the value.
    private var definitions: SpanTable<Definition>

    struct Definition {
        var name: SymbolID
        var span: Span
    }

    /// The bytes that the index takes while it is made, besides those of the tree.
    static func byteCount(for tree: SyntaxTree) -> Int {
        let nodes = tree.nodes.count * (MemoryLayout<Int32>.stride + 2 * 2 * SpanTable<NodeID>.entryBytes)
        let parts = tree.parts.count * 2 * SpanTable<NodeID>.entryBytes
        return nodes + parts + tree.attributes.count * 2 * SpanTable<Definition>.entryBytes
    }

    /// Fails if it was cancelled.
    ///
    /// - Parameters:
    ///   - tree: the tree.
    ///   - shouldCancel: polled now and then; true cancels.
    init?(_ tree: SyntaxTree, shouldCancel: () -> Bool) {
        self.tree = tree
        parents = Array(repeating: -1, count: tree.nodes.count)
        var nodes = SpanTable<NodeID>()
        var interpolations = SpanTable<NodeID>()
        var definitions = SpanTable<Definition>()
        for index in tree.nodes.indices {
            if index & 1023 == 1023, shouldCancel() { return nil }
            let node = NodeID(UInt32(index))
            for child in tree.childNodes(of: node) { parents[Int(child.rawValue)] = Int32(index) }
            nodes.append(tree.span(of: node), node)
            if case .binary = tree[node] { nodes.append(tree.operatorSpan(of: node), node) }
            if let parts = tree.stringParts(of: node) {
                for part in parts.range { interpolations.append(tree.partSpans[part], node) }
            }
        }
        for (index, attribute) in tree.attributes.enumerated() {
            if index & 1023 == 1023, shouldCancel() { return nil }
            let definition = Definition(name: attribute.name, span: attribute.span)
            if case .expression(let value) = attribute.value {
                definitions.append(tree.span(of: value), definition)
            } else {
                definitions.append(attribute.span, definition)
            }
        }
        guard nodes.sort(shouldCancel), interpolations.sort(shouldCancel), definitions.sort(shouldCancel) else {
            return nil
        }
        self.nodes = nodes
        self.interpolations = interpolations
        self.definitions = definitions
    }

    func parent(of node: NodeID) -> NodeID? {
        let parent = parents[Int(node.rawValue)]
        return parent < 0 ? nil : NodeID(UInt32(parent))
    }

    func nodes(at span: Span) -> [NodeID] { nodes.all(at: span) }

    /// The string or path that contains an interpolation.
    func string(around part: Span) -> NodeID? { interpolations.all(at: part).last }

    /// The attribute whose value has a span.
    func definition(ofValue span: Span) -> Definition? { definitions.all(at: span).last }

    /// The smallest node that contains a span.
    func smallest(around span: Span) -> NodeID? {
        var best: NodeID?
        for index in tree.nodes.indices {
            let found = tree.spans[index]
            guard found.start <= span.start, found.end >= span.end else { continue }
            if let known = best.map({ tree.span(of: $0) }), known.end - known.start <= found.end - found.start {
                continue
            }
            best = NodeID(UInt32(index))
        }
        return best
    }
}

/// A multimap from spans to elements. It is a sorted array, which takes a fraction of the memory of a dictionary.
private struct SpanTable<Element> {
    private var entries: [(span: Span, element: Element)] = []

    static var entryBytes: Int { MemoryLayout<(span: Span, element: Element)>.stride }

    mutating func append(_ span: Span, _ element: Element) { entries.append((span, element)) }

    /// Sorts the entries, once, before the first query. Returns false if it was cancelled.
    mutating func sort(_ shouldCancel: () -> Bool) -> Bool {
        do throws(Stopped) {
            try entries.sortInSteps {
                ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end)
            } poll: { () throws(Stopped) in
                if shouldCancel() { throw Stopped() }
            }
        } catch { return false }
        return true
    }

    private struct Stopped: Error {}

    /// The elements with a span, in the order in which they were appended.
    func all(at span: Span) -> [Element] {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let found = entries[middle].span
            if (found.start, found.end) < (span.start, span.end) { low = middle + 1 } else { high = middle }
        }
        return entries[low...].prefix { $0.span == span }.map(\.element)
    }
}

extension SyntaxTree {
    /// The span of a binary operator's token, which instructions carry.
    func operatorSpan(of node: NodeID) -> Span {
        guard case .binary(let sign, _, _) = self[node] else { return span(of: node) }
        let start = position(of: node)
        return Span(start: start, end: start + UInt32(sign.text.utf8.count))
    }

    func stringParts(of node: NodeID) -> Run? {
        switch self[node] {
        case .string(let parts), .interpolatedPath(let parts): parts
        default: nil
        }
    }

    func childNodes(of node: NodeID) -> [NodeID] {
        switch self[node] {
        case .integer, .float, .uri, .path, .homePath, .searchPath, .identifier, .currentPosition: return []
        case .string(let parts), .interpolatedPath(let parts):
            return parts.range.compactMap { index in
                if case .interpolation(let child) = self.parts[index] { child } else { nil }
            }
        case .select(let base, let path, let fallback): return [base] + names(path) + (fallback.map { [$0] } ?? [])
        case .hasAttribute(let base, let path): return [base] + names(path)
        case .lambda(let id):
            let lambda = lambdas[Int(id.rawValue)]
            return lambda.formals.range.compactMap { formals[$0].defaultValue } + [lambda.body]
        case .apply(let function, let arguments): return [function] + arguments.range.map { children[$0] }
        case .letIn(let bindings, let body): return members(bindings) + [body]
        case .legacyLet(let bindings), .attributeSet(let bindings, _): return members(bindings)
        case .list(let elements): return elements.range.map { children[$0] }
        case .with(let scope, let body): return [scope, body]
        case .assert(let condition, let body): return [condition, body]
        case .conditional(let condition, let then, let otherwise): return [condition, then, otherwise]
        case .not(let operand), .negate(let operand): return [operand]
        case .binary(_, let left, let right): return [left, right]
        }
    }

    private func names(_ path: Run) -> [NodeID] {
        path.range.compactMap { index in
            if case .dynamic(let name, _) = attributeNames[index] { name } else { nil }
        }
    }

    private func members(_ id: BindingsID) -> [NodeID] {
        let group = bindings[Int(id.rawValue)]
        var found: [NodeID] = []
        for index in group.attributes.range {
            if case .expression(let value) = attributes[index].value { found.append(value) }
        }
        for index in group.dynamicAttributes.range {
            found += [dynamicAttributes[index].name, dynamicAttributes[index].value]
        }
        return found + group.inheritSources.range.map { children[$0] }
    }
}

extension BinaryOperator {
    /// The operator's token.
    var text: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .concatenate: "++"
        case .update: "//"
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .and: "&&"
        case .or: "||"
        case .implies: "->"
        case .pipeForward: "|>"
        case .pipeBackward: "<|"
        }
    }

    /// Whether Nix desugars the operator to a negated comparison, such as `a <= b` to `!(b < a)`.
    var isNegated: Bool { self == .lessOrEqual || self == .greaterOrEqual }

    /// The builtin that Nix desugars the operator to; nil if there is none.
    var builtin: String? {
        switch self {
        case .subtract: "sub"
        case .multiply: "mul"
        case .divide: "div"
        case .less, .lessOrEqual, .greater, .greaterOrEqual: "lessThan"
        default: nil
        }
    }
}
