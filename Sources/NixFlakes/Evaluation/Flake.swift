import NixEval
import NixFormats
import NixStore
import NixVM

/// Where a flake or source tree lies after it was fetched.
struct FlakePlace {
    /// What was fetched; for a relative path, what the flake that declares it was fetched as.
    let source: FetchedInput
    /// The directory of the flake, below the store path of the source.
    let directory: [UInt8]

    /// The directory relative to the store path; empty for the root.
    var below: [UInt8] { Array(directory.dropFirst(source.path.count).drop { $0 == UInt8(ascii: "/") }) }
}

/// A flake that was fetched.
struct Flake {
    /// The reference that was given, the one that a registry has for it, and the one to exactly this tree.
    var original: FlakeReference
    var resolved: FlakeReference
    var locked: FlakeReference
    var place: FlakePlace
    var declaration: FlakeDeclaration
    /// Whether the tree does not correspond to its commit, since its lock file should be another.
    var isForcedDirty = false
}

/// Fetches flakes and reads what they declare.
struct FlakeReader {
    let evaluator: Evaluator
    let registries: FlakeRegistries

    /// Fetches a flake and reads its declarations.
    ///
    /// - Parameter path: the path of the flake in the lock file that is made.
    func flake(
        _ reference: FlakeReference, _ extent: FlakeRegistries.Extent, at path: InputPath
    ) throws(EvalFailure) -> Flake {
        var resolved = try registries.resolve(reference, extent)
        var place = try fetch(resolved)
        var declaration = try declaration(in: place, at: path)
        if !declaration.selfAttributes.isEmpty {
            var changed = resolved
            changed.input.attributes.merge(declaration.selfAttributes) { $1 }
            if changed != resolved {
                changed.input.attributes["narHash"] = nil
                resolved = changed
                place = try fetch(changed)
                declaration = try self.declaration(in: place, at: path)
            }
        }
        return Flake(
            original: reference, resolved: resolved, locked: resolved.locked(by: place.source.tree), place: place,
            declaration: declaration)
    }

    /// Reads a flake that lies in the tree of the one that declares it.
    func flake(
        _ reference: FlakeReference, in place: FlakePlace, at path: InputPath
    ) throws(EvalFailure) -> Flake {
        Flake(
            original: reference, resolved: reference, locked: reference, place: place,
            declaration: try declaration(in: place, at: path))
    }

    /// Fetches a tree. The place is the directory that the reference names.
    func fetch(_ reference: FlakeReference) throws(EvalFailure) -> FlakePlace {
        let source = try evaluator.fetch(reference.input)
        return FlakePlace(source: source, directory: CanonPath.absolute(reference.directory, relativeTo: source.path))
    }

    private func declaration(in place: FlakePlace, at path: InputPath) throws(EvalFailure) -> FlakeDeclaration {
        guard CanonPath.isInside(place.directory, place.source.path) else {
            throw .flake("the directory '\(String(decoding: place.directory, as: UTF8.self))' is not in its flake")
        }
        let machine = evaluator.machine
        let text = try evaluator.call(
            core: CorePackages.flakeInputs, [machine.failFunction, machine.makeString(place.directory)])
        return try FlakeDeclaration(machine.bytes(text) ?? [], directory: place.directory, path: path)
    }
}

extension FlakeReference {
    /// The reference to exactly a tree that was fetched by this one.
    func locked(by tree: FetchedTree) -> FlakeReference {
        var result = self
        func set(_ name: String, _ value: InputAttribute?) { if let value { result.input.attributes[name] = value } }
        set("narHash", .text(tree.narHash.text(.sri)))
        if let time = tree.lastModified, time >= 0 { set("lastModified", .number(UInt64(time))) }
        switch input.scheme {
        case .github, .gitlab, .sourcehut:
            result.input.attributes["ref"] = nil
            set("rev", tree.revision.map { .text($0) })
        case .git:
            set("ref", tree.reference.map { .text($0) })
            lock(by: tree, set)
        case .mercurial: lock(by: tree, set)
        case .file, .tarball: set("url", tree.lockedURL.map { .text($0) })
        case .path, .indirect, nil: break
        }
        return result
    }

    private func lock(by tree: FetchedTree, _ set: (String, InputAttribute) -> Void) {
        if let revision = tree.revision { set("rev", .text(revision)) }
        if case .known(let count) = tree.revisionCount, count >= 0 { set("revCount", .number(UInt64(count))) }
        if let revision = tree.dirtyRevision, input.scheme == .git {
            set("dirtyRev", .text(revision + Array("-dirty".utf8)))
            set("dirtyShortRev", .text(revision.prefix(7) + Array("-dirty".utf8)))
        }
    }

    /// The reference with a directory that old lock files have in the URL, too, removed from it.
    var canonical: FlakeReference {
        guard case .text(let url) = input.attributes["url"], !directory.isEmpty,
            var parsed = try? ParsedURL(url, isLenient: true), parsed.query["dir"] == directory
        else { return self }
        parsed.query["dir"] = nil
        var result = self
        result.input.attributes["url"] = .text(parsed.text)
        return result
    }
}
