import MessageText
import NixBytecode
import NixStore

/// Builtins that read files, all through the machine's `EvalIO`.
extension Builtin {
    static let files: [Builtin] = [
        .frame(
            "import", [readPath], slots: 2, since: "0.5",
            "The value of a file. The `default.nix` of a directory is taken, and of a derivation's file, the derivation.",
            isGlobal: true,
            backtrace: .result { $0.noteFile(of: $1) }
        ) { interpreter in
            interpreter.coercedPath(0, marker: 1) { interpreter.importStep(scope: nil) }
        },
        .frame(
            "scopedImport", [.checked("scope"), .checked("path", isLazy: true)], slots: 2, since: "1.8",
            "The value of a file in which the attributes of `scope` are variables.", isGlobal: true
        ) { interpreter in
            guard interpreter.argument(0).isAttributes else {
                return interpreter.failExpected("a set", interpreter.argument(0))
            }
            return interpreter.coercedPath(1, marker: 2) { interpreter.importStep(scope: interpreter.argument(0)) }
        },
        .frame("readFile", [readPath], slots: 2, since: "0.11", "The contents of a file.") { interpreter in
            interpreter.coercedPath(0, marker: 1) { interpreter.readFile() }
        },
        .frame(
            "readDir", [readPath], slots: 2, since: "1.8",
            "A set of the names in a directory, each with its type: `regular`, `directory`, `symlink` or `unknown`."
        ) { interpreter in
            interpreter.coercedPath(0, marker: 1) { interpreter.readDirectory() }
        },
        .frame("readFileType", [readPath], slots: 2, since: "2.14", "The type of a file, as `readDir` has it.") {
            interpreter in
            interpreter.coercedPath(0, marker: 1) { interpreter.readFileType() }
        },
        .frame("pathExists", [readPath], slots: 2, since: "0.10", "Whether there is something at a path.") {
            interpreter in
            interpreter.coercedPath(0, marker: 1) { interpreter.pathExists() }
        },
        .frame(
            "toPath", [.checked("path", isLazy: true)], slots: 2, since: "0.10",
            "An absolute path as a string, without `.`, `..` and double slashes."
        ) { interpreter in
            interpreter.coercedPath(0, marker: 1, isRead: false) { interpreter.canonicalPath() }
        },
        .frame(
            "baseNameOf", [.checked("path", isLazy: true)], slots: 1, since: "0.5",
            "What follows the last slash of a path or string.", isGlobal: true
        ) { interpreter in
            interpreter.coerced(0, []) { interpreter.baseName() }
        },
        .frame(
            "dirOf", [.checked("path", .quoted, isLazy: true)], slots: 1, since: "0.9",
            "What precedes the last slash of a path or string.", isGlobal: true
        ) { $0.directoryName() },
        .function(
            "getEnv", [.evaluated("name")], since: "0.10",
            "The value of an environment variable; empty for one that is not set, and in pure evaluations."
        ) { interpreter in
            guard let name = interpreter.expectPlainString(0) else { return .error }
            // The system passes no longer text to a process, so the name is not copied to look for it.
            let isPossible = name.count <= Interpreter.longestVariable
            let value = isPossible ? interpreter.machine.io.environmentVariable(Array(name.bytes)) ?? [] : []
            guard interpreter.reserve(Size.string(value.count)) else { return .collect }
            return interpreter.done(interpreter.makeString(value))
        },
    ]

    /// The path of something that is read.
    private static let readPath = BuiltinArgument.checked(
        "path", .custom("while realising the context of a path"), isLazy: true)
}

extension Interpreter {
    /// The most bytes of a text in the environment of a process (`MAX_ARG_STRLEN` of Linux, with pages of 4 KiB).
    fileprivate static var longestVariable: Int { 1 << 17 }

    /// Coerces an argument to an absolute path's text in place, then goes on.
    ///
    /// - Parameter isRead: whether something is read there, so that what the path refers to must be built.
    func coercedPath(_ index: Int, marker: Int, isRead: Bool = true, _ body: () -> Step) -> Step {
        if !isForced(bp + index) { return .force }
        if bp[index].isPath { return reserveCopies(4, of: bp[index].object) ? body() : .collect }
        return coerced(index, marker: marker, [], flags: Interpreter.absolutePath) {
            guard bp[index].string.bytes.first == UInt8(ascii: "/") else {
                let text = MessageText.shortened(bp[index].string.bytes)
                let step = fail(.value, "string '\(text)' doesn't represent an absolute path")
                if let (builtin, arguments) = runningBuiltin(),
                    let context = context(of: bp[index], builtin, arguments)
                {
                    machine.notes.append(.text(context.text))
                }
                return step
            }
            guard reserveCopies(4, of: bp[index].object) else { return .collect }
            let step = isRead ? checkBuilt(bp[index]) : .next
            return step == .next ? body() : step
        }
    }

    func fail(_ error: EvalIOError) -> Step {
        fail(error.kind == .outsideRoots ? .restricted : .io, bytes: error.message)
    }

    /// Asks the host for the file's program once, then forces its top level.
    fileprivate func importStep(scope: Value?) -> Step {
        let index = scope == nil ? 0 : 1
        let path = CanonPath.canonicalize(Array(bp[index].string.bytes))
        if scope == nil, let root = machine.importRoots[ByteKey(path)] {
            return done(state.pointee.roots[root])
        }
        if scope == nil, StorePath.isStorePath(path), StorePath.isDerivation(path), let step = importDerivation(path) {
            return step
        }
        if let failure = machine.requestFailure {
            machine.requestFailure = nil
            machine.failure = failure
            if failure.position == nil, failure.kind != .parse { machine.failure?.position = currentSourcePosition() }
            return .error
        }
        if let root = machine.answeredProgram {
            machine.answeredProgram = nil
            guard let scope else {
                machine.importRoots[ByteKey(path)] = root
                machine.importedRoots.insert(root)
                return done(state.pointee.roots[root])
            }
            push(state.pointee.roots[root])
            push(scope)
            state.pointee.callCount = 1
            return .tailCall
        }
        guard machine.hasFreeRoot else { return memoryExceeded() }
        if let scope {
            let names = slots(of: scope.object).map { Array(state.pointee.symbols.bytes($0.entry.symbol)) }
            machine.request = .scopedProgram(path: path, names: names.sorted { $0.lexicographicallyPrecedes($1) })
        } else {
            machine.request = .program(path: path)
        }
        return .suspend
    }

    /// A derivation's file as the derivation; nil when there is no such file.
    private func importDerivation(_ path: [UInt8]) -> Step? {
        let index: Int
        do throws(StoreError) {
            if machine.store.derivations.index(path) == nil, (try? machine.io.pathExists(path)) != true { return nil }
            index = try record(of: path)
        } catch {
            return fail(.value, bytes: error.message)
        }
        return withCoreFunction(CorePackages.importedDerivation) { function in
            let table = machine.store.derivations
            let (count, nameBytes) = table.outputSizes(index)
            let longest = 2 * StorePath.prefixLength + path.count
            let size = 4 * Size.string(longest) + 2 * count * Size.string(longest) + 2 * (nameBytes + 8 * count)
            guard reserve(size + Size.list(count) + Size.attributesAndLayout(count + 3)),
                reserveOutside((count + 1) * Interpreter.outputBytes)
            else { return .collect }
            guard var pairs = derivationPairs(index) else { return .error }
            let outputs = makeList(count)
            var place = 0
            table.forEachOutput(index) { name, _ in
                outputs.object.values[place] = makeString(name)
                place += 1
                return true
            }
            pairs.append((Symbols.outputs.number, outputs))
            pairs.append((Symbols.name.number, makeString(Array(StorePath.name(path).dropLast(4)))))
            push(function)
            push(makeAttributes(pairs))
            state.pointee.callCount = 1
            return .tailCall
        }
    }

    /// Reads what is at the path in slot 0. A failure names where symbolic links led.
    private func reading<Content>(_ read: ([UInt8]) throws(EvalIOError) -> Content) throws(EvalIOError) -> Content {
        let path = CanonPath.canonicalize(Array(argument(0).string.bytes))
        do throws(EvalIOError) {
            return try read(path)
        } catch {
            guard let resolved = try? machine.io.resolveSymlinks(path, .full), resolved != path else { throw error }
            return try read(resolved)
        }
    }

    fileprivate func readFile() -> Step {
        let room = roomOutsideHeap
        do throws(EvalIOError) {
            let bytes = try reading { path throws(EvalIOError) in try machine.io.readFile(path, limit: room) }
            if bytes.contains(0) {
                let path = MessageText.shortened(argument(0).string.bytes)
                return fail(.value, "the contents of the file '\(path)' cannot be represented as a Nix string")
            }
            let references = referencesOfObject()
            guard reserve(Size.string(bytes.count) + Size.list(references.count)),
                reserveOutside(
                    contextGrowth(references.count, textBytes: references.reduce(0) { $0 + $1.count }))
            else { return .collect }
            guard charge(1 + bytes.count / 64) else { return .error }
            guard !references.isEmpty else { return done(makeString(bytes)) }
            guard charge(1 + bytes.count / 64),
                let found = StorePath.references(among: references, in: bytes, poll: poll(at:)),
                let context = makeContext(found)
            else { return .error }
            return done(makeString(bytes, context: context))
        } catch { return failReading(error, room: room) }
    }

    /// The store paths to which the object refers whose file is read, and which the file may contain.
    private func referencesOfObject() -> [[UInt8]] {
        let path = CanonPath.canonicalize(Array(argument(0).string.bytes))
        guard let top = StorePath.top(of: path) else { return [] }
        return machine.io.object(top)?.references ?? []
    }

    /// A file that is larger than what the memory limit leaves passes that limit, not one of its own.
    func failReading(_ error: EvalIOError, room: Int) -> Step {
        if case .tooLarge(let limit) = error.kind, limit == room { return memoryExceeded() }
        return fail(error)
    }

    fileprivate func readDirectory() -> Step {
        do throws(EvalIOError) {
            let entries = try reading { path throws(EvalIOError) in try machine.io.readDirectory(path) }
            guard reserve(Size.attributesAndLayout(entries.count)) else { return .collect }
            guard charge(1 + entries.count / 4) else { return .error }
            var pairs: [(symbol: UInt32, value: Value)] = []
            pairs.reserveCapacity(entries.count)
            for (index, entry) in entries.enumerated() {
                guard poll(at: index), let name = symbol(ofCharged: entry.name) else { return .error }
                pairs.append((name, fileTypeString(entry.type)))
            }
            return done(makeAttributes(pairs))
        } catch { return fail(error) }
    }

    /// The name of a file type, as `readDir` returns it.
    func fileTypeString(_ type: FileType) -> Value {
        switch type {
        case .regular: nameString(Symbols.regular.number)
        case .directory: nameString(Symbols.directory.number)
        case .symlink: nameString(Symbols.symlink.number)
        case .unknown: nameString(Symbols.unknown.number)
        }
    }

    fileprivate func readFileType() -> Step {
        do {
            let path = CanonPath.canonicalize(Array(argument(0).string.bytes))
            guard let type = try machine.io.fileType(path) else {
                let text = MessageText.shortened(path)
                return fail(.io, "getting status of '\(text)': No such file or directory")
            }
            return done(fileTypeString(type))
        } catch { return fail(error) }
    }

    fileprivate func pathExists() -> Step {
        let written = Array(argument(0).string.bytes)
        let slash = UInt8(ascii: "/")
        let mustBeDirectory =
            argument(0).isString && (written.last == slash || written.suffix(2) == [slash, UInt8(ascii: ".")])
        do {
            let exists = try machine.io.pathExists(
                CanonPath.canonicalize(written), mustBeDirectory: mustBeDirectory)
            return done(.bool(exists))
        } catch { return done(.false) }
    }

    /// The text in slot 0 as the shortest path to the same place.
    fileprivate func canonicalPath() -> Step {
        guard reserve(Size.string(argument(0).object.field)) else { return .collect }
        let path = CanonPath.canonicalize(Array(argument(0).string.bytes))
        return done(makeString(path, context: argument(0).isString ? context(of: argument(0)) : .null))
    }

    fileprivate func baseName() -> Step {
        guard reserveCopies(2, of: argument(0).object) else { return .collect }
        var bytes = Array(argument(0).string.bytes)
        if bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        if let slash = bytes.lastIndex(of: UInt8(ascii: "/")) { bytes.removeFirst(slash + 1) }
        guard reserve(Size.string(bytes.count)) else { return .collect }
        let context = context(of: argument(0))
        return done(makeString(bytes, context: context))
    }

    fileprivate func directoryName() -> Step {
        if !isForced(argumentSlot(0)) { return .force }
        if argument(0).isPath {
            guard reserveCopies(2, of: argument(0).object) else { return .collect }
            let parent = CanonPath.parent(of: Array(argument(0).string.bytes))
            guard reserve(Size.string(parent.count)) else { return .collect }
            return done(makePath(parent))
        }
        return coerced(0, []) {
            guard reserveCopies(2, of: argument(0).object) else { return .collect }
            let bytes = Array(argument(0).string.bytes)
            let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
            let parent = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(bytes[..<$0]) } ?? [UInt8(ascii: ".")]
            guard reserve(Size.string(parent.count)) else { return .collect }
            let context = context(of: argument(0))
            return done(makeString(parent, context: context))
        }
    }
}
