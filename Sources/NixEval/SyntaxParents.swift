import NixSyntax

/// Finds nodes by their place and walks from a node to what surrounds it. Made once for a source in which something
/// failed.
struct SyntaxParents {
    let tree: SyntaxTree
    /// By node: the node around it, or -1.
    private var parents: [Int32]
    /// Nodes by the span that instructions carry.
    private var nodes: [Span: [NodeID]] = [:]
    /// Strings and paths by the spans of their interpolations.
    private var interpolations: [Span: NodeID] = [:]
    /// What an attribute's value is bound to, by the span of the value.
    private var definitions: [Span: Definition] = [:]

    struct Definition {
        var name: SymbolID
        var span: Span
    }

    init(_ tree: SyntaxTree) {
        self.tree = tree
        parents = Array(repeating: -1, count: tree.nodes.count)
        nodes.reserveCapacity(tree.nodes.count)
        for index in tree.nodes.indices {
            let node = NodeID(UInt32(index))
            for child in tree.childNodes(of: node) { parents[Int(child.rawValue)] = Int32(index) }
            nodes[tree.span(of: node), default: []].append(node)
            if case .binary = tree[node] { nodes[tree.operatorSpan(of: node), default: []].append(node) }
            if let parts = tree.stringParts(of: node) {
                for part in parts.range { interpolations[tree.partSpans[part]] = node }
            }
        }
        for attribute in tree.attributes {
            if case .expression(let value) = attribute.value {
                definitions[tree.span(of: value)] = Definition(name: attribute.name, span: attribute.span)
            } else {
                definitions[attribute.span] = Definition(name: attribute.name, span: attribute.span)
            }
        }
    }

    func parent(of node: NodeID) -> NodeID? {
        let parent = parents[Int(node.rawValue)]
        return parent < 0 ? nil : NodeID(UInt32(parent))
    }

    func nodes(at span: Span) -> [NodeID] { nodes[span] ?? [] }

    /// The string or path in which an interpolation stands.
    func string(around part: Span) -> NodeID? { interpolations[part] }

    /// The attribute whose value stands at a span.
    func definition(ofValue span: Span) -> Definition? { definitions[span] }

    /// The smallest node that holds a span.
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

extension SyntaxTree {
    /// The sign of a binary operator, whose place instructions carry.
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
    /// The operator as it is written.
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

    /// Nix makes `!(b < a)` of `a <= b`.
    var isNegated: Bool { self == .lessOrEqual || self == .greaterOrEqual }

    /// The builtin that Nix makes of the operator.
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
