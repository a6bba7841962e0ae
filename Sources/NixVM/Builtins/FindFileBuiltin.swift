import NixBytecode
import NixStore

/// `findFile`: the first entry of a search path whose prefix fits and below which the file exists.
///
/// Slots: search path, name, index, entries' paths as strings (array), whether a coercion is under way. All entries are
/// looked at before the name, as Nix does.
extension Interpreter {
    func findFileStep() -> Step {
        guard let list = expectList(0) else { return .error }
        if bp[2].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            let paths = allocate(words: 1 + list.field)
            paths[0] = Object.header(Kind.array, field: list.field)
            for index in 0..<list.field { paths.values[index] = .null }
            bp[3] = Value(Tag.other, paths)
            bp[2] = Value(small: 0)
        }
        if bp[4].isTrue {
            bp[4] = .false
            bp[3].object.values[bp[2].small] = pop()
            noteWrite(bp[3].object)
            bp[2] = Value(small: bp[2].small + 1)
        }
        while bp[2].small < list.field {
            let step = readEntry(list.values + bp[2].small)
            if step != .next { return step }
        }
        if !isForced(bp + 1) { return .force }
        guard let name = expectPlainString(1) else { return .error }
        return search(list, for: Array(name.byteBuffer))
    }

    /// Checks an entry and keeps its path.
    private func readEntry(_ entry: Slot) -> Step {
        if !isForced(entry) { return .force }
        guard entry.pointee.isAttributes else { return failExpected("a set", entry.pointee) }
        if let prefix = lookup(entry.pointee.object, Symbols.prefix) {
            if !isForced(prefix) { return .force }
            guard isPlainString(prefix.pointee) else { return .error }
        }
        guard let path = lookup(entry.pointee.object, Symbols.path) else {
            return failMissingAttribute(entry.pointee, Symbols.path)
        }
        if !isForced(path) { return .force }
        if path.pointee.isString || path.pointee.isPath {
            bp[3].object.values[bp[2].small] = path.pointee
            noteWrite(bp[3].object)
            bp[2] = Value(small: bp[2].small + 1)
            return .next
        }
        bp[4] = .true
        push(.builtin(Builtin.coerce))
        push(path.pointee)
        push(Value(small: Int(Coercion().rawValue)))
        state.pointee.callCount = 2
        return .call
    }

    private func search(_ list: Object, for name: [UInt8]) -> Step {
        for index in 0..<list.field {
            let prefix = lookup(list.values[index].object, Symbols.prefix).map { Array($0.pointee.object.byteBuffer) }
            guard let rest = CanonPath.rest(of: name, after: prefix ?? []) else { continue }
            let entry = bp[3].object.values[index]
            let step = checkBuilt(entry)
            if step != .next { return step }
            let directory = Array(entry.object.byteBuffer)
            guard let found = existing(directory, rest) else { continue }
            guard reserve(Size.string(found.count)) else { return .collect }
            return done(makePath(found))
        }
        if let rest = CanonPath.rest(of: name, after: Array("nix".utf8)), !rest.isEmpty {
            let path = CorePackages.directory + [CanonPath.separator] + rest
            guard reserve(Size.string(path.count)) else { return .collect }
            return done(makePath(path))
        }
        return fail(.thrown, notFound(String(decoding: name, as: UTF8.self)))
    }

    /// Says what was not found, and what the one who started the evaluation can do.
    private func notFound(_ name: String) -> String {
        if !machine.settings.pure {
            return "file '\(name)' was not found in the Nix search path (add it using $NIX_PATH or -I)"
        }
        // The roots of a job are its whole search path.
        return machine.io.hasFixedContents
            ? "cannot look up '<\(name)>': no root of this job has that name or holds that file (name one with --root)"
            : "cannot look up '<\(name)>' in pure evaluation mode (use '--impure' to override)"
    }

    /// The path below an entry without its links, if something is there. An entry that is not there itself is told of
    /// once.
    private func existing(_ directory: [UInt8], _ rest: [UInt8]) -> [UInt8]? {
        let start = machine.settings.workingDirectory ?? [CanonPath.separator]
        let base = CanonPath.absolute(directory, relativeTo: start)
        guard (try? machine.io.pathExists(base)) == true else {
            if machine.missingSearchPaths.insert(directory).inserted {
                machine.print(
                    Array("warning: Nix search path entry '".utf8) + directory
                        + Array("' does not exist, ignoring".utf8))
            }
            return nil
        }
        guard
            let path = try? machine.io.resolveSymlinks(
                CanonPath.canonicalize(base + [CanonPath.separator] + rest), .full)
        else { return nil }
        return (try? machine.io.pathExists(path)) == true ? path : nil
    }
}

/// Files that come with the evaluator: what `<nix/NAME>` finds where the search path has nothing.
public enum CorePackages {
    /// The function behind `getFlake`.
    public static let flakes = directory + Array("/get-flake.nix".utf8)
    /// The function that makes a derivation of what its file says.
    public static let importedDerivation = directory + Array("/imported-derivation.nix".utf8)

    /// Where they are seen; nothing lies there for anything but `import`.
    public static let directory = Array("/__corepkgs__".utf8)
}

extension CanonPath {
    static var separator: UInt8 { UInt8(ascii: "/") }

    /// What of a search name lies below a prefix; nil when the prefix does not fit.
    static func rest(of name: [UInt8], after prefix: [UInt8]) -> [UInt8]? {
        if prefix.isEmpty { return name }
        guard name.starts(with: prefix) else { return nil }
        if name.count == prefix.count { return [] }
        return name[prefix.count] == UInt8(ascii: "/") ? Array(name[(prefix.count + 1)...]) : nil
    }
}
