import NixBytecode
import NixStore

extension Machine {
    /// The names a program may refer to without binding them, for the compiler: `map`, `__add`, `builtins`, ...
    public static let globalNames: [[UInt8]] =
        BuiltinTable.globals.map(\.name) + BuiltinConstant.all.map(\.globalName)

    /// Makes the `builtins` set and the globals.
    func installBuiltins() {
        var entries: [(symbol: UInt32, value: Value)] = []
        entries.reserveCapacity(BuiltinTable.builtins.count + BuiltinConstant.all.count)
        globals.reserveCapacity(BuiltinTable.globals.count + BuiltinConstant.all.count)
        for (builtin, global) in zip(BuiltinTable.builtins, BuiltinTable.globals) {
            entries.append((state.pointee.symbols.intern(Array(builtin.name.utf8)), global.value))
            globals[global.name] = global.value
        }
        installApplications()
        installConstants(&entries)
        installBuiltinsSet(entries)
    }

    /// The chunks behind thunks that apply a function to one or two arguments.
    private func installApplications() {
        for kind in 1...3 {
            let count = min(kind, 2)
            let code = state.pointee.heap.allocatePermanent(words: 2)
            let bytes = UnsafeMutableRawPointer(code).assumingMemoryBound(to: UInt8.self)
            var length = 0
            func emit(_ byte: UInt8) {
                bytes[length] = byte
                length += 1
            }
            for upvalue in 0...count {
                emit(Opcode.getUpvalue.rawValue)
                emit(UInt8(upvalue))
            }
            emit(Opcode.tailCall.rawValue)
            emit(UInt8(count))
            let chunk = state.pointee.chunkCount
            state.pointee.chunks[chunk] = LoadedChunk(
                code: UnsafePointer(bytes), tables: UnsafePointer(state.pointee.machineTables), arity: 0,
                maximumStack: 4, program: .max, index: 0)
            state.pointee.chunkCount += 1
            switch kind {
            case 1: state.pointee.applyOneChunk = chunk
            case 2: state.pointee.applyTwoChunk = chunk
            default: state.pointee.applyMappedChunk = chunk
            }
        }
    }

    /// `builtins.currentTime`. Where an image may be made, it is a thunk, which records that it is forced.
    var clockValue: Value {
        guard region != nil else { return startTime }
        let thunk = state.pointee.heap.allocatePermanent(words: 3)
        thunk[0] = Object.header(Kind.thunk, count: 2, field: state.pointee.applyOneChunk)
        thunk[1] = Value.builtin(.readClock).bits
        thunk[2] = Value.null.bits
        return Value(Tag.thunk, thunk)
    }

    private func installConstants(_ entries: inout [(symbol: UInt32, value: Value)]) {
        for constant in BuiltinConstant.all {
            var value = Value.null
            if case .machine(let make) = constant.source {
                guard let made = make(self) else { continue }
                value = made
                globals[constant.globalName] = value
            }
            entries.append((state.pointee.symbols.intern(Array(constant.name.utf8)), value))
        }
    }

    /// Whether this machine has a global variable.
    public func hasGlobal(_ name: [UInt8]) -> Bool { globals[name] != nil }

    /// Changes `builtins.nixPath`, and with it what `<NAME>` finds. Only before anything is loaded.
    public func setSearchPath(_ entries: [(prefix: [UInt8], path: [UInt8])]) {
        let value = searchPathValue(entries)
        globals[Array("__nixPath".utf8)] = value
        guard let builtins = globals[Array("builtins".utf8)],
            let slot = interpreter.lookup(builtins.object, state.pointee.symbols.intern("nixPath"))
        else { return }
        slot.pointee = value
    }

    /// `builtins.nixPath`: a list of `{ path, prefix }`.
    func searchPathValue(_ entries: [(prefix: [UInt8], path: [UInt8])]) -> Value {
        let list = state.pointee.heap.allocatePermanent(words: 1 + entries.count)
        list[0] = Object.header(Kind.list, field: entries.count)
        for (index, entry) in entries.enumerated() {
            list.values[index] = permanentAttributes([
                (Symbols.path.number, Value(Tag.string, permanentBytes(Kind.string, entry.path))),
                (Symbols.prefix.number, Value(Tag.string, permanentBytes(Kind.string, entry.prefix))),
            ])
        }
        return Value(Tag.list, list)
    }

    func permanentString(_ text: String) -> Value { Value(Tag.string, permanentBytes(Kind.string, Array(text.utf8))) }

    func permanentAttributes(_ pairs: [(symbol: UInt32, value: Value)]) -> Value {
        let sorted = pairs.sorted { $0.symbol < $1.symbol }
        let layout = state.pointee.heap.allocatePermanent(words: 2 + sorted.count)
        layout[0] = Object.header(Kind.layout, field: sorted.count)
        layout[1] = Value.null.bits
        let set = state.pointee.heap.allocatePermanent(words: 2 + sorted.count)
        set[0] = Object.header(Kind.attributes, field: sorted.count)
        set[1] = UInt64(UInt(bitPattern: layout))
        for (index, pair) in sorted.enumerated() {
            layout.entries[index] = LayoutEntry(pair.symbol, 0)
            set.attributeValues[index] = pair.value
        }
        return Value(Tag.attributes, set)
    }

    private func installBuiltinsSet(_ entries: [(symbol: UInt32, value: Value)]) {
        let set = permanentAttributes(entries)
        if let slot = interpreter.lookup(set.object, state.pointee.symbols.intern("builtins")) { slot.pointee = set }
        globals[Array("builtins".utf8)] = set
    }

    /// Makes a function that is written in Nix a builtin and a global. It is part of the machine, so it is loaded under any
    /// memory limit. What is loaded next fails if nothing is left.
    ///
    /// - Parameters:
    ///   - program: A verified program, whose function refers to nothing outside itself.
    ///   - name: The name of the builtin.
    ///   - sourceName: The name of the source in positions.
    public func install(function program: Program, as name: String, sourceName: String) throws(EvalFailure) {
        let limit = state.pointee.memoryLimit
        state.pointee.memoryLimit = nil
        defer { state.pointee.memoryLimit = limit }
        let loaded = try load(program, name: sourceName, directory: [CanonPath.separator])
        guard let lambda = program.chunks.firstIndex(where: { $0.arity > 0 }) else { return }
        // A closure without captures refers to nothing that moves.
        let object = state.pointee.heap.allocatePermanent(words: 1)
        object[0] = Object.header(Kind.closure, field: loaded.machineIndex(of: lambda))
        let value = Value(Tag.function, object)
        globals[Array(name.utf8)] = value
        if let set = globals[Array("builtins".utf8)],
            let slot = interpreter.lookup(set.object, state.pointee.symbols.intern(Array(name.utf8)))
        {
            slot.pointee = value
        }
    }

    /// The Nix whose behaviour is implemented.
    public static let nixVersion = "2.18.0"
}
