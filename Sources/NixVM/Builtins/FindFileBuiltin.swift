import MessageText
import NixBytecode
import NixStore

extension Builtin {
    static let searchPaths: [Builtin] = [
        .frame(
            "findFile", [.checked("search-path"), .evaluated("name", isLazy: true)], frame: FindFileFrame.self,
            since: "1.8",
            "The path that `<name>` stands for when the search path is that of the first argument.",
            inner: .ofType("while evaluating an element of the list passed to builtins.findFile")
        ) { $0.findFileStep() }
    ]
}

/// `findFile`: the first entry of a search path whose prefix fits and below which the file exists. All entries are looked
/// at before the name, as Nix does.
struct FindFileFrame: BuiltinFrame {
    let searchPath: Value
    let name: Value
    /// The entry that is looked at; null until the first step.
    @Held var index: Int
    /// The paths of the entries before it, as strings.
    @Held var paths: ArrayRef
    /// Whether what the entry's path was coerced to is at the top when a step begins.
    @Held var isCoerced: Bool
}

extension Interpreter {
    private var frame: FindFileFrame {
        @inline(__always) _read { yield topFrame(as: FindFileFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: FindFileFrame.self).pointee }
    }

    func findFileStep() -> Step {
        guard let list = expectList(0) else { return .error }
        if frame.$index.isNull {
            guard reserve(Size.array(list.count)) else { return .collect }
            frame.paths = makeArray(list.count)
            frame.index = 0
        }
        if frame.isCoerced {
            frame.isCoerced = false
            keep(path: pop())
        }
        while frame.index < list.count {
            let step = readEntry(list.slot(frame.index))
            if step != .next { return step }
        }
        if !isForced(argumentSlot(1)) { return .force }
        guard let name = expectPlainString(1) else { return .error }
        var longest = 0
        for index in 0..<list.count {
            guard poll(at: index) else { return .error }
            longest = max(longest, frame.paths[index].string.count)
        }
        guard reserveCopies(6, length: name.count + longest) else { return .collect }
        return search(list, for: Array(name.bytes))
    }

    private func keep(path: Value) {
        frame.paths[frame.index] = path
        noteWrite(frame.paths.object)
        frame.index += 1
    }

    /// Checks an entry and keeps its path.
    private func readEntry(_ entry: Slot) -> Step {
        if !isForced(entry) { return .force }
        guard entry.pointee.isAttributes else { return failExpected("a set", entry.pointee) }
        if let prefix = lookup(entry.pointee.attributes, Symbols.prefix) {
            if !isForced(prefix) { return .force }
            guard isPlainString(prefix.pointee) else { return .error }
        }
        guard let path = lookup(entry.pointee.attributes, Symbols.path) else {
            return failMissingAttribute(entry.pointee, Symbols.path.number)
        }
        if !isForced(path) { return .force }
        if path.pointee.isString || path.pointee.isPath {
            keep(path: path.pointee)
            return .next
        }
        frame.isCoerced = true
        push(.builtin(.coerce))
        push(path.pointee)
        push(Value(small: Int(Coercion().rawValue)))
        state.pointee.callCount = 2
        return .call
    }

    private func search(_ list: ListRef, for name: [UInt8]) -> Step {
        for index in 0..<list.count {
            let prefix = lookup(list[index].attributes, Symbols.prefix).map { Array($0.pointee.string.bytes) }
            guard let rest = CanonPath.rest(of: name, after: prefix ?? []) else { continue }
            let entry = frame.paths[index]
            let step = checkBuilt(entry)
            if step != .next { return step }
            let directory = Array(entry.string.bytes)
            guard let found = existing(directory, rest) else { continue }
            guard reserve(Size.string(found.count)) else { return .collect }
            return done(makePath(found))
        }
        if let rest = CanonPath.rest(of: name, after: Array("nix".utf8)), !rest.isEmpty {
            let path = CorePackages.directory + [CanonPath.separator] + rest
            guard reserve(Size.string(path.count)) else { return .collect }
            return done(makePath(path))
        }
        return fail(.thrown, notFound(MessageText.shortened(name)))
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
                    Array("warning: Nix search path entry '".utf8) + MessageText.excerpt(directory)
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
    /// The function that calls the outputs of a flake with its locked inputs.
    public static let callFlake = directory + Array("/call-flake.nix".utf8)
    /// The function that reads what a flake declares.
    public static let flakeInputs = directory + Array("/flake-inputs.nix".utf8)
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
