import NixBytecode
import NixStore

/// Loading the entries of a program's tables.
extension Machine {
    func load(
        _ constant: Constant, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> Value {
        try budget.work()
        switch constant {
        case .integer(let number): return try integer(number, &budget)
        case .float(let bits):
            let object = try budget.permanent(words: 2)
            object[0] = Object.header(Kind.float, field: 0)
            object[1] = bits
            return Value(Tag.other, object)
        case .string(let bytes):
            // The program keeps its copy for now, so both are counted.
            try budget.require(2 * bytes.count)
            return try bytes.withUnsafeBufferPointer { (bytes) throws(EvalFailure) in try string(bytes, &budget) }
        case .path(let bytes):
            // Making a path canonical takes a few temporary copies of it.
            try budget.require(4 * (loaded.origin.directory.count + bytes.count))
            var path = CanonPath.absolute(bytes, relativeTo: loaded.origin.directory)
            // The first part of an interpolated path keeps its trailing slash.
            if path.count > 1, bytes.last == UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
            return try path.withUnsafeBufferPointer { (path) throws(EvalFailure) in
                Value(Tag.other, try text(Kind.path, path, &budget))
            }
        case .global(let symbol):
            let name = name(of: symbol, in: loaded)
            if let value = globals[name] {
                // A constant is not forced, so this one is the time itself.
                guard value.isThunk else { return value }
                readsClock = true
                return startTime
            }
            throw EvalFailure(kind: .undefinedVariable, message: Array("undefined variable '".utf8) + name + [0x27])
        }
    }

    func integer(_ number: Int64, _ budget: inout LoadBudget) throws(EvalFailure) -> Value {
        if Value.smallRange.contains(Int(number)) { return Value(small: Int(number)) }
        let object = try budget.permanent(words: 2)
        object[0] = Object.header(Kind.integer, field: 0)
        object[1] = UInt64(bitPattern: number)
        return Value(Tag.other, object)
    }

    /// A string in the permanent range.
    func string(_ bytes: UnsafeBufferPointer<UInt8>, _ budget: inout LoadBudget) throws(EvalFailure) -> Value {
        Value(Tag.string, try text(Kind.string, bytes, &budget))
    }

    private func text(
        _ kind: UInt64, _ bytes: UnsafeBufferPointer<UInt8>, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> Object {
        guard bytes.count <= Int(UInt32.max) else { throw memoryFailure }
        let object = try budget.permanent(words: 1 + Object.words(forBytes: bytes.count))
        fill(object, kind, bytes)
        return object
    }

    /// An integer for the machine's own use.
    func permanentInteger(_ number: Int64) -> Value {
        if Value.smallRange.contains(Int(number)) { return Value(small: Int(number)) }
        let object = state.pointee.heap.allocatePermanent(words: 2)
        object[0] = Object.header(Kind.integer, field: 0)
        object[1] = UInt64(bitPattern: number)
        return Value(Tag.other, object)
    }

    /// A string or path for the machine's own use.
    func permanentBytes(_ kind: UInt64, _ bytes: [UInt8]) -> Object {
        let object = state.pointee.heap.allocatePermanent(words: 1 + Object.words(forBytes: bytes.count))
        bytes.withUnsafeBufferPointer { fill(object, kind, $0) }
        return object
    }

    private func fill(_ object: Object, _ kind: UInt64, _ bytes: UnsafeBufferPointer<UInt8>) {
        let words = Object.words(forBytes: bytes.count)
        object[0] = Object.header(kind, field: bytes.count)
        if words > 0 { object[words] = 0 }
        if let base = bytes.baseAddress { object.bytes.update(from: base, count: bytes.count) }
    }

    func load(
        _ shape: Shape, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> LoadedShape {
        let count = shape.names.count
        guard count <= Int(UInt32.max) else { throw memoryFailure }
        try budget.work(1 + count / 8)
        let (layout, keys, indices) = try room(forShape: count, loaded, &budget)
        if count <= Self.insertedNames {
            insert(shape, loaded, keys, indices)
        } else {
            try sort(shape, loaded, keys, indices, &budget)
        }
        return LoadedShape(layout: layout, count: count, indices: UnsafePointer(indices))
    }

    /// Room for a layout with `count` names, for its keys, and for the index of each name's key.
    func room(
        forShape count: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> (
        layout: Object, keys: UnsafeMutablePointer<UInt64>, indices: UnsafeMutablePointer<UInt32>
    ) {
        let layout = try budget.permanent(words: 2 + count)
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        // The order of the names is made in the permanent range on first use. That does not check the memory limit, so
        // the order is counted now.
        try budget.charge(
            8 + 8 * Object.words(forBytes: 4 * count) + LoadedProgram.blockBytes(count, of: UInt32.self)
                + positionBytes(count))
        return (layout, layout + 2, loaded.block(count, of: UInt32.self))
    }

    /// The bytes that `count` more attribute positions may take, including the old copy while their table grows.
    func positionBytes(_ count: Int) -> Int {
        2 * count * MemoryLayout<(program: UInt32, span: SourceSpan)>.stride
    }

    /// The number of names up to which insertion sort is used.
    static let insertedNames = 24

    /// Writes the keys of a shape, sorted by symbol, and the index of each name's key.
    private func insert(
        _ shape: Shape, _ loaded: LoadedProgram, _ keys: UnsafeMutablePointer<UInt64>,
        _ indices: UnsafeMutablePointer<UInt32>
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.insertedNames) { order in
            for index in shape.names.indices { insert(key(shape.names[index], loaded), index, into: keys, order) }
            for sorted in shape.names.indices {
                indices[Int(order[sorted])] = UInt32(truncatingIfNeeded: sorted)
            }
        }
    }

    /// Inserts the key of the name with an index into the sorted keys of the names before it, and likewise the index into
    /// their order.
    @inline(__always)
    func insert(
        _ key: UInt64, _ index: Int, into keys: UnsafeMutablePointer<UInt64>,
        _ order: UnsafeMutableBufferPointer<UInt32>
    ) {
        var sorted = index
        while sorted > 0, keys[sorted - 1] > key {
            keys[sorted] = keys[sorted - 1]
            order[sorted] = order[sorted - 1]
            sorted -= 1
        }
        keys[sorted] = key
        order[sorted] = UInt32(truncatingIfNeeded: index)
    }

    private func sort(
        _ shape: Shape, _ loaded: LoadedProgram, _ keys: UnsafeMutablePointer<UInt64>,
        _ indices: UnsafeMutablePointer<UInt32>, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.require(shape.names.count * 2 * MemoryLayout<SymbolSort.Entry>.stride)
        var order = SymbolSort(shape.names.count)
        for (index, name) in shape.names.enumerated() {
            try budget.work()
            order.append(symbol: loaded.symbols.base[Int(name.symbol)], index: index)
            // Positions are numbered in the order of the names.
            indices[index] = attributePosition(name.span, loaded)
        }
        try order.sort(symbolCount: state.pointee.symbols.count, &budget)
        for (sorted, entry) in order.entries.enumerated() {
            keys[sorted] = LayoutEntry(entry.symbol, indices[Int(entry.index)]).bits
            indices[Int(entry.index)] = UInt32(truncatingIfNeeded: sorted)
        }
    }

    /// The layout entry of a name. Its upper half is the symbol.
    private func key(_ name: Shape.Name, _ loaded: LoadedProgram) -> UInt64 {
        LayoutEntry(loaded.symbols.base[Int(name.symbol)], attributePosition(name.span, loaded)).bits
    }

    /// Loads a pattern without its defaults, which `fillDefaults` adds.
    func load(
        _ formals: Formals, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> LoadedFormals {
        let count = formals.formals.count
        let target = try room(forFormals: count, loaded, &budget)
        try budget.require(count * 2 * MemoryLayout<SymbolSort.Entry>.stride)
        var order = SymbolSort(count)
        for (index, formal) in formals.formals.enumerated() {
            try budget.work()
            order.append(symbol: loaded.symbols.base[Int(formal.symbol)], index: index)
            target.positions[index] = attributePosition(formal.span, loaded)
        }
        try order.sort(symbolCount: state.pointee.symbols.count, &budget)
        for (position, entry) in order.entries.enumerated() {
            target.sorted[position] = LoadedFormals.Entry(symbol: entry.symbol, index: entry.index)
        }
        return LoadedFormals(
            positions: UnsafePointer(target.positions), count: count, sorted: UnsafePointer(target.sorted),
            defaults: UnsafePointer(target.defaults), defaultBytes: 0, hasEllipsis: formals.hasEllipsis)
    }

    /// Room for the tables of `count` formals.
    func room(
        forFormals count: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> (
        sorted: UnsafeMutablePointer<LoadedFormals.Entry>, positions: UnsafeMutablePointer<UInt32>,
        defaults: UnsafeMutablePointer<LoadedDefault>
    ) {
        try budget.charge(
            LoadedProgram.blockBytes(count, of: LoadedFormals.Entry.self)
                + LoadedProgram.blockBytes(count, of: UInt32.self)
                + LoadedProgram.blockBytes(count, of: LoadedDefault.self) + positionBytes(count))
        return (
            loaded.block(count, of: LoadedFormals.Entry.self), loaded.block(count, of: UInt32.self),
            loaded.block(count, of: LoadedDefault.self)
        )
    }

    func fillDefaults(
        _ formals: Formals, _ loaded: LoadedProgram, _ index: Int, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        let loadedFormals = loaded.formals.base + index
        let defaults = UnsafeMutablePointer(mutating: loadedFormals.pointee.defaults)
        for (formalIndex, formal) in formals.formals.enumerated() {
            try budget.work()
            let entry = try loadDefault(formal.defaultValue, loaded, &budget)
            if entry.chunk >= 0 { loadedFormals.pointee.defaultBytes += Size.thunk(entry.captureCount) }
            (defaults + formalIndex).initialize(to: entry)
        }
    }

    private func loadDefault(
        _ value: Formals.Default, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> LoadedDefault {
        switch value {
        case .none: return LoadedDefault(.absent, in: loaded)
        case .constant(let index): return LoadedDefault(loaded.constants.base[Int(index)], in: loaded)
        case .integer(let number): return LoadedDefault(try integer(number, &budget), in: loaded)
        case .null: return LoadedDefault(.null, in: loaded)
        case .true: return LoadedDefault(.true, in: loaded)
        case .false: return LoadedDefault(.false, in: loaded)
        case .thunk(let chunk, let captures, let with):
            let all = captures + (with.map { [$0] } ?? [])
            try budget.work(all.count)
            try budget.charge(LoadedProgram.blockBytes(all.count, of: UInt64.self))
            let positions = loaded.block(all.count, of: UInt64.self)
            for (index, position) in all.enumerated() { positions[index] = position.rawValue }
            return LoadedDefault(
                value: .absent, chunk: loaded.firstChunk + Int(chunk), captureCount: all.count,
                captures: UnsafePointer(positions))
        }
    }
}
