import NixStore

/// What store objects refer to, as trees. What was shown before is only named.
struct StoreTree {
    private let store: StoreContents
    private var done: Set<[UInt8]> = []

    init(_ store: StoreContents) { self.store = store }

    /// A line that is to be shown, with what precedes it and the lines below it.
    private struct Line {
        let path: [UInt8]
        let first: String
        let rest: String
    }

    /// The lines of an object.
    mutating func text(_ path: [UInt8]) throws(StoreQueryError) -> [UInt8] {
        var text: [UInt8] = []
        // The stack is popped from its end.
        var lines = [Line(path: path, first: "", rest: "")]
        while let line = lines.popLast() {
            text += Array(line.first.utf8) + line.path
            guard done.insert(line.path).inserted else {
                text += Array(" [...]\n".utf8)
                continue
            }
            text.append(UInt8(ascii: "\n"))
            let references = try StoreClosure(store).sorted(Set(store.references(line.path)))
            for (index, reference) in references.enumerated().reversed() {
                let isLast = index == references.count - 1
                lines.append(
                    Line(
                        path: reference, first: line.rest + (isLast ? "└───" : "├───"),
                        rest: line.rest + (isLast ? "    " : "│   ")))
            }
        }
        return text
    }
}

/// What store objects refer to, as a graph in the language of dot.
struct StoreGraph {
    private static let colors = ["black", "red", "green", "blue", "magenta", "burlywood"]

    private let store: StoreContents

    init(_ store: StoreContents) { self.store = store }

    /// The graph of objects and everything that they refer to.
    func text(_ roots: Set<[UInt8]>) throws(StoreQueryError) -> [UInt8] {
        var text = Array("digraph G {\n".utf8)
        var edges = 0
        // The smallest path comes next, so that the order is that of Nix.
        var pending = PathQueue(roots)
        var done: Set<[UInt8]> = []
        while let path = pending.popFirst() {
            guard done.insert(path).inserted else { continue }
            let name = String(decoding: CanonPath.baseName(of: path), as: UTF8.self)
            let label = String(decoding: StorePath.name(path), as: UTF8.self)
            text += Array(
                "\"\(name)\" [label = \"\(label)\", shape = box, style = filled, fillcolor = \"#ff0000\"];\n".utf8)
            for reference in try store.references(path) where reference != path {
                pending.insert(reference)
                let other = String(decoding: CanonPath.baseName(of: reference), as: UTF8.self)
                text += Array(
                    "\"\(other)\" -> \"\(name)\" [color = \"\(Self.colors[edges % Self.colors.count])\"];\n".utf8)
                edges += 1
            }
        }
        return text + Array("}\n".utf8)
    }
}

/// Paths of which the smallest is taken next. Each is in it once.
private struct PathQueue {
    /// A heap: no path is larger than those at twice its index plus 1 and 2.
    private var paths: [[UInt8]] = []
    private var members: Set<[UInt8]> = []

    init(_ paths: Set<[UInt8]>) { for path in paths { insert(path) } }

    mutating func insert(_ path: [UInt8]) {
        guard members.insert(path).inserted else { return }
        paths.append(path)
        var index = paths.count - 1
        while index > 0, paths[index].lexicographicallyPrecedes(paths[(index - 1) / 2]) {
            paths.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popFirst() -> [UInt8]? {
        guard let first = paths.first else { return nil }
        members.remove(first)
        paths.swapAt(0, paths.count - 1)
        paths.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < paths.count {
                if paths[child].lexicographicallyPrecedes(paths[least]) { least = child }
            }
            if least == index { return first }
            paths.swapAt(index, least)
            index = least
        }
    }
}
