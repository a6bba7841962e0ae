import NixStore

/// `path` and `filterSource`: trees as store objects, perhaps without some of their entries.
///
/// Both are frames. After their arguments and a marker come the slots of a walk, which asks the filter about each entry
/// in the order in which the archive has them: root, filter, accepted paths, their length, phase. Above lie the entries
/// still to be asked about, two values each, path and type.
extension Machine {
    static let sourceBuiltins: [BuiltinDefinition] = [
        .frame("filterSource", 2, strict: [], slots: 6) { $0.filterSourceStep() },
        .frame("path", 1, slots: 6) { $0.pathStep() },
    ]
}

/// Where a walk is, in its last slot.
private enum WalkPhase {
    /// The directory at the top, or the root, is to be read.
    static let expand = 0
    /// The filter is to be asked about the entry at the top.
    static let ask = 1
    /// The filter's answer is at the top, above the entry.
    static let answer = 2
}

extension Interpreter {
    fileprivate func filterSourceStep() -> Step {
        coercedPath(1, marker: 2) {
            if bp[7].isNull {
                if !isForced(bp) { return .force }
                guard isCallable(bp[0]) else {
                    return failExpected(
                        "a function", bp[0], context: ArgumentContext.table["filterSource"]?[0].text)
                }
                guard let root = resolvedRoot(bp[1]) else { return .error }
                guard reserve(Size.string(root.count)) else { return .collect }
                startWalk(bp + 3, root: makeString(root), filter: bp[0])
            }
            let step = walk(bp + 3)
            if step != .next { return step }
            let name = CanonPath.baseName(of: CanonPath.canonicalize(Array(bp[1].object.byteBuffer)))
            return addWalked(bp + 3, name: name, method: .nar, expected: nil)
        }
    }

    fileprivate func pathStep() -> Step {
        guard bp[0].isAttributes else { return failExpected("a set", bp[0]) }
        let arguments: PathArguments
        switch readPathArguments() {
        case .success(let found): arguments = found
        case .failure(let pending): return pending.step
        }
        if bp[6].isNull {
            guard let root = resolvedRoot(arguments.path) else { return .error }
            guard reserve(Size.string(root.count)) else { return .collect }
            startWalk(bp + 2, root: makeString(root), filter: arguments.method == .flat ? .null : arguments.filter)
        }
        let step = walk(bp + 2)
        if step != .next { return step }
        warnOfAssumedHash(arguments.assumedHash)
        let base = CanonPath.baseName(of: CanonPath.canonicalize(Array(arguments.path.object.byteBuffer)))
        return addWalked(
            bp + 2, name: arguments.name.isEmpty ? base : arguments.name, method: arguments.method,
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

    /// The attributes given to `path`, all forced; else the step that comes first. The path itself, once it is
    /// coerced, is kept in slot 1.
    private func readPathArguments() -> Result<PathArguments, Pending> {
        var arguments = PathArguments(path: bp[1])
        let set = bp[0].object
        guard let order = nameOrder(set.layout) else { return .failure(Pending(step: .collect)) }
        for index in 0..<set.field {
            let place = Int(order[index])
            let symbol = set.layout.entries[place].symbol
            let slot = set.attributeValues + place
            let step: Step
            switch symbol {
            case Symbols.path: step = coercePathArgument(slot, &arguments)
            case Symbols.name, Symbols.filter, Symbols.recursive, Symbols.sha256:
                step = isForced(slot) ? readPathArgument(symbol, slot.pointee, &arguments) : .force
            default:
                let name = String(decoding: state.pointee.symbols.bytes(symbol), as: UTF8.self)
                step = fail(.value, "unsupported argument '\(name)' to 'builtins.path'")
            }
            if step != .next { return .failure(Pending(step: step)) }
        }
        if bp[1].isNull {
            return .failure(
                Pending(
                    step: fail(.value, "missing required 'path' attribute in the first argument to 'builtins.path'")))
        }
        return .success(arguments)
    }

    /// Slot 1 is true while the coercion runs; its result is then at the top.
    private func coercePathArgument(_ slot: Slot, _ arguments: inout PathArguments) -> Step {
        if bp[1].isTrue { bp[1] = pop() }
        if bp[1].isNull {
            if !isForced(slot) { return .force }
            guard slot.pointee.isPath || slot.pointee.isString else {
                bp[1] = .true
                push(.builtin(Builtin.coerce))
                push(slot.pointee)
                push(Value(small: 0))
                state.pointee.callCount = 2
                return .call
            }
            bp[1] = slot.pointee
        }
        arguments.path = bp[1]
        guard bp[1].object.byteBuffer.first == CanonPath.separator else {
            let text = String(decoding: bp[1].object.byteBuffer, as: UTF8.self)
            return fail(.value, "string '\(text)' doesn't represent an absolute path")
        }
        return checkBuilt(bp[1])
    }

    private func readPathArgument(_ symbol: UInt32, _ value: Value, _ arguments: inout PathArguments) -> Step {
        switch symbol {
        case Symbols.name:
            guard isPlainString(value) else { return .error }
            arguments.name = Array(value.object.byteBuffer)
        case Symbols.filter:
            guard value.isFunction || value.isAttributes else { return failExpected("a function", value) }
            arguments.filter = value
        case Symbols.recursive:
            guard value.isBool else { return failExpected("a Boolean", value) }
            arguments.method = value.isTrue ? .nar : .flat
        default:
            guard isPlainString(value) else { return .error }
            do throws(StoreError) {
                arguments.hash = try parseHash(Array(value.object.byteBuffer), .sha256)
                if value.object.field == 0 { arguments.assumedHash = arguments.hash }
            } catch {
                return fail(.value, bytes: error.message)
            }
        }
        return .next
    }

    /// Where the tree at a path really lies; nil with `failure` set.
    private func resolvedRoot(_ path: Value) -> [UInt8]? {
        do throws(EvalIOError) {
            return try machine.io.resolveSymlinks(CanonPath.canonicalize(Array(path.object.byteBuffer)), .full)
        } catch {
            _ = fail(error)
            machine.notes.append(.text(addingText(path)))
            return nil
        }
    }

    /// Whether the walk whose slots these are has begun.
    func isWalking(_ slots: Slot) -> Bool { slots[0].isString }

    func addingText(_ path: Value) -> String {
        "while adding path '\(String(decoding: CanonPath.canonicalize(Array(path.object.byteBuffer)), as: UTF8.self))'"
    }

    private func startWalk(_ slots: Slot, root: Value, filter: Value) {
        slots[0] = root
        slots[1] = filter
        slots[3] = Value(small: 0)
        slots[4] = Value(small: WalkPhase.expand)
    }

    /// Asks the filter about everything below the root; `.next` when that is done.
    private func walk(_ slots: Slot) -> Step {
        if slots[1].isNull { return .next }
        let base = slots + 5
        while true {
            switch slots[4].small {
            case WalkPhase.expand:
                let step = expand(slots, isRoot: sp == base)
                if step != .next { return step }
            case WalkPhase.answer:
                let verdict = pop()
                guard verdict.isBool else {
                    return failExpected(
                        "a Boolean", verdict,
                        context: "while evaluating the return value of the path filter function")
                }
                slots[4] = Value(small: verdict.isTrue ? WalkPhase.expand : WalkPhase.ask)
                if !verdict.isTrue { sp -= 2 }
            default:
                if sp == base { return .next }
                let entry = sp - 2
                slots[4] = Value(small: WalkPhase.answer)
                push(slots[1])
                push(entry[0])
                push(entry[1])
                state.pointee.callCount = 2
                return .call
            }
        }
    }

    /// Accepts the entry at the top and puts what it holds in its place.
    private func expand(_ slots: Slot, isRoot: Bool) -> Step {
        let path = Array((isRoot ? slots[0] : sp[-2]).object.byteBuffer)
        var entries: [DirectoryEntry] = []
        do throws(EvalIOError) {
            if try machine.io.fileType(path) == .directory { entries = try machine.io.readDirectory(path) }
        } catch {
            return fail(error)
        }
        let prefix = path == [CanonPath.separator] ? path : path + [CanonPath.separator]
        let length = slots[3].small
        let needed = length + path.count + 1
        let grows = slots[2].isNull || slots[2].object.field < needed
        let capacity = Interpreter.builderCapacity(needed)
        let strings = entries.reduce(0) { $0 + Size.string(prefix.count + $1.name.count) }
        guard reserve(strings + (grows ? Size.bytes(capacity) : 0)) else { return .collect }
        guard reserveSlots(2 * entries.count + 8) else { return .collect }
        guard charge(1 + entries.count) else { return .error }
        if grows {
            let larger = allocate(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !slots[2].isNull, !copy(slots[2].object.bytes, to: larger.bytes, count: length) { return .error }
            slots[2] = Value(Tag.other, larger)
        }
        if !isRoot {
            for (offset, byte) in path.enumerated() { slots[2].object.bytes[length + offset] = byte }
            slots[2].object.bytes[length + path.count] = 0
            slots[3] = Value(small: needed)
            sp -= 2
        }
        // The last pushed comes first.
        for entry in entries.reversed() {
            push(makeString(prefix + entry.name))
            push(nameString(state.pointee.symbols.intern(Array(entry.type.rawValue.utf8))))
        }
        slots[4] = Value(small: WalkPhase.ask)
        return .next
    }

    /// The store path of what was walked.
    private func addWalked(_ slots: Slot, name: [UInt8], method: ContentAddressMethod, expected: Hash?) -> Step {
        let root = Array(slots[0].object.byteBuffer)
        var accepted: Set<[UInt8]>?
        if !slots[1].isNull {
            let bytes = slots[2].isNull ? [] : Array(slots[2].object.byteBuffer[..<slots[3].small])
            accepted = Set(bytes.split(separator: 0).map(Array.init))
        }
        guard let path = addToStore(root, name: name, method: method, accepted: accepted) else { return .error }
        if let expected {
            let wanted = try? StorePath.fixed(name: name, expected, method)
            if wanted != path {
                return fail(
                    .value,
                    bytes: Array("store path mismatch in (possibly filtered) path added from '".utf8) + root
                        + Array("'".utf8))
            }
        }
        return done(storePathString(path))
    }
}
