/// Prints a tree as `nix-instantiate --parse` prints the expression.
///
/// Nix prints what its parser made of the source, not the source: operators without a node of their own appear as calls
/// of `__sub`, `__lessThan` and so on, and a call whose function is a call takes its arguments along, even through
/// parentheses. What is to be printed waits on a stack, so that depth costs no thread stack.
struct ExpressionPrinter {
    enum Item {
        case node(NodeID)
        /// A node as the function of a call: without parentheses if it is a call itself.
        case function(NodeID)
        case text(StaticString)
        case name(SymbolID)
        case string(TextID)
        /// A path as written, to be made absolute.
        case path(TextID)
    }

    let tree: SyntaxTree
    let baseDirectory: [UInt8]
    let homeDirectory: [UInt8]
    /// What is left to print, last first.
    var pending: [Item] = []
    var output: [UInt8] = []

    mutating func run() {
        pending.append(.node(tree.root))
        while let item = pending.popLast() {
            let mark = pending.count
            switch item {
            case .node(let node): show(node)
            case .function(let node): showFunction(node)
            case .text(let text): unsafe output.append(contentsOf: text.bytes)
            case .name(let name): NixText.appendName(tree.bytes(of: name), to: &output)
            case .string(let text): NixText.appendString(tree.bytes(of: text), to: &output)
            case .path(let text): appendPath(tree.bytes(of: text))
            }
            // The functions above append in the order of printing.
            pending[mark...].reverse()
        }
    }

    mutating func then(_ items: Item...) { pending.append(contentsOf: items) }

    private mutating func show(_ node: NodeID) {
        switch tree[node] {
        case .integer(let value): output += Array(String(value).utf8)
        case .float(let value): output += FloatText.general(value)
        case .string(let parts): showString(parts)
        case .uri(let text): then(.string(text))
        case .path(let text), .homePath(let text): then(.path(text))
        case .interpolatedPath(let parts): showParts(parts, startsWithPath: true)
        case .identifier(let name): then(.name(name))
        case .currentPosition: then(.text("__curPos"))
        case .select(let base, let path, let fallback): showSelect(base, path, fallback)
        case .hasAttribute(let base, let path):
            then(.text("(("), .node(base), .text(") ? "))
            showPath(path)
            then(.text(")"))
        case .lambda(let id): showLambda(tree.lambdas[Int(id.rawValue)])
        case .letIn(let bindings, let body):
            then(.text("(let "))
            showBindings(bindings)
            then(.text("in "), .node(body), .text(")"))
        case .legacyLet(let bindings):
            then(.text("("))
            showSet(bindings, recursive: true)
            then(.text(").body"))
        case .attributeSet(let bindings, let recursive): showSet(bindings, recursive: recursive)
        case .list(let elements): showList(elements)
        case .with(let scope, let body):
            then(.text("(with "), .node(scope), .text("; "), .node(body), .text(")"))
        case .assert(let condition, let body): then(.text("assert "), .node(condition), .text("; "), .node(body))
        case .conditional(let condition, let first, let second):
            then(
                .text("(if "), .node(condition), .text(" then "), .node(first), .text(" else "), .node(second),
                .text(")"))
        case .not(let operand): then(.text("(! "), .node(operand), .text(")"))
        case .binary(let kind, let left, let right): showBinary(node, kind, left, right)
        case .apply, .negate, .searchPath: then(.text("("), .function(node), .text(")"))
        }
    }

    private mutating func showList(_ elements: Run) {
        then(.text("[ "))
        for element in tree.children[elements.range] { then(.text("("), .node(element), .text(") ")) }
        then(.text("]"))
    }

    private mutating func showString(_ parts: Run) {
        if parts.count == 0 {
            then(.text("\"\""))
        } else if parts.count == 1, case .literal(let text) = tree.parts[Int(parts.start)] {
            then(.string(text))
        } else {
            showParts(parts, startsWithPath: false)
        }
    }

    private mutating func showParts(_ parts: Run, startsWithPath: Bool) {
        then(.text("("))
        for index in parts.range {
            if index > Int(parts.start) { then(.text(" + ")) }
            switch tree.parts[index] {
            case .literal(let text):
                then(startsWithPath && index == Int(parts.start) ? .path(text) : .string(text))
            case .interpolation(let node): then(.node(node))
            }
        }
        then(.text(")"))
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension SyntaxTree {
    /// The expression as `nix-instantiate --parse` prints it, without the newline at the end.
    ///
    /// - Parameters:
    ///   - baseDirectory: absolute path that relative paths are resolved against: the directory of the source. When
    ///     it is empty, they are printed as written.
    ///   - homeDirectory: what `~` stands for.
    public func printed(baseDirectory: [UInt8], homeDirectory: [UInt8]) -> [UInt8] {
        var printer = ExpressionPrinter(tree: self, baseDirectory: baseDirectory, homeDirectory: homeDirectory)
        printer.run()
        return printer.output
    }
}
