import MessageText
import NixStore

/// `path` and `filterSource`: trees as store objects, perhaps without some of their entries.
extension Builtin {
    static let sources: [Builtin] = [
        .frame(
            "filterSource",
            [
                .evaluated("filter", isLazy: true),
                .checked(
                    "path",
                    .custom(
                        "while evaluating the second argument (the path to filter) passed to 'builtins.filterSource'"),
                    isLazy: true),
            ], frame: FilterSourceFrame.self, since: "0.11",
            "The store path of a tree without those entries for which `filter path type` gives `false`.",
            backtrace: BacktraceHook { interpreter, _ in
                interpreter.noteWalk(interpreter.filterSource.walk, of: interpreter.filterSource.path)
            }
        ) { $0.filterSourceStep() },
        .frame(
            "path",
            [
                .checked(
                    "{ path, name, filter, recursive, sha256 }",
                    .custom("while evaluating the argument passed to 'builtins.path'"))
            ], frame: PathFrame.self, since: "2.0",
            "The store path of a file or tree, under a name, filtered, and checked against a hash.",
            backtrace: BacktraceHook { interpreter, _ in
                interpreter.noteWalk(interpreter.path.walk, of: interpreter.path.path)
            }
        ) { $0.pathStep() },
    ]
}

/// A walk through a tree, which asks a filter about each entry in the order in which the archive has them. Above the frame
/// lie the entries still to be asked about, each a path and a type.
private struct Walk: BuiltinFrame {
    /// The path of the tree; null until the walk has begun.
    var root: Value
    /// Null where everything is taken.
    var filter: Value
    /// A bytes object: the paths that were accepted, each ended by 0. Null at first.
    var accepted: Value
    /// Bytes of those paths.
    @Held var length: Int
    @Held var phase: WalkPhase

    var hasBegun: Bool { root.isString }

    /// Begins at a root, given as a string.
    mutating func begin(at root: Value, filter: Value) {
        self.root = root
        self.filter = filter
        length = 0
        phase = .expand
    }
}

private enum WalkPhase: Int, FramePhase {
    /// The directory at the top, or the root, is to be read.
    case expand
    /// The filter is to be asked about the entry at the top.
    case ask
    /// The filter's answer is at the top, above the entry.
    case answer

    static var begin: WalkPhase { .expand }
}

private struct FilterSourceFrame: BuiltinFrame {
    let filter: Value
    let path: Value
    @Held var isCoerced: Bool
    var walk: Walk
}

private struct PathFrame: BuiltinFrame {
    let arguments: Value
    /// The path among them, once it is a path or string; true while it is being coerced.
    var path: Value
    var walk: Walk
}

extension Interpreter {
    fileprivate var filterSource: FilterSourceFrame {
        @inline(__always) _read { yield topFrame(as: FilterSourceFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: FilterSourceFrame.self).pointee }
    }

    fileprivate var path: PathFrame {
        @inline(__always) _read { yield topFrame(as: PathFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: PathFrame.self).pointee }
    }

    fileprivate func filterSourceStep() -> Step {
        coercedPath(1, marker: 2) {
            if !filterSource.walk.hasBegun {
                if !isForced(argumentSlot(0)) { return .force }
                guard isCallable(filterSource.filter) else { return failExpected("a function", filterSource.filter) }
                guard let root = resolvedRoot(filterSource.path) else { return .error }
                guard reserve(Size.string(root.count)) else { return .collect }
                filterSource.walk.begin(at: makeString(root), filter: filterSource.filter)
            }
            let step = advance(&filterSource.walk, above: above(FilterSourceFrame.self))
            if step != .next { return step }
            guard reserveStorePath() else { return .collect }
            let name = CanonPath.baseName(of: CanonPath.canonicalize(Array(filterSource.path.string.bytes)))
            return addWalked(filterSource.walk, of: filterSource.path, name: name, method: .nar, expected: nil)
        }
    }

    fileprivate func pathStep() -> Step {
        guard path.arguments.isAttributes else { return failExpected("a set", path.arguments) }
        let arguments: PathArguments
        switch readPathArguments() {
        case .success(let found): arguments = found
        case .failure(let pending): return pending.step
        }
        if !path.walk.hasBegun {
            guard let root = resolvedRoot(arguments.path) else { return .error }
            guard reserve(Size.string(root.count)) else { return .collect }
            path.walk.begin(at: makeString(root), filter: arguments.method == .flat ? .null : arguments.filter)
        }
        let step = advance(&path.walk, above: above(PathFrame.self))
        if step != .next { return step }
        guard reserveStorePath() else { return .collect }
        warnOfAssumedHash(arguments.assumedHash)
        let base = CanonPath.baseName(of: CanonPath.canonicalize(Array(arguments.path.string.bytes)))
        return addWalked(
            path.walk, of: arguments.path, name: arguments.name.isEmpty ? base : arguments.name,
            method: arguments.method,
            expected: arguments.hash)
    }

    private struct PathArguments {
        var path: Value
        var name: [UInt8] = []
        var filter = Value.null
        var method = ContentAddressMethod.nar
        var hash: Hash?
        /// The hash, where the text for it was empty.
        var assumedHash: Hash?
    }

    private struct Pending: Error {
        var step: Step
    }

    /// The attributes given to `path`, all forced; else the step that comes first.
    private func readPathArguments() -> Result<PathArguments, Pending> {
        var arguments = PathArguments(path: path.path)
        let set = path.arguments.attributes
        guard let order = nameOrder(of: set) else { return .failure(Pending(step: .collect)) }
        for index in 0..<set.count {
            let place = Int(order[index])
            let symbol = set.entries[place].symbol
            let slot = set.values + place
            let step: Step
            switch Symbols(number: symbol) {
            case .path: step = coercePathArgument(slot, &arguments)
            case .name, .filter, .recursive, .sha256:
                step = isForced(slot) ? readPathArgument(symbol, slot.pointee, &arguments) : .force
            default:
                step = fail(.value, "unsupported argument '\(quoted(symbol))' to 'builtins.path'")
            }
            if step != .next { return .failure(Pending(step: step)) }
        }
        if path.path.isNull {
            return .failure(
                Pending(
                    step: fail(.value, "missing required 'path' attribute in the first argument to 'builtins.path'")))
        }
        return .success(arguments)
    }

    private func coercePathArgument(_ slot: Slot, _ arguments: inout PathArguments) -> Step {
        if path.path.isTrue { path.path = pop() }
        if path.path.isNull {
            if !isForced(slot) { return .force }
            guard slot.pointee.isPath || slot.pointee.isString else {
                path.path = .true
                push(.builtin(.coerce))
                push(slot.pointee)
                push(Value(small: 0))
                state.pointee.callCount = 2
                return .call
            }
            path.path = slot.pointee
        }
        guard reserveCopies(4, of: path.path.object) else { return .collect }
        arguments.path = path.path
        guard arguments.path.string.bytes.first == CanonPath.separator else {
            let text = MessageText.shortened(arguments.path.string.bytes)
            return fail(.value, "string '\(text)' doesn't represent an absolute path")
        }
        return checkBuilt(arguments.path)
    }

    private func readPathArgument(_ symbol: UInt32, _ value: Value, _ arguments: inout PathArguments) -> Step {
        switch Symbols(number: symbol) {
        case .name:
            guard isPlainString(value) else { return .error }
            guard reserveCopies(3, of: value.object) else { return .collect }
            arguments.name = Array(value.string.bytes)
        case .filter:
            guard value.isFunction || value.isAttributes else { return failExpected("a function", value) }
            arguments.filter = value
        case .recursive:
            guard value.isBool else { return failExpected("a Boolean", value) }
            arguments.method = value.isTrue ? .nar : .flat
        default:
            guard isPlainString(value) else { return .error }
            guard reserveCopies(3, of: value.object) else { return .collect }
            do throws(StoreError) {
                arguments.hash = try parseHash(Array(value.string.bytes), .sha256)
                if value.string.count == 0 { arguments.assumedHash = arguments.hash }
            } catch {
                return fail(.value, bytes: error.message)
            }
        }
        return .next
    }

    /// Where the tree at a path really lies; nil with `failure` set.
    private func resolvedRoot(_ path: Value) -> [UInt8]? {
        do throws(EvalIOError) {
            return try machine.io.resolveSymlinks(CanonPath.canonicalize(Array(path.string.bytes)), .full)
        } catch {
            _ = fail(error)
            machine.notes.append(.text(addingText(path)))
            return nil
        }
    }

    /// Says which tree is being added, once a walk has begun.
    fileprivate func noteWalk(_ walk: Walk, of path: Value) -> Bool {
        guard walk.hasBegun else { return false }
        machine.notes.append(.text(addingText(path)))
        return true
    }

    func addingText(_ path: Value) -> String {
        "while adding path '\(MessageText.shortened(CanonPath.canonicalize(Array(path.string.bytes))))'"
    }

    /// Asks the filter about everything below the root; `.next` when that is done.
    ///
    /// - Parameter bottom: where the entries begin.
    private func advance(_ walk: inout Walk, above bottom: Slot) -> Step {
        if walk.filter.isNull { return .next }
        while true {
            switch walk.phase {
            case .expand:
                let step = expand(&walk, isRoot: sp == bottom)
                if step != .next { return step }
            case .answer:
                let verdict = pop()
                guard verdict.isBool else {
                    return failExpected(
                        "a Boolean", verdict,
                        context: "while evaluating the return value of the path filter function")
                }
                walk.phase = verdict.isTrue ? .expand : .ask
                if !verdict.isTrue { sp -= 2 }
            case .ask:
                if sp == bottom { return .next }
                let entry = sp - 2
                walk.phase = .answer
                push(walk.filter)
                push(entry[0])
                push(entry[1])
                state.pointee.callCount = 2
                return .call
            }
        }
    }

    /// Accepts the entry at the top and puts what it holds in its place.
    private func expand(_ walk: inout Walk, isRoot: Bool) -> Step {
        let path = Array((isRoot ? walk.root : sp[-2]).string.bytes)
        var entries: [DirectoryEntry] = []
        do throws(EvalIOError) {
            if try machine.io.fileType(path) == .directory { entries = try machine.io.readDirectory(path) }
        } catch {
            return fail(error)
        }
        let prefix = path == [CanonPath.separator] ? path : path + [CanonPath.separator]
        let length = walk.length
        let needed = length + path.count + 1
        let grows = walk.accepted.isNull || walk.accepted.object.field < needed
        let capacity = Interpreter.builderCapacity(needed)
        let strings = entries.reduce(0) { $0 + Size.string(prefix.count + $1.name.count) }
        guard reserve(strings + (grows ? Size.bytes(capacity) : 0)) else { return .collect }
        guard reserveSlots(2 * entries.count + 8) else { return .collect }
        guard charge(1 + entries.count) else { return .error }
        if grows {
            let larger = allocate(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !walk.accepted.isNull, !copy(walk.accepted.object.bytes, to: larger.bytes, count: length) {
                return .error
            }
            walk.accepted = Value(Tag.other, larger)
        }
        if !isRoot {
            let out = walk.accepted.object.bytes + length
            for (offset, byte) in path.enumerated() { out[offset] = byte }
            out[path.count] = 0
            walk.length = needed
            sp -= 2
        }
        // The last pushed comes first.
        for entry in entries.reversed() {
            push(makeString(prefix + entry.name))
            push(fileTypeString(entry.type))
        }
        walk.phase = .ask
        return .next
    }

    /// The store path of what was walked at a path.
    private func addWalked(
        _ walk: Walk, of original: Value, name: [UInt8], method: ContentAddressMethod, expected: Hash?
    ) -> Step {
        let root = Array(walk.root.string.bytes)
        let references = inheritedReferences(of: original)
        var accepted: Set<[UInt8]>?
        if !walk.filter.isNull {
            let bytes = walk.accepted.isNull ? [] : Array(walk.accepted.string.bytes[..<walk.length])
            accepted = Set(bytes.split(separator: 0).map(Array.init))
        }
        guard
            let path = addToStore(root, name: name, method: method, accepted: accepted, references: references)
        else { return .error }
        if let expected {
            let wanted = try? StorePath.fixed(name: name, expected, method, references: references)
            if wanted != path {
                return fail(
                    .value,
                    bytes: Array("store path mismatch in (possibly filtered) path added from '".utf8)
                        + MessageText.excerpt(root)
                        + Array("'".utf8))
            }
        }
        return done(storePath: path)
    }
}
