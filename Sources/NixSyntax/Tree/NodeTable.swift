import ByteCounting

/// The nodes of a tree, packed into 12 bytes each. Operands that do not fit are in the side table `extra`.
public struct NodeTable: Sendable {
    /// The kind of a node, which also distinguishes variants such as a recursive set.
    @usableFromInline
    enum Kind: UInt8, Sendable {
        case integer, float, string, uri, path, homePath, interpolatedPath, searchPath, identifier, currentPosition
        case select, selectOr, hasAttribute, lambda, apply, letIn, legacyLet, set, recursiveSet, list, with, assert
        case conditional, not, negate, binary
    }

    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var kind: Kind
        /// The operator of a `binary` node.
        @usableFromInline var sign: BinaryOperator
        /// The number of path names or arguments; `large` if `extra` holds it.
        @usableFromInline var count: UInt16
        @usableFromInline var first: UInt32
        @usableFromInline var second: UInt32

        @usableFromInline static let large = UInt16.max

        @inline(__always)
        init(_ kind: Kind, _ first: UInt32 = 0, _ second: UInt32 = 0, count: UInt16 = 0, sign: BinaryOperator = .add) {
            self.kind = kind
            self.sign = sign
            self.count = count
            self.first = first
            self.second = second
        }
    }

    @usableFromInline var entries: [Entry] = []
    @usableFromInline var extra: [UInt32] = []

    public init() {}

    @inlinable public var count: Int { entries.count }
    @inlinable public var indices: Range<Int> { entries.indices }

    /// Bytes that the tables take while `more` nodes are added, see `Array.byteCount(adding:)`.
    func byteCount(adding more: Int) -> Int {
        entries.byteCount(adding: more) &+ extra.byteCount(adding: 3 &* more)
    }

    var estimatedByteCount: Int { entries.estimatedByteCount &+ extra.estimatedByteCount }

    mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

    /// See `Array.trim()`.
    mutating func trim() {
        entries.trim()
        extra.trim()
    }

    /// - Parameters:
    ///   - node: the node.
    ///   - position: the offset of a binary operator's token; ignored for other nodes.
    @inline(__always)
    mutating func append(_ node: Node, position: UInt32) {
        entries.append(entry(node, position))
    }

    /// Adds a node that no error refers to.
    public mutating func append(_ node: Node) { append(node, position: 0) }

    /// The offset of a binary operator's token; nil for other nodes.
    @inlinable
    public func position(_ index: Int) -> UInt32? {
        let entry = entries[index]
        return entry.kind == .binary ? extra[Int(entry.second) + 1] : nil
    }

    /// Unpacks the node with an index.
    @inlinable
    public subscript(_ index: Int) -> Node {
        let entry = entries[index]
        let first = entry.first
        let second = entry.second
        switch entry.kind {
        case .integer: return .integer(Int64(bitPattern: UInt64(second) << 32 | UInt64(first)))
        case .float: return .float(Double(bitPattern: UInt64(second) << 32 | UInt64(first)))
        case .string: return .string(parts: Run(start: first, count: second))
        case .uri: return .uri(TextID(first))
        case .path: return .path(TextID(first))
        case .homePath: return .homePath(TextID(first))
        case .interpolatedPath: return .interpolatedPath(parts: Run(start: first, count: second))
        case .searchPath: return .searchPath(TextID(first))
        case .identifier: return .identifier(SymbolID(first))
        case .currentPosition: return .currentPosition
        case .select: return .select(base: NodeID(first), path: run(entry), fallback: nil)
        case .selectOr:
            let index = Int(second)
            return .select(
                base: NodeID(first), path: Run(start: extra[index], count: extra[index + 1]),
                fallback: NodeID(extra[index + 2]))
        case .hasAttribute: return .hasAttribute(base: NodeID(first), path: run(entry))
        case .lambda: return .lambda(LambdaID(first))
        case .apply: return .apply(function: NodeID(first), arguments: run(entry))
        case .letIn: return .letIn(bindings: BindingsID(first), body: NodeID(second))
        case .legacyLet: return .legacyLet(bindings: BindingsID(first))
        case .set: return .attributeSet(bindings: BindingsID(first), recursive: false)
        case .recursiveSet: return .attributeSet(bindings: BindingsID(first), recursive: true)
        case .list: return .list(elements: Run(start: first, count: second))
        case .with: return .with(scope: NodeID(first), body: NodeID(second))
        case .assert: return .assert(condition: NodeID(first), body: NodeID(second))
        case .conditional:
            let index = Int(second)
            return .conditional(
                condition: NodeID(first), then: NodeID(extra[index]), otherwise: NodeID(extra[index + 1]))
        case .not: return .not(NodeID(first))
        case .negate: return .negate(NodeID(first))
        case .binary: return .binary(entry.sign, NodeID(first), NodeID(extra[Int(second)]))
        }
    }

    @inlinable
    func run(_ entry: Entry) -> Run {
        if entry.count != Entry.large { return Run(start: entry.second, count: UInt32(entry.count)) }
        let index = Int(entry.second)
        return Run(start: extra[index], count: extra[index + 1])
    }
}

extension NodeTable {
    @inline(__always)
    private mutating func entry(_ node: Node, _ position: UInt32) -> Entry {
        switch node {
        case .integer(let value): number(.integer, UInt64(bitPattern: value))
        case .float(let value): number(.float, value.bitPattern)
        case .string(let parts): Entry(.string, parts.start, parts.count)
        case .uri(let text): Entry(.uri, text.rawValue)
        case .path(let text): Entry(.path, text.rawValue)
        case .homePath(let text): Entry(.homePath, text.rawValue)
        case .interpolatedPath(let parts): Entry(.interpolatedPath, parts.start, parts.count)
        case .searchPath(let text): Entry(.searchPath, text.rawValue)
        case .identifier(let symbol): Entry(.identifier, symbol.rawValue)
        case .currentPosition: Entry(.currentPosition)
        case .select(let base, let path, nil): counted(.select, base, path)
        case .select(let base, let path, .some(let fallback)):
            Entry(.selectOr, base.rawValue, words(path.start, path.count, fallback.rawValue))
        case .hasAttribute(let base, let path): counted(.hasAttribute, base, path)
        case .lambda(let id): Entry(.lambda, id.rawValue)
        case .apply(let function, let arguments): counted(.apply, function, arguments)
        case .letIn(let bindings, let body): Entry(.letIn, bindings.rawValue, body.rawValue)
        case .legacyLet(let bindings): Entry(.legacyLet, bindings.rawValue)
        case .attributeSet(let bindings, let recursive): Entry(recursive ? .recursiveSet : .set, bindings.rawValue)
        case .list(let elements): Entry(.list, elements.start, elements.count)
        case .with(let scope, let body): Entry(.with, scope.rawValue, body.rawValue)
        case .assert(let condition, let body): Entry(.assert, condition.rawValue, body.rawValue)
        case .conditional(let condition, let then, let otherwise):
            Entry(.conditional, condition.rawValue, words(then.rawValue, otherwise.rawValue))
        case .not(let operand): Entry(.not, operand.rawValue)
        case .negate(let operand): Entry(.negate, operand.rawValue)
        case .binary(let sign, let left, let right):
            Entry(.binary, left.rawValue, words(right.rawValue, position), sign: sign)
        }
    }

    private func number(_ kind: Kind, _ bits: UInt64) -> Entry {
        Entry(kind, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    }

    private mutating func counted(_ kind: Kind, _ base: NodeID, _ run: Run) -> Entry {
        guard run.count >= UInt32(Entry.large) else {
            return Entry(kind, base.rawValue, run.start, count: UInt16(truncatingIfNeeded: run.count))
        }
        return Entry(kind, base.rawValue, words(run.start, run.count), count: Entry.large)
    }

    /// Appends operands to `extra` and returns the index of the first.
    private mutating func words(_ words: UInt32...) -> UInt32 {
        let index = UInt32(truncatingIfNeeded: extra.count)
        for word in words { extra.append(word) }
        return index
    }
}
