import NixBytecode
import NixStore

extension Machine {
    /// Every family of builtins, in the order of the table.
    static let families: [[BuiltinDefinition]] = [
        internalBuiltins, listBuiltins, attributeBuiltins, stringBuiltins, arithmeticBuiltins, typeBuiltins,
        controlBuiltins, fileBuiltins, jsonBuiltins, patternBuiltins, versionBuiltins, hashBuiltins, xmlBuiltins,
        tomlBuiltins, derivationBuiltins, contextBuiltins, storeBuiltins, sourceBuiltins,
        fetchBuiltins, fetchTreeBuiltins,
    ]

    /// The table of builtins, by index.
    static let definitions = Array(families.joined())

    /// The machine's own steps; their order is that of `Builtin.apply` and the following.
    private static let internalBuiltins: [BuiltinDefinition] = [
        .frame("<evaluate>", 0, slots: 0) { _ in .next },
        .frame("<apply>", 0, slots: 0) { $0.applyStep() },
        .frame("<applyRest>", 0, slots: 0) { $0.applyRestStep() },
        .frame("<equal>", 2, strict: [], slots: 2) { $0.equalDeepStep() },
        .frame("<equalNested>", 2, strict: [], slots: 2) { $0.equalDeepStep() },
        .frame("<lessThan>", 2, strict: [], slots: 3) { $0.lessThanDeepStep() },
        .frame("<add>", 2, strict: [], slots: 2) { $0.addCoercedStep() },
        .frame("<coerceToString>", 2, strict: [], slots: 4) { $0.coerceStep() },
        .frame("<makeCode>", 0, slots: 0) { $0.makeCodeStep() },
        .frame("<deepForce>", 1, strict: [], slots: 2) { $0.deepForceStep() },
        .frame("<writeXML>", 2, strict: [], slots: 6) { $0.writeXMLStep() },
        .frame("<return>", 0, slots: 0) { interpreter in interpreter.done(interpreter.pop()) },
    ]

    /// Names that are not `builtins` functions but variables of the global scope.
    static let plainGlobals: [StaticString] = ["true", "false", "null", "builtins", "derivation"]

    /// The names a program may refer to without binding them, for the compiler: `map`, `__add`, `builtins`, ...
    public static let globalNames: [[UInt8]] = {
        var names: [[UInt8]] = plainGlobals.map { bytes($0) }
        for definition in families.joined() where definition.name.utf8Start[0] != UInt8(ascii: "<") {
            names.append(definition.isGlobal ? bytes(definition.name) : Array("__".utf8) + bytes(definition.name))
        }
        names += constantGlobals.map { bytes($0) }
        return names
    }()

    /// Globals that are values rather than functions.
    static let constantGlobals: [StaticString] = [
        "__nixVersion", "__langVersion", "__currentSystem", "__storeDir", "__nixPath", "__currentTime",
    ]

    static func bytes(_ text: StaticString) -> [UInt8] {
        Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Makes the `builtins` set and the globals.
    func installBuiltins() {
        var entries: [(symbol: UInt32, value: Value)] = []
        for (index, definition) in Machine.definitions.enumerated() {
            let name = Machine.bytes(definition.name)
            builtinNames.append(definition.name.description)
            if definition.name.description == "<fail>" { failIndex = index }
            if name.first == UInt8(ascii: "<") { continue }
            if definition.name.description == "lessThan" { state.pointee.lessThanIndex = index }
            if definition.name.description == "tryEval" { tryEvalIndex = index }
            if definition.name.description == "addErrorContext" { addErrorContextIndex = index }
            if definition.name.description == "toJSON" { toJSONIndex = index }
            if definition.name.description == "import" { importIndex = index }
            if definition.name.description == "derivationStrict" { derivationStrictIndex = index }
            if definition.name.description == "filterSource" { filterSourceIndex = index }
            if definition.name.description == "path" { pathIndex = index }
            if definition.name.description == "sort" { sortIndex = index }
            if definition.name.description == "genericClosure" { genericClosureIndex = index }
            let value = Value.builtin(index)
            entries.append((state.pointee.symbols.intern(name), value))
            globals[definition.isGlobal ? name : Array("__".utf8) + name] = value
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

    private func installConstants(_ entries: inout [(symbol: UInt32, value: Value)]) {
        func add(_ name: StaticString, _ value: Value) {
            entries.append((state.pointee.symbols.intern(name), value))
            globals[Array("__".utf8) + Machine.bytes(name)] = value
        }
        globals[Array("true".utf8)] = .true
        globals[Array("false".utf8)] = .false
        globals[Array("null".utf8)] = .null
        for (name, value) in [("true", Value.true), ("false", Value.false), ("null", Value.null)]
            as [(StaticString, Value)]
        {
            entries.append((state.pointee.symbols.intern(name), value))
        }
        add("nixVersion", permanentString(Machine.nixVersion))
        add("langVersion", Value(small: 6))
        add("storeDir", permanentString("/nix/store"))
        if let system = settings.currentSystem {
            add("currentSystem", Value(Tag.string, permanentBytes(Kind.string, system)))
        }
        if let time = io.currentTime() { add("currentTime", permanentInteger(time)) }
        add("nixPath", searchPathValue(settings.searchPath))
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
    private func searchPathValue(_ entries: [(prefix: [UInt8], path: [UInt8])]) -> Value {
        let list = state.pointee.heap.allocatePermanent(words: 1 + entries.count)
        list[0] = Object.header(Kind.list, field: entries.count)
        for (index, entry) in entries.enumerated() {
            list.values[index] = permanentAttributes([
                (Symbols.path, Value(Tag.string, permanentBytes(Kind.string, entry.path))),
                (Symbols.prefix, Value(Tag.string, permanentBytes(Kind.string, entry.prefix))),
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
        let set = permanentAttributes(
            entries + [(state.pointee.symbols.intern("builtins"), .null), (Symbols.derivation, .null)])
        if let slot = interpreter.lookup(set.object, state.pointee.symbols.intern("builtins")) { slot.pointee = set }
        globals[Array("builtins".utf8)] = set
    }

    /// Makes a function that is written in Nix a builtin and a global.
    ///
    /// - Parameter program: verified; a function that refers to nothing outside itself.
    public func install(function program: Program, as name: String, sourceName: String) throws(EvalFailure) {
        let first = try load(program, name: sourceName, directory: [CanonPath.separator])
        guard let lambda = program.chunks.firstIndex(where: { $0.arity > 0 }) else { return }
        // A closure without captures refers to nothing that moves.
        let object = state.pointee.heap.allocatePermanent(words: 1)
        object[0] = Object.header(Kind.closure, field: first + lambda)
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
