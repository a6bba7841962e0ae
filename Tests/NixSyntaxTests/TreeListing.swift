@testable import NixSyntax

/// A syntax tree as text: one line for each node with its byte range, indented by depth. Operators also have the offset
/// at which errors are reported.
struct TreeListing {
    let tree: SyntaxTree
    private var lines = ""

    init(_ tree: SyntaxTree) { self.tree = tree }

    func text() -> String {
        var listing = self
        listing.add(tree.root, 0)
        return listing.lines
    }

    private mutating func line(_ depth: Int, _ text: String) {
        lines += String(repeating: "  ", count: depth) + text + "\n"
    }

    private mutating func add(_ id: NodeID, _ depth: Int, _ role: String = "") {
        let span = tree.span(of: id)
        let label = role.isEmpty ? "" : "\(role): "
        line(depth, "\(label)\(description(id)) \(span.start)..<\(span.end)")
        addChildren(id, depth + 1)
    }

    private func description(_ id: NodeID) -> String {
        switch tree[id] {
        case .integer(let value): "integer \(value)"
        case .float(let value): "float \(value)"
        case .string: "string"
        case .uri(let text): "uri \(quoted(text))"
        case .path(let text): "path \(quoted(text))"
        case .homePath(let text): "homePath \(quoted(text))"
        case .interpolatedPath: "interpolatedPath"
        case .searchPath(let text): "searchPath \(quoted(text))"
        case .identifier(let name): "identifier \(quoted(name))"
        case .currentPosition: "currentPosition"
        case .select: "select"
        case .hasAttribute: "hasAttribute"
        case .lambda: "lambda"
        case .apply: "apply"
        case .letIn: "let"
        case .legacyLet: "legacyLet"
        case .attributeSet(_, let recursive): recursive ? "recursive set" : "set"
        case .list: "list"
        case .with: "with"
        case .assert: "assert"
        case .conditional: "if"
        case .not: "not"
        case .negate: "negate"
        case .binary(let sign, _, _): "\(sign) at \(tree.position(of: id))"
        }
    }

    private mutating func addChildren(_ id: NodeID, _ depth: Int) {
        switch tree[id] {
        case .string(let parts), .interpolatedPath(let parts): add(parts: parts, depth)
        case .select(let base, let path, let fallback):
            add(base, depth, "base")
            add(path: path, depth)
            if let fallback { add(fallback, depth, "fallback") }
        case .hasAttribute(let base, let path):
            add(base, depth, "base")
            add(path: path, depth)
        case .lambda(let id): add(tree.lambdas[Int(id.rawValue)], depth)
        case .apply(let function, let arguments):
            add(function, depth, "function")
            for index in arguments.range { add(tree.children[index], depth) }
        case .letIn(let bindings, let body):
            add(bindings: bindings, depth)
            add(body, depth, "body")
        case .legacyLet(let bindings), .attributeSet(let bindings, _): add(bindings: bindings, depth)
        case .list(let elements): for index in elements.range { add(tree.children[index], depth) }
        default: for child in operands(id) { add(child, depth) }
        }
    }

    private func operands(_ id: NodeID) -> [NodeID] {
        switch tree[id] {
        case .with(let scope, let body): [scope, body]
        case .assert(let condition, let body): [condition, body]
        case .conditional(let condition, let first, let second): [condition, first, second]
        case .not(let operand), .negate(let operand): [operand]
        case .binary(_, let left, let right): [left, right]
        default: []
        }
    }
}

extension TreeListing {
    private mutating func add(parts: Run, _ depth: Int) {
        for index in parts.range {
            let span = tree.partSpans[index]
            switch tree.parts[index] {
            case .literal(let text): line(depth, "text \(quoted(text)) \(span.start)..<\(span.end)")
            case .interpolation(let node): add(node, depth, "interpolation \(span.start)..<\(span.end)")
            }
        }
    }

    private mutating func add(path: Run, _ depth: Int) {
        for index in path.range {
            switch tree.attributeNames[index] {
            case .fixed(let name, let span): line(depth, "name \(quoted(name)) \(span.start)..<\(span.end)")
            case .dynamic(let node, let span): add(node, depth, "name \(span.start)..<\(span.end)")
            }
        }
    }

    private mutating func add(_ lambda: Lambda, _ depth: Int) {
        if let parameter = lambda.parameter {
            let span = lambda.parameterSpan
            line(depth, "parameter \(quoted(parameter)) \(span.start)..<\(span.end)")
        }
        for index in lambda.formals.range {
            let formal = tree.formals[index]
            line(depth, "formal \(quoted(formal.name)) \(formal.span.start)..<\(formal.span.end)")
            if let value = formal.defaultValue { add(value, depth + 1, "default") }
        }
        if lambda.hasFormals { line(depth, lambda.hasEllipsis ? "open pattern" : "closed pattern") }
        add(lambda.body, depth, "body")
    }

    private mutating func add(bindings id: BindingsID, _ depth: Int) {
        let bindings = tree.bindings[Int(id.rawValue)]
        for index in bindings.inheritSources.range { add(tree.children[index], depth, "inherit source") }
        for index in bindings.attributes.range {
            let attribute = tree.attributes[index]
            let label = "attribute \(quoted(attribute.name)) \(attribute.span.start)..<\(attribute.span.end)"
            switch attribute.value {
            case .expression(let node):
                line(depth, label)
                add(node, depth + 1)
            case .inherited: line(depth, "\(label) inherited")
            case .inheritedFrom(let source): line(depth, "\(label) inherited from source \(source)")
            }
        }
        for index in bindings.dynamicAttributes.range {
            let attribute = tree.dynamicAttributes[index]
            line(depth, "dynamic attribute \(attribute.span.start)..<\(attribute.span.end)")
            add(attribute.name, depth + 1, "name")
            add(attribute.value, depth + 1)
        }
        if bindings.emptyInherits > 0 { line(depth, "empty inherits: \(bindings.emptyInherits)") }
    }

    private func quoted(_ text: TextID) -> String { Self.quoted(tree.bytes(of: text)) }
    private func quoted(_ name: SymbolID) -> String { Self.quoted(tree.bytes(of: name)) }
    private static func quoted(_ bytes: [UInt8]) -> String {
        String(reflecting: String(decoding: bytes, as: UTF8.self))
    }
}
