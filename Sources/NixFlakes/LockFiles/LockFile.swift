import NixStore
import NixVM

/// The name of an input, as bytes.
package typealias InputName = [UInt8]

/// The names of inputs on the way from a flake to one of its inputs' inputs.
package typealias InputPath = [InputName]

/// What an input of a node stands for.
package enum LockEdge: Equatable, Sendable {
    /// The node with an index.
    case node(Int)
    /// What lies at a path from the root.
    case follows(InputPath)
}

/// A flake or a source tree in a lock file.
package struct LockNode: Sendable {
    /// The reference to exactly one tree; nil for the root.
    package var locked: FlakeReference?
    /// The reference that the flake above declares; nil for the root.
    package var original: FlakeReference?
    package var isFlake = true
    /// Where a relative path begins: the path of the flake that declares it.
    package var parent: InputPath?
    package var inputs: [InputName: LockEdge] = [:]

    /// The inputs in the order in which lock files have them.
    package var sortedInputs: [(name: InputName, edge: LockEdge)] {
        inputs.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}

/// The inputs of a flake and of its inputs: an acyclic graph of nodes, whose root is the flake itself.
package struct LockFile: Sendable {
    /// The nodes by index. The root has the index 0.
    package internal(set) var nodes = [LockNode()]

    /// The most nodes. A flake that has them all fetched would take days for it; a hostile lock file must not take the
    /// memory of their product.
    package static let maximumNodes = 10_000
    /// The most inputs of all nodes together.
    package static let maximumInputs = 50_000
    /// The longest path of inputs.
    package static let maximumDepth = 256

    /// A lock file without inputs.
    package init() {}

    /// All inputs by their paths, in the order of these. The inputs of a node are listed at the first of its paths alone.
    package func allInputs() -> [(path: InputPath, edge: LockEdge)] {
        var done: Set<Int> = []
        var result: [(path: InputPath, edge: LockEdge)] = []
        func visit(_ index: Int, _ prefix: InputPath) {
            guard done.insert(index).inserted else { return }
            for (name, edge) in nodes[index].sortedInputs {
                result.append((prefix + [name], edge))
                if case .node(let child) = edge { visit(child, prefix + [name]) }
            }
        }
        visit(0, [])
        return result.sorted { $0.path.precedes($1.path) }
    }

    /// The index of the node at a path; nil if there is none.
    ///
    /// - Throws: an error if the path leads through itself.
    package func node(at path: InputPath) throws(EvalFailure) -> Int? {
        var visited: [InputPath] = []
        return try node(at: path, &visited)
    }

    private func node(at path: InputPath, _ visited: inout [InputPath]) throws(EvalFailure) -> Int? {
        // The visited paths are few, so that a search is fast.
        guard visited.count <= Self.maximumDepth else {
            throw .flake("the input '\(path.text)' is followed through more than \(Self.maximumDepth) others")
        }
        if let first = visited.firstIndex(of: path) {
            let cycle = (visited[first...] + [path]).map(\.text).joined(separator: " -> ")
            throw .flake("follow cycle detected: [\(cycle)]")
        }
        visited.append(path)
        var current = 0
        for name in path {
            switch nodes[current].inputs[name] {
            case .node(let child): current = child
            case .follows(let target):
                guard let found = try node(at: target, &visited) else { return nil }
                current = found
            case nil: return nil
            }
        }
        return current
    }

    /// Checks that what inputs follow exists.
    package func checkFollowed() throws(EvalFailure) {
        for (path, edge) in allInputs() {
            guard case .follows(let target) = edge, !target.isEmpty else { continue }
            guard try node(at: target) != nil else {
                throw .flake("input '\(path.text)' follows a non-existent input '\(target.text)'")
            }
        }
    }

    /// An input whose reference does not identify its tree; nil if there is none.
    package var unlockedInput: FlakeReference? {
        nodes.lazy.compactMap(\.locked).first { !$0.input.isLocked && !$0.isRelative }
    }
}

extension InputPath {
    /// The names, joined by slashes.
    package var text: String { map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/") }

    func precedes(_ other: InputPath) -> Bool {
        for (one, two) in zip(self, other) where one != two { return one.lexicographicallyPrecedes(two) }
        return count < other.count
    }

    /// Parses names that are separated by slashes.
    package static func parse(_ text: [UInt8]) throws(EvalFailure) -> InputPath {
        let names = text.split(separator: UInt8(ascii: "/")).map { [UInt8]($0) }
        for name in names where !FlakeReference.isIdentifier(name) {
            throw .flake("invalid flake input attribute path element '\(String(decoding: name, as: UTF8.self))'")
        }
        return names
    }
}

extension FlakeReference {
    /// Whether the input is a path that is relative to the flake that declares it.
    package var isRelative: Bool {
        guard input.scheme == .path, case .text(let path) = input.attributes["path"] else { return false }
        return path.first != UInt8(ascii: "/")
    }

    /// The reference as messages and reports show it.
    package var shown: String { (try? text()).map { String(decoding: $0, as: UTF8.self) } ?? "?" }
}

extension EvalFailure {
    /// A failure to lock or call a flake.
    static func flake(_ message: String) -> EvalFailure { EvalFailure(kind: .value, message: Array(message.utf8)) }

    init(_ error: FetchError) {
        self.init(kind: error.kind == .restricted ? .restricted : .value, message: error.message)
    }

    /// The failure with another line in its trace.
    func during(_ action: String) -> EvalFailure {
        var copy = self
        copy.trace.append(TraceEntry(message: action, position: nil))
        return copy
    }
}
