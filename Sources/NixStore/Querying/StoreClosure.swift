/// The objects that objects of a store refer to, directly and indirectly.
public struct StoreClosure {
    private let store: StoreContents

    public init(_ store: StoreContents) { self.store = store }

    /// The objects with everything that they refer to.
    ///
    /// - Parameters:
    ///   - paths: the objects.
    ///   - includesOutputs: whether the outputs of derivations belong to it, as far as they are in the store.
    public func requisites(
        _ paths: some Sequence<[UInt8]>, includesOutputs: Bool
    ) throws(StoreQueryError) -> Set<[UInt8]> {
        try reachable(from: paths) { path throws(StoreQueryError) in
            let references = try store.references(path)
            guard includesOutputs, StorePath.isDerivation(path) else { return references }
            return references + (try store.derivation(path).outputs.map(\.path).filter(store.contains))
        }
    }

    /// The objects with everything that refers to them.
    public func referrersClosure(_ paths: some Sequence<[UInt8]>) throws(StoreQueryError) -> Set<[UInt8]> {
        let referrers = try referrers()
        return try reachable(from: paths) { path throws(StoreQueryError) in
            try store.require(path)
            return referrers[path] ?? []
        }
    }

    /// For each object of the store what refers to it.
    public func referrers() throws(StoreQueryError) -> [[UInt8]: [[UInt8]]] {
        var referrers: [[UInt8]: [[UInt8]]] = [:]
        for path in try store.paths() {
            for reference in try store.references(path) { referrers[reference, default: []].append(path) }
        }
        return referrers
    }

    private func reachable(
        from paths: some Sequence<[UInt8]>, _ next: ([UInt8]) throws(StoreQueryError) -> [[UInt8]]
    ) throws(StoreQueryError) -> Set<[UInt8]> {
        var found = Set(paths)
        var pending = Array(found)
        while let path = pending.popLast() {
            for other in try next(path) where found.insert(other).inserted { pending.append(other) }
        }
        return found
    }

    /// A path whose references are visited.
    private struct Visit {
        let path: [UInt8]
        let references: [[UInt8]]
        var next = 0
    }

    /// Sorts paths so that each comes after those that it refers to, and otherwise as Nix does: by depth first, beginning with
    /// the smallest path.
    public func sorted(_ paths: Set<[UInt8]>) throws(StoreQueryError) -> [[UInt8]] {
        var sorted: [[UInt8]] = []
        var visited: Set<[UInt8]> = []
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) where visited.insert(path).inserted {
            var open = [Visit(path: path, references: try references(path))]
            while let visit = open.last {
                guard visit.next < visit.references.count else {
                    sorted.append(visit.path)
                    open.removeLast()
                    continue
                }
                open[open.count - 1].next += 1
                let reference = visit.references[visit.next]
                guard paths.contains(reference), visited.insert(reference).inserted else { continue }
                open.append(Visit(path: reference, references: try references(reference)))
            }
        }
        return sorted
    }

    /// The references of an object; none if it is not in the store.
    private func references(_ path: [UInt8]) throws(StoreQueryError) -> [[UInt8]] {
        store.contains(path) ? try store.references(path) : []
    }
}
