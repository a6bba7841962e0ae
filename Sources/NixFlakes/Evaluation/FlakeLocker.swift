import NixEval
import NixFormats
import NixStore
import NixVM

/// Makes the lock file of a flake from its declarations and an older lock file.
///
/// It takes a lock over from the older file where the declaration is the same, and fetches an input only where there is no
/// such lock. The lock of an input is searched in the older file of the flake itself, and, for an input that is fetched,
/// in the file that comes with that. The rules are those of `lockFlake` in Nix.
final class FlakeLocker {
    private let reader: FlakeReader
    private let options: LockOptions
    /// The lock file that is made.
    private(set) var lock = LockFile()
    /// Where those nodes lie that were fetched, by index.
    private(set) var places: [Int: FlakePlace] = [:]
    /// Warnings, in the order in which they arose.
    private(set) var warnings: [String] = []

    /// A declaration that replaces that of the input at a path.
    private struct Override {
        var input: DeclaredInput
        /// The flake that relative paths are relative to, and its path; nil for the command line's, whose is the root.
        var place: FlakePlace
        var parent: InputPath
        var isOfCommandLine = false
    }

    private var overrides: [InputPath: Override] = [:]
    /// The names of the overridden inputs by the path of the flake that has them.
    private var overriddenNames: [InputPath: Set<InputName>] = [:]
    private var usedOverrides: Set<InputPath> = []
    private var visitedPaths: Set<InputPath> = []
    /// The references on the way to the flake that is being locked.
    private var parents: [FlakeReference] = []

    /// A node of an older lock file.
    private struct OldNode {
        let file: LockFile
        let index: Int

        var node: LockNode { file.nodes[index] }

        func child(_ name: InputName) -> OldNode? {
            guard case .node(let child) = node.inputs[name] else { return nil }
            return OldNode(file: file, index: child)
        }
    }

    /// A node whose inputs are being locked.
    private struct Level {
        let index: Int
        /// Its path in the lock file.
        let path: InputPath
        /// The node that locks are taken from.
        let old: OldNode?
        /// What the paths that are followed in the old lock file are relative to.
        let followsPrefix: InputPath
        let place: FlakePlace
        /// Whether the inputs are those of the old lock file, so that what follows in it still does.
        let isTrusted: Bool
    }

    init(reader: FlakeReader, options: LockOptions) {
        self.reader = reader
        self.options = options
    }

    /// Locks the inputs of a flake.
    ///
    /// - Parameter old: the lock file that the flake has.
    func lock(_ flake: Flake, old: LockFile) throws(EvalFailure) {
        for (path, reference) in options.overrides {
            let input = DeclaredInput(reference: reference)
            add(Override(input: input, place: flake.place, parent: [], isOfCommandLine: true), at: path)
        }
        places[0] = flake.place
        let level = Level(
            index: 0, path: [], old: options.recreates ? nil : OldNode(file: old, index: 0), followsPrefix: [],
            place: flake.place, isTrusted: false)
        try lockInputs(flake.declaration.inputs, level)
        for (path, reference) in options.overrides where !usedOverrides.contains(path) {
            warnings.append("the flag '--override-input \(path.text) \(reference.shown)' does not match any input")
        }
        for path in options.updates where !visitedPaths.contains(path) {
            warnings.append("'\(path.text)' does not match any input of this flake")
        }
        try lock.checkFollowed()
    }

    private func lockInputs(_ inputs: [InputName: DeclaredInput], _ level: Level) throws(EvalFailure) {
        guard level.path.count < LockFile.maximumDepth else {
            throw .flake("inputs of inputs are more than \(LockFile.maximumDepth) deep, at '\(level.path.text)'")
        }
        let sorted = inputs.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (name, input) in sorted { addOverrides(of: input, at: level.path + [name], level) }
        let unknown = (overriddenNames[level.path] ?? []).filter { inputs[$0] == nil }
        for name in unknown.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            warnings.append(
                "input '\(level.path.text)' has an override for a non-existent input "
                    + "'\(String(decoding: name, as: UTF8.self))'")
        }
        for (name, input) in sorted {
            do throws(EvalFailure) {
                try lockInput(name, input, level)
            } catch {
                throw error.during("while updating the flake input '\((level.path + [name]).text)'")
            }
        }
    }

    private func add(_ override: Override, at path: InputPath) {
        overrides[path] = override
        if let name = path.last { overriddenNames[Array(path.dropLast()), default: []].insert(name) }
    }

    private func addOverrides(of input: DeclaredInput, at path: InputPath, _ level: Level) {
        for (name, override) in input.overrides {
            let inner = path + [name]
            if override.reference != nil || override.follows != nil, overrides[inner] == nil {
                add(Override(input: override, place: level.place, parent: level.path), at: inner)
            }
            addOverrides(of: override, at: inner, level)
        }
    }

    private func lockInput(_ name: InputName, _ declared: DeclaredInput, _ level: Level) throws(EvalFailure) {
        if let failure = reader.evaluator.machine.stop.failure { throw failure }
        let path = level.path + [name]
        var input = declared
        let override = overrides[path]
        if let override {
            usedOverrides.insert(path)
            input = override.input
            input.isFlake = declared.isFlake
        }
        visitedPaths.insert(path)
        if let target = input.follows {
            lock.nodes[level.index].inputs[name] = .follows(target)
            return
        }
        let reference: FlakeReference
        if let given = input.reference { reference = given } else { reference = try Self.indirect(name) }
        let parent = reference.isRelative ? override?.parent ?? level.path : nil
        let isOfCommandLine = override?.isOfCommandLine == true
        if let known = options.updates.contains(path) ? nil : level.old?.child(name),
            let original = known.node.original,
            original.canonical == reference.canonical, known.node.parent == parent, !isOfCommandLine
        {
            return try keep(known, as: name, input, level)
        }
        let request = Request(
            name: name, reference: reference,
            original: isOfCommandLine ? declared.reference ?? reference : reference, isFlake: input.isFlake,
            parent: parent, place: override?.place ?? level.place, extent: isOfCommandLine ? .all : .shared)
        try fetch(request, level)
    }

    private static func indirect(_ name: InputName) throws(EvalFailure) -> FlakeReference {
        do throws(FetchError) {
            return try FlakeReference(["type": .text(Array("indirect".utf8)), "id": .text(name)])
        } catch {
            throw EvalFailure(error)
        }
    }

    private func add(_ node: LockNode, as name: InputName, to parent: Int) throws(EvalFailure) -> Int {
        guard lock.nodes.count < LockFile.maximumNodes else {
            throw .flake("the flake has more than \(LockFile.maximumNodes) inputs, with those of its inputs")
        }
        lock.nodes[parent].inputs[name] = .node(lock.nodes.count)
        lock.nodes.append(node)
        return lock.nodes.count - 1
    }
}

/// Inputs that are taken over from the old lock file.
extension FlakeLocker {
    private func keep(
        _ known: OldNode, as name: InputName, _ input: DeclaredInput, _ level: Level
    ) throws(EvalFailure) {
        let path = level.path + [name]
        var node = known.node
        node.inputs = [:]
        let index = try add(node, as: name, to: level.index)
        let isUpdatedBelow = options.updates.contains { $0.count > path.count && $0.starts(with: path) }
        if !isUpdatedBelow, let inputs = lockedInputs(known, path, level) {
            let inner = Level(
                index: index, path: path, old: known, followsPrefix: level.followsPrefix, place: level.place,
                isTrusted: true)
            return try lockInputs(inputs, inner)
        }
        guard let locked = node.locked else { return }
        let parent = overrides[path]?.place ?? level.place
        let flake = try flake(locked, below: parent, .shared, at: path)
        places[index] = flake.place
        let inner = Level(
            index: index, path: path, old: known, followsPrefix: level.followsPrefix, place: flake.place,
            isTrusted: false)
        try lockInputs(flake.declaration.inputs, inner)
    }

    /// The inputs that the old lock file has for a node; nil if the flake must be read, because an input follows another
    /// for a reason that may have gone.
    private func lockedInputs(_ known: OldNode, _ path: InputPath, _ level: Level) -> [InputName: DeclaredInput]? {
        var inputs: [InputName: DeclaredInput] = [:]
        for (name, edge) in known.node.inputs {
            switch edge {
            case .node(let child):
                let node = known.file.nodes[child]
                inputs[name] = DeclaredInput(reference: node.original, isFlake: node.isFlake)
            case .follows(let target):
                if !level.isTrusted, overrides[path + [name]] == nil { return nil }
                inputs[name] = DeclaredInput(follows: level.followsPrefix + target)
            }
        }
        return inputs
    }
}

/// Inputs that are fetched.
extension FlakeLocker {
    /// What is known of an input that must be fetched.
    private struct Request {
        let name: InputName
        let reference: FlakeReference
        /// The reference that the lock file has as the declared one.
        let original: FlakeReference
        let isFlake: Bool
        let parent: InputPath?
        /// The flake that a relative path is relative to.
        let place: FlakePlace
        let extent: FlakeRegistries.Extent
    }

    private func fetch(_ request: Request, _ level: Level) throws(EvalFailure) {
        let path = level.path + [request.name]
        let extent = options.usesRegistries ? request.extent : .none
        guard request.isFlake else { return try fetchTree(request, extent, level) }
        let flake = try flake(request.reference, below: request.place, extent, at: path)
        let node = LockNode(locked: flake.locked, original: request.original, parent: request.parent)
        let index = try add(node, as: request.name, to: level.index)
        places[index] = flake.place
        guard !parents.contains(request.reference) else {
            throw .flake("found circular import of flake '\(request.reference.shown)'")
        }
        parents.append(request.reference)
        defer { parents.removeLast() }
        let old = try reader.lockFile(of: flake)
        let inner = Level(
            index: index, path: path, old: OldNode(file: old, index: 0), followsPrefix: path, place: flake.place,
            isTrusted: false)
        try lockInputs(flake.declaration.inputs, inner)
    }

    private func fetchTree(
        _ request: Request, _ extent: FlakeRegistries.Extent, _ level: Level
    ) throws(EvalFailure) {
        var node = LockNode(locked: request.reference, original: request.original, isFlake: false)
        node.parent = request.parent
        if request.reference.isRelative {
            _ = try add(node, as: request.name, to: level.index)
            return
        }
        let resolved = try reader.registries.resolve(request.reference, extent)
        let place = try reader.fetch(resolved)
        node.locked = resolved.locked(by: place.source.tree)
        let index = try add(node, as: request.name, to: level.index)
        places[index] = place
    }

    /// The flake of a reference, which is a path in the tree of another flake if it is relative.
    private func flake(
        _ reference: FlakeReference, below place: FlakePlace, _ extent: FlakeRegistries.Extent, at path: InputPath
    ) throws(EvalFailure) -> Flake {
        guard reference.isRelative, case .text(let relative) = reference.input.attributes["path"] else {
            return try reader.flake(reference, extent, at: path)
        }
        let root = CanonPath.absolute(relative, relativeTo: place.directory)
        let directory = CanonPath.absolute(reference.directory, relativeTo: root)
        return try reader.flake(
            reference, in: FlakePlace(source: place.source, directory: directory), at: path)
    }
}

extension FlakeReader {
    /// The lock file that lies beside a flake; an empty one if there is none.
    func lockFile(of flake: Flake) throws(EvalFailure) -> LockFile {
        let path = flake.place.directory + Array("/flake.lock".utf8)
        guard let text = try evaluator.contents(ofFile: path, limit: JSONDocument.maximumLength) else {
            return LockFile()
        }
        return try LockFile(text, name: String(decoding: path, as: UTF8.self))
    }
}
