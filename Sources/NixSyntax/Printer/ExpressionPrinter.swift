/// Prints a tree as `nix-instantiate --parse` prints the expression.
///
/// Nix prints the result of its parser, not the source. Operators that it desugars appear as calls of `__sub`,
/// `__lessThan` and so on, and nested calls are flattened, even through parentheses. What remains to be printed is on a
/// stack of items, so that the depth of the tree takes no native stack.
struct ExpressionPrinter {
    enum Item {
        case node(NodeID)
        /// A node as the function of a call, without parentheses if it is a call itself.
        case function(NodeID)
        case text(StaticString)
        case name(SymbolID)
        case string(TextID)
        /// A path as written, which is printed in absolute form.
        case path(TextID)
    }

    let tree: SyntaxTree
    let baseDirectory: [UInt8]
    let homeDirectory: [UInt8]
    /// What remains to be printed, last first.
    private var pending: [Item] = []
    /// The count of `pending` before the current node added its items.
    private var mark = 0
    var output: [UInt8] = []
    /// The output size in bytes at which printing ends.
    let limit: Int
    /// The printer's poll, called now and then if there is a limit; true ends printing.
    private let shouldCancel: (() -> Bool)?
    /// The alphabetical order of the symbols, computed when it is first needed.
    var order: SymbolOrder?

    init(
        _ tree: SyntaxTree, baseDirectory: [UInt8], homeDirectory: [UInt8], limit: Int = .max,
        shouldCancel: (() -> Bool)? = nil
    ) {
        self.tree = tree
        self.baseDirectory = baseDirectory
        self.homeDirectory = homeDirectory
        self.limit = limit
        self.shouldCancel = shouldCancel
    }

    /// The parts that can become visible within the limit, since each takes at least a byte.
    func visible<Parts: Collection>(_ parts: Parts) -> Parts.SubSequence {
        limit == .max ? parts[...] : parts.prefix(max(0, limit &- output.count) &+ 1)
    }

    /// The alphabetically first elements of a run, as many as can become visible within the limit.
    func firstByName<Element>(_ table: [Element], _ run: Run, name: (Element) -> SymbolID) -> [Element] {
        var first: [Element] = []
        let most = max(0, limit &- output.count) &+ 1
        for (offset, index) in run.range.enumerated() {
            if offset & 1023 == 1023, shouldCancel?() == true { return first }
            let element = table[index]
            let symbol = name(element)
            if first.count == most, !tree.precedes(symbol, name(first[most &- 1])) { continue }
            var low = 0
            var high = first.count
            while low < high {
                let middle = (low &+ high) / 2
                if tree.precedes(symbol, name(first[middle])) { high = middle } else { low = middle &+ 1 }
            }
            if first.count == most { first.removeLast() }
            first.insert(element, at: low)
        }
        return first
    }

    /// Prints until the output has more than `limit` bytes.
    mutating func run(_ root: NodeID) {
        pending.append(.node(root))
        while output.count <= limit, let item = pending.popLast() {
            mark = pending.count
            switch item {
            case .node(let node): show(node)
            case .function(let node): showFunction(node)
            case .text, .name, .string, .path: write(item)
            }
            // The functions above add items in printing order, but a stack is popped from its end.
            if pending.count &- mark > 1 { pending[mark...].reverse() }
        }
    }

    /// Prints an item after those emitted before it. An item without children is written at once if nothing is pending
    /// before it.
    @inline(__always)
    mutating func emit(_ item: Item) {
        switch item {
        case .text, .name, .string, .path:
            if pending.count == mark { return write(item) }
        case .node, .function: break
        }
        pending.append(item)
    }

    @inline(__always)
    mutating func emit(_ text: StaticString, _ node: NodeID) {
        emit(.text(text))
        emit(.node(node))
    }

    private mutating func write(_ item: Item) {
        switch item {
        case .text(let text): unsafe output.append(contentsOf: text.bytes)
        case .name(let name):
            NixText.appendName(
                tree.symbols.prefix(Int(name.rawValue), source: tree.source, limit), to: &output)
        case .string(let text): NixText.appendString(prefix(text), to: &output)
        case .path(let text): appendPath(prefix(text))
        case .node, .function: pending.append(item)
        }
    }

    /// A prefix of a text that is long enough to reach the limit.
    private func prefix(_ text: TextID) -> [UInt8] {
        tree.texts.prefix(Int(text.rawValue), source: tree.source, limit)
    }

    private mutating func show(_ node: NodeID) {
        switch tree[node] {
        case .integer(let value): output += Array(String(value).utf8)
        case .float(let value): output += FloatText.general(value)
        case .string(let parts): showString(parts)
        case .uri(let text): emit(.string(text))
        case .path(let text), .homePath(let text): emit(.path(text))
        case .interpolatedPath(let parts): showParts(parts, startsWithPath: true)
        case .identifier(let name): emit(.name(name))
        case .currentPosition: emit(.text("__curPos"))
        case .select(let base, let path, let fallback): showSelect(base, path, fallback)
        case .hasAttribute(let base, let path):
            emit("((", base)
            emit(.text(") ? "))
            showPath(path)
            emit(.text(")"))
        case .lambda(let id): showLambda(tree.lambdas[Int(id.rawValue)])
        case .letIn(let bindings, let body):
            emit(.text("(let "))
            showBindings(bindings)
            emit("in ", body)
            emit(.text(")"))
        case .legacyLet(let bindings):
            emit(.text("("))
            showSet(bindings, recursive: true)
            emit(.text(").body"))
        case .attributeSet(let bindings, let recursive): showSet(bindings, recursive: recursive)
        default: showSimple(node)
        }
    }

    /// Expressions whose parts are printed in source order.
    private mutating func showSimple(_ node: NodeID) {
        switch tree[node] {
        case .list(let elements): showList(elements)
        case .with(let scope, let body):
            emit("(with ", scope)
            emit("; ", body)
            emit(.text(")"))
        case .assert(let condition, let body):
            emit("assert ", condition)
            emit("; ", body)
        case .conditional(let condition, let first, let second):
            emit("(if ", condition)
            emit(" then ", first)
            emit(" else ", second)
            emit(.text(")"))
        case .not(let operand):
            emit("(! ", operand)
            emit(.text(")"))
        case .binary(let kind, let left, let right): showBinary(node, kind, left, right)
        default:
            emit(.text("("))
            emit(.function(node))
            emit(.text(")"))
        }
    }

    private mutating func showList(_ elements: Run) {
        emit(.text("[ "))
        for index in visible(elements.range) {
            emit("(", tree.children[index])
            emit(.text(") "))
        }
        emit(.text("]"))
    }

    private mutating func showString(_ parts: Run) {
        if parts.count == 0 {
            emit(.text("\"\""))
        } else if parts.count == 1, case .literal(let text) = tree.parts[Int(parts.start)] {
            emit(.string(text))
        } else {
            showParts(parts, startsWithPath: false)
        }
    }

    private mutating func showParts(_ parts: Run, startsWithPath: Bool) {
        emit(.text("("))
        for index in visible(parts.range) {
            if index > Int(parts.start) { emit(.text(" + ")) }
            switch tree.parts[index] {
            case .literal(let text):
                emit(startsWithPath && index == Int(parts.start) ? .path(text) : .string(text))
            case .interpolation(let node): emit(.node(node))
            }
        }
        emit(.text(")"))
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension SyntaxTree {
    /// The expression as `nix-instantiate --parse` prints it, without the final newline.
    ///
    /// - Parameters:
    ///   - baseDirectory: absolute path of the source's directory, against which relative paths are resolved. If it is
    ///     empty, they are printed as written.
    ///   - homeDirectory: absolute path that replaces `~`.
    public func printed(baseDirectory: [UInt8], homeDirectory: [UInt8]) -> [UInt8] {
        var printer = ExpressionPrinter(self, baseDirectory: baseDirectory, homeDirectory: homeDirectory)
        printer.output.reserveCapacity(source.count &+ source.count / 2)
        printer.run(root)
        return printer.output
    }

    /// The beginning of an expression, as `nix-instantiate --parse` prints it.
    ///
    /// - Parameters:
    ///   - node: the expression.
    ///   - limit: largest result in bytes; a truncated one ends in `…` in addition.
    ///   - baseDirectory: see `printed(baseDirectory:homeDirectory:)`. If it is empty, relative paths are printed as
    ///     written.
    ///   - homeDirectory: what replaces `~`.
    ///   - shouldCancel: polled now and then; true ends printing early.
    public func printed(
        _ node: NodeID, limit: Int, baseDirectory: [UInt8] = [], homeDirectory: [UInt8] = [UInt8(ascii: "~")],
        shouldCancel: (() -> Bool)? = nil
    ) -> [UInt8] {
        var printer = ExpressionPrinter(
            self, baseDirectory: baseDirectory, homeDirectory: homeDirectory, limit: limit, shouldCancel: shouldCancel)
        printer.run(node)
        guard printer.output.count > limit else { return printer.output }
        return printer.output[..<limit] + Array("…".utf8)
    }

    /// Whether the name `a` comes before the name `b` in byte order.
    func precedes(_ a: SymbolID, _ b: SymbolID) -> Bool {
        symbols.slice(Int(a.rawValue), source: source).lexicographicallyPrecedes(
            symbols.slice(Int(b.rawValue), source: source))
    }
}
