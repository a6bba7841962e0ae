import NixFormats
import NixStore

extension LockFile {
    /// The lock file as JSON of version 7, with the key of each node by its index.
    package func document() -> (document: JSONDocument, keys: [Int: [UInt8]]) {
        var writer = LockFileWriter(nodes: nodes)
        let root = writer.write(0, named: Array("root".utf8))
        let document = JSONDocument.members([
            "version": .integer(7), "root": .string(root), "nodes": .object(writer.entries),
        ])
        return (document, writer.keys)
    }

    /// The text that is written to a file, without the newline at its end.
    package func text() -> [UInt8] { document().document.indentedText }
}

/// Gives nodes their keys: the name by which a node was reached first, with a number if another node has it.
private struct LockFileWriter {
    let nodes: [LockNode]
    private(set) var keys: [Int: [UInt8]] = [:]
    private(set) var entries: [[UInt8]: JSONDocument] = [:]
    private var taken: Set<[UInt8]> = []

    init(nodes: [LockNode]) { self.nodes = nodes }

    mutating func write(_ index: Int, named name: [UInt8]) -> [UInt8] {
        if let key = keys[index] { return key }
        let key = freeKey(name)
        keys[index] = key
        let node = nodes[index]
        var entry: [[UInt8]: JSONDocument] = [:]
        func set(_ name: String, _ value: JSONDocument?) { if let value { entry[Array(name.utf8)] = value } }
        if !node.inputs.isEmpty {
            var inputs: [[UInt8]: JSONDocument] = [:]
            for (name, edge) in node.sortedInputs {
                inputs[name] =
                    switch edge {
                    case .node(let child): .string(write(child, named: name))
                    case .follows(let path): .list(path.map { .string($0) })
                    }
            }
            set("inputs", .object(inputs))
        }
        set("original", node.original?.document)
        set("locked", node.locked?.document)
        if !node.isFlake { set("flake", .boolean(false)) }
        set("parent", node.parent.map { .list($0.map { .string($0) }) })
        entries[key] = .object(entry)
        return key
    }

    private mutating func freeKey(_ name: [UInt8]) -> [UInt8] {
        if taken.insert(name).inserted { return name }
        var number = 2
        while true {
            let key = name + Array("_\(number)".utf8)
            if taken.insert(key).inserted { return key }
            number += 1
        }
    }
}
