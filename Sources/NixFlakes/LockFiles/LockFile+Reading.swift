import MessageText
import NixFormats
import NixStore
import NixVM

extension LockFile {
    /// Reads a lock file of version 5, 6 or 7.
    ///
    /// - Parameters:
    ///   - text: the contents.
    ///   - name: what errors call the file.
    /// - Throws: what is wrong with it.
    package init(_ text: [UInt8], name: String) throws(EvalFailure) {
        try self.init(LockFileReader(text, name: MessageText.shortened(name)))
    }

    private init(_ reader: LockFileReader) throws(EvalFailure) {
        self.init()
        var indices: [[UInt8]: Int] = [reader.rootKey: 0]
        var pending = [(index: 0, key: reader.rootKey)]
        var count = 0
        while let (index, key) = pending.popLast() {
            let inputs = try reader.inputs(of: key)
            count += inputs.count
            guard count <= Self.maximumInputs else { throw reader.error("has more than \(Self.maximumInputs) inputs") }
            for (name, target) in inputs {
                if let path = target.elements {
                    nodes[index].inputs[name] = .follows(try reader.path(path))
                    continue
                }
                guard let child = target.text else {
                    throw reader.error("has an input that is neither a name nor a path")
                }
                if let known = indices[child] {
                    if known == 0 { throw reader.error("contains cycle to root node") }
                    nodes[index].inputs[name] = .node(known)
                    continue
                }
                guard nodes.count < Self.maximumNodes else {
                    throw reader.error("has more than \(Self.maximumNodes) nodes")
                }
                indices[child] = nodes.count
                nodes[index].inputs[name] = .node(nodes.count)
                pending.append((nodes.count, child))
                nodes.append(try reader.node(child))
            }
        }
        guard let depth = depth else { throw reader.error("has inputs that contain one another") }
        guard depth <= Self.maximumDepth else {
            throw reader.error("has inputs of inputs more than \(Self.maximumDepth) deep")
        }
    }

    /// The edges on the longest path from the root; nil if there is a cycle.
    private var depth: Int? {
        var above = [Int](repeating: 0, count: nodes.count)
        func children(_ index: Int) -> [Int] {
            nodes[index].inputs.values.compactMap { if case .node(let child) = $0 { child } else { nil } }
        }
        for index in nodes.indices { for child in children(index) { above[child] += 1 } }
        var depths = [Int](repeating: 0, count: nodes.count)
        var ready = [0]
        var done = 0
        while let index = ready.popLast() {
            done += 1
            for child in children(index) {
                depths[child] = max(depths[child], depths[index] + 1)
                above[child] -= 1
                if above[child] == 0 { ready.append(child) }
            }
        }
        return done == nodes.count ? depths.max() : nil
    }
}

/// Finds the parts of a lock file's text.
private struct LockFileReader {
    let rootKey: [UInt8]
    private let name: String
    private let nodes: [[UInt8]: JSONDocument]

    init(_ text: [UInt8], name: String) throws(EvalFailure) {
        self.name = name
        let document: JSONDocument?
        do throws(JSONError) {
            document = try JSONDocument(text)
        } catch {
            let reason = if case .syntax(let reason) = error { reason } else { "it is not JSON" }
            throw .flake("Could not parse '\(name)': \(reason)")
        }
        guard let document else {
            throw .flake("lock file '\(name)' is longer or nests deeper than a lock file may")
        }
        let version: Int64 = if case .integer(let number) = document["version"] { number } else { 0 }
        guard (5...7).contains(version) else {
            throw .flake("lock file '\(name)' has unsupported version \(version)")
        }
        guard let root = document["root"]?.text, let nodes = document["nodes"]?.members, nodes[root] != nil else {
            throw .flake("lock file '\(name)' has no root node")
        }
        rootKey = root
        self.nodes = nodes
    }

    func error(_ what: String) -> EvalFailure { .flake("lock file '\(name)' \(what)") }

    private func entry(_ key: [UInt8]) throws(EvalFailure) -> JSONDocument {
        guard let entry = nodes[key] else {
            throw .flake(
                "lock file references missing node '\(MessageText.shortened(String(decoding: key, as: UTF8.self)))'")
        }
        guard entry.members != nil else { throw error("has a node that is not an object") }
        return entry
    }

    func inputs(of key: [UInt8]) throws(EvalFailure) -> [([UInt8], JSONDocument)] {
        guard let inputs = try entry(key)["inputs"] else { return [] }
        guard let members = inputs.members else { throw error("has inputs that are not an object") }
        return members.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }

    func path(_ elements: [JSONDocument]) throws(EvalFailure) -> InputPath {
        guard elements.count <= LockFile.maximumDepth else { throw error("has a path of too many inputs") }
        var path: InputPath = []
        for element in elements {
            guard let name = element.text else { throw error("has a path whose parts are not names") }
            path.append(name)
        }
        return path
    }

    func node(_ key: [UInt8]) throws(EvalFailure) -> LockNode {
        let entry = try entry(key)
        var node = LockNode()
        node.locked = try reference(entry, "locked", with: entry["info"])
        node.original = try reference(entry, "original", with: nil)
        switch entry["flake"] {
        case .boolean(let flag): node.isFlake = flag
        case nil: break
        default: throw error("has a node whose 'flake' is not a Boolean")
        }
        if let parent = entry["parent"] {
            guard let elements = parent.elements else { throw error("has a node whose 'parent' is not a path") }
            node.parent = try path(elements)
        }
        if let locked = node.locked, !locked.input.isLocked, !locked.isRelative,
            locked.input.attributes["narHash"] == nil
        {
            throw error("contains unlocked input '\(MessageText.shortened(locked.shown))'")
        }
        return node
    }

    private func reference(
        _ entry: JSONDocument, _ name: String, with more: JSONDocument?
    ) throws(EvalFailure) -> FlakeReference {
        guard let members = entry[name]?.members else { throw .flake("attribute '\(name)' missing in lock file") }
        do throws(FetchError) {
            return try FlakeReference(
                FlakeReference.attributes(members.merging(more?.members ?? [:]) { $1 }))
        } catch {
            throw EvalFailure(error)
        }
    }
}

extension FlakeReference {
    /// The attributes of a reference in JSON.
    static func attributes(_ members: [[UInt8]: JSONDocument]) throws(FetchError) -> [String: InputAttribute] {
        var attributes: [String: InputAttribute] = [:]
        for (name, value) in members {
            let name = String(decoding: name, as: UTF8.self)
            switch value {
            case .string(let text): attributes[name] = .text(text)
            case .boolean(let flag): attributes[name] = .flag(flag)
            case .integer(let number) where number >= 0: attributes[name] = .number(UInt64(number))
            default:
                throw FetchError.invalidAttribute(name)
            }
        }
        return attributes
    }

    /// The attributes as JSON.
    package var document: JSONDocument {
        var members: [[UInt8]: JSONDocument] = [:]
        for (name, value) in attributes where name != "__final" {
            members[Array(name.utf8)] =
                switch value {
                case .text(let text): .string(text)
                case .number(let number): .integer(Int64(truncatingIfNeeded: number))
                case .flag(let flag): .boolean(flag)
                }
        }
        return .object(members)
    }
}
