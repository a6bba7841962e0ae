import NixStore

/// A run of `nix-store --query`.
struct StoreQuery {
    private let command: NixStoreCommand
    private let store: StoreContents
    private var closure: StoreClosure { StoreClosure(store) }

    init(_ command: NixStoreCommand, _ store: StoreContents) {
        self.command = command
        self.store = store
    }

    func run() throws(StoreQueryError) {
        if let binding = command.binding { return try printBinding(binding) }
        let paths = try named()
        switch command.question ?? .outputs {
        case .outputs: for path in paths { print(try outputs(path)) }
        case .requisites, .references, .referrers, .referrersClosure: print(try related(used(paths)))
        case .deriver: try printDerivers(paths)
        case .validDerivers:
            var derivers: Set<[UInt8]> = []
            for path in paths { if let deriver = try store.deriver(path) { derivers.insert(deriver) } }
            print(try closure.sorted(derivers))
        case .tree:
            var tree = StoreTree(store)
            for path in paths { Output.text(try tree.text(path)) }
        case .graph: Output.text(try StoreGraph(store).text(Set(used(paths))))
        case .resolve: print(paths)
        }
    }

    private func print(_ paths: [[UInt8]]) {
        Output.text(Array(paths.map { $0 + [UInt8(ascii: "\n")] }.joined()))
    }

    /// The store paths that the words of the command line name.
    private func named() throws(StoreQueryError) -> [[UInt8]] {
        var paths: [[UInt8]] = []
        for word in command.paths { paths.append(try Self.storePath(word)) }
        return paths
    }

    /// The store path that a word is, lies below, or leads to by links.
    private static func storePath(_ word: String) throws(StoreQueryError) -> [UInt8] {
        let path = CanonPath.absolute(Array(word.utf8), relativeTo: currentDirectory())
        if let top = StorePath.top(of: path) { return top }
        var current = path
        let io = LocalIO()
        // Links are followed one by one, since the store in which they end need not be at the place that they name.
        for _ in 0..<1024 {
            guard let target = try? io.readLink(current) else { break }
            current = CanonPath.absolute(target, relativeTo: CanonPath.parent(of: current))
            if let top = StorePath.top(of: current) { return top }
        }
        throw StoreQueryError("path '", path, "' is not in the Nix store")
    }

    /// The outputs of a derivation; any other path itself.
    private func outputs(_ path: [UInt8]) throws(StoreQueryError) -> [[UInt8]] {
        StorePath.isDerivation(path) ? try store.outputs(path) : [path]
    }

    /// The paths, or the outputs of derivations if these are to be used.
    private func used(_ paths: [[UInt8]]) throws(StoreQueryError) -> [[UInt8]] {
        guard command.useOutput else { return paths }
        var used: [[UInt8]] = []
        for path in paths { used += try outputs(path) }
        return used
    }

    /// The paths that are related to others as the command line asks.
    private func related(_ paths: [[UInt8]]) throws(StoreQueryError) -> [[UInt8]] {
        var found: Set<[UInt8]> = []
        switch command.question {
        case .requisites: found = try closure.requisites(paths, includesOutputs: command.includeOutputs)
        case .referrersClosure: found = try closure.referrersClosure(paths)
        case .referrers:
            let referrers = try closure.referrers()
            for path in paths {
                try store.require(path)
                found.formUnion(referrers[path] ?? [])
            }
        default: for path in paths { found.formUnion(try store.references(path)) }
        }
        return try closure.sorted(found)
    }

    private func printDerivers(_ paths: [[UInt8]]) throws(StoreQueryError) {
        for path in paths {
            let deriver = StorePath.isDerivation(path) ? nil : try store.deriver(path)
            if deriver == nil { try store.require(path) }
            print([deriver ?? Array("unknown-deriver".utf8)])
        }
    }

    private func printBinding(_ name: String) throws(StoreQueryError) {
        for path in try named() {
            guard let deriver = StorePath.isDerivation(path) ? path : try store.deriver(path) else {
                throw StoreQueryError("deriver of path '", path, "' is not known")
            }
            guard let variable = try store.derivation(deriver).environment.first(where: { $0.name == Array(name.utf8) })
            else {
                throw StoreQueryError("derivation '", deriver, "' has no environment binding named '\(name)'")
            }
            print([variable.value])
        }
    }
}
