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
    private var pending: [Item] = []
    /// Length of `pending` before the node that is being printed added to it.
    private var mark = 0
    var output: [UInt8] = []
    /// Bytes after which printing ends.
    let limit: Int
    /// Asked now and then when there is a limit; true ends printing.
    private let mustStop: (() -> Bool)?
    /// The alphabetical order of the symbols, once it was needed.
    var order: SymbolOrder?

    init(
        _ tree: SyntaxTree, baseDirectory: [UInt8], homeDirectory: [UInt8], limit: Int = .max,
        mustStop: (() -> Bool)? = nil
    ) {
        self.tree = tree
        self.baseDirectory = baseDirectory
        self.homeDirectory = homeDirectory
        self.limit = limit
        self.mustStop = mustStop
    }

    /// As many parts of an expression as can be seen: each takes a byte at least.
    func seen<Parts: Collection>(_ parts: Parts) -> Parts.SubSequence {
        limit == .max ? parts[...] : parts.prefix(max(0, limit &- output.count) &+ 1)
    }

    /// The elements of a run of names that can be seen, in alphabetical order.
    func firstByName<Element>(_ table: [Element], _ run: Run, name: (Element) -> SymbolID) -> [Element] {
        var first: [Element] = []
        let most = max(0, limit &- output.count) &+ 1
        for (offset, index) in run.range.enumerated() {
            if offset & 1023 == 1023, mustStop?() == true { return first }
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
            // What the functions above added is in the order of printing.
            if pending.count &- mark > 1 { pending[mark...].reverse() }
        }
    }

    /// Prints next, once what was given before is printed: at once if that is nothing.
    @inline(__always)
    mutating func then(_ item: Item) {
        switch item {
        case .text, .name, .string, .path:
            if pending.count == mark { return write(item) }
        case .node, .function: break
        }
        pending.append(item)
    }

    @inline(__always)
    mutating func then(_ text: StaticString, _ node: NodeID) {
        then(.text(text))
        then(.node(node))
    }

    private mutating func write(_ item: Item) {
        switch item {
        case .text(let text): unsafe output.append(contentsOf: text.bytes)
        case .name(let name):
            NixText.appendName(
                tree.symbols.beginning(Int(name.rawValue), source: tree.source, limit), to: &output)
        case .string(let text): NixText.appendString(beginning(text), to: &output)
        case .path(let text): appendPath(beginning(text))
        case .node, .function: pending.append(item)
        }
    }

    /// As much of a text as can be seen.
    private func beginning(_ text: TextID) -> [UInt8] {
        tree.texts.beginning(Int(text.rawValue), source: tree.source, limit)
    }

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
            then("((", base)
            then(.text(") ? "))
            showPath(path)
            then(.text(")"))
        case .lambda(let id): showLambda(tree.lambdas[Int(id.rawValue)])
        case .letIn(let bindings, let body):
            then(.text("(let "))
            showBindings(bindings)
            then("in ", body)
            then(.text(")"))
        case .legacyLet(let bindings):
            then(.text("("))
            showSet(bindings, recursive: true)
            then(.text(").body"))
        case .attributeSet(let bindings, let recursive): showSet(bindings, recursive: recursive)
        default: showSimple(node)
        }
    }

    /// Expressions that are printed with their parts in the order of the source.
    private mutating func showSimple(_ node: NodeID) {
        switch tree[node] {
        case .list(let elements): showList(elements)
        case .with(let scope, let body):
            then("(with ", scope)
            then("; ", body)
            then(.text(")"))
        case .assert(let condition, let body):
            then("assert ", condition)
            then("; ", body)
        case .conditional(let condition, let first, let second):
            then("(if ", condition)
            then(" then ", first)
            then(" else ", second)
            then(.text(")"))
        case .not(let operand):
            then("(! ", operand)
            then(.text(")"))
        case .binary(let kind, let left, let right): showBinary(node, kind, left, right)
        default:
            then(.text("("))
            then(.function(node))
            then(.text(")"))
        }
    }

    private mutating func showList(_ elements: Run) {
        then(.text("[ "))
        for index in seen(elements.range) {
            then("(", tree.children[index])
            then(.text(") "))
        }
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
        for index in seen(parts.range) {
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
        var printer = ExpressionPrinter(self, baseDirectory: baseDirectory, homeDirectory: homeDirectory)
        printer.output.reserveCapacity(source.count &+ source.count / 2)
        printer.run(root)
        return printer.output
    }

    /// The beginning of a part of the expression, with relative paths as written.
    ///
    /// - Parameters:
    ///   - limit: bytes; what is cut ends in `…`.
    ///   - baseDirectory: as of the whole expression; empty: relative paths stay as written.
    ///   - mustStop: asked now and then; true ends printing wherever it is.
    public func printed(
        _ node: NodeID, limit: Int, baseDirectory: [UInt8] = [], homeDirectory: [UInt8] = [UInt8(ascii: "~")],
        mustStop: (() -> Bool)? = nil
    ) -> [UInt8] {
        var printer = ExpressionPrinter(
            self, baseDirectory: baseDirectory, homeDirectory: homeDirectory, limit: limit, mustStop: mustStop)
        printer.run(node)
        guard printer.output.count > limit else { return printer.output }
        return printer.output[..<limit] + Array("…".utf8)
    }

    /// Whether one name comes before another, by bytes.
    func precedes(_ a: SymbolID, _ b: SymbolID) -> Bool {
        symbols.slice(Int(a.rawValue), source: source).lexicographicallyPrecedes(
            symbols.slice(Int(b.rawValue), source: source))
    }
}
