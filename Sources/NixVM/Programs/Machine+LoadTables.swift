import NixBytecode
import NixStore

/// The entries of a program's tables.
extension Machine {
    func load(_ constant: Constant, _ loaded: LoadedProgram) throws(EvalFailure) -> Value {
        switch constant {
        case .integer(let number): return permanentInteger(number)
        case .float(let bits):
            let object = s.pointee.heap.allocatePermanent(words: 2)
            object[0] = Object.header(Kind.float, field: 0)
            object[1] = bits
            return Value(Tag.other, object)
        case .string(let bytes): return Value(Tag.string, permanentBytes(Kind.string, bytes))
        case .path(let bytes):
            var path = CanonPath.absolute(bytes, relativeTo: loaded.directory)
            // The first part of an interpolated path keeps its slash.
            if path.count > 1, bytes.last == UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
            return Value(Tag.other, permanentBytes(Kind.path, path))
        case .global(let symbol):
            let name = name(of: symbol, in: loaded)
            if let value = globals[name] { return value }
            let text = String(decoding: name, as: UTF8.self)
            throw EvalFailure(kind: .undefinedVariable, message: Array("undefined variable '\(text)'".utf8))
        }
    }

    func permanentInteger(_ number: Int64) -> Value {
        if Value.smallRange.contains(Int(number)) { return Value(small: Int(number)) }
        let object = s.pointee.heap.allocatePermanent(words: 2)
        object[0] = Object.header(Kind.integer, field: 0)
        object[1] = UInt64(bitPattern: number)
        return Value(Tag.other, object)
    }

    func permanentBytes(_ kind: UInt64, _ bytes: [UInt8]) -> Object {
        let words = Object.words(forBytes: bytes.count)
        let object = s.pointee.heap.allocatePermanent(words: 1 + words)
        object[0] = Object.header(kind, field: bytes.count)
        if words > 0 { object[words] = 0 }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { object.bytes.update(from: base, count: $0.count) }
        }
        return object
    }

    func load(_ shape: Shape, _ loaded: LoadedProgram) -> LoadedShape {
        let count = shape.names.count
        let layout = s.pointee.heap.allocatePermanent(words: 2 + count)
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        let places = loaded.block(count, of: UInt32.self)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { order in
            let keys = layout + 2
            if count <= Self.insertedNames {
                insert(shape, loaded, keys, order)
            } else {
                sort(shape, loaded, keys, order)
            }
            for sorted in 0..<count { places[Int(order[sorted])] = UInt32(truncatingIfNeeded: sorted) }
        }
        return LoadedShape(layout: layout, count: count, places: UnsafePointer(places))
    }

    /// Sets of more names are worth a better way to sort.
    private static let insertedNames = 24

    /// Writes the keys of a shape, sorted by symbol, and which name each is of.
    private func insert(
        _ shape: Shape, _ loaded: LoadedProgram, _ keys: UnsafeMutablePointer<UInt64>,
        _ order: UnsafeMutableBufferPointer<UInt32>
    ) {
        for place in shape.names.indices {
            let key = key(shape.names[place], loaded)
            var sorted = place
            while sorted > 0, keys[sorted - 1] > key {
                keys[sorted] = keys[sorted - 1]
                order[sorted] = order[sorted - 1]
                sorted -= 1
            }
            keys[sorted] = key
            order[sorted] = UInt32(truncatingIfNeeded: place)
        }
    }

    private func sort(
        _ shape: Shape, _ loaded: LoadedProgram, _ keys: UnsafeMutablePointer<UInt64>,
        _ order: UnsafeMutableBufferPointer<UInt32>
    ) {
        var entries: [(key: UInt64, place: UInt32)] = []
        entries.reserveCapacity(shape.names.count)
        for (place, name) in shape.names.enumerated() {
            entries.append((key(name, loaded), UInt32(truncatingIfNeeded: place)))
        }
        entries.sort { $0.key < $1.key }
        for (sorted, entry) in entries.enumerated() { (keys[sorted], order[sorted]) = entry }
    }

    /// The entry of a layout, whose high half is the symbol.
    private func key(_ name: Shape.Name, _ loaded: LoadedProgram) -> UInt64 {
        LayoutEntry(loaded.symbols.base[Int(name.symbol)], attributePosition(name.span, loaded)).bits
    }

    /// A pattern, whose defaults `fillDefaults` adds.
    func load(_ formals: Formals, _ loaded: LoadedProgram) -> LoadedFormals {
        let count = formals.formals.count
        let sorted = loaded.block(count, of: LoadedFormals.Entry.self)
        let order = formals.formals.enumerated().map { place, formal in
            LoadedFormals.Entry(
                symbol: loaded.symbols.base[Int(formal.symbol)], place: UInt32(truncatingIfNeeded: place))
        }.sorted { $0.symbol < $1.symbol }
        for (position, entry) in order.enumerated() { sorted[position] = entry }
        let positions = loaded.block(count, of: UInt32.self)
        for (place, formal) in formals.formals.enumerated() {
            positions[place] = attributePosition(formal.span, loaded)
        }
        return LoadedFormals(
            count: count, positions: UnsafePointer(positions), sorted: UnsafePointer(sorted),
            defaults: UnsafePointer(loaded.block(count, of: LoadedDefault.self)), defaultBytes: 0,
            hasEllipsis: formals.hasEllipsis)
    }

    func fillDefaults(_ loaded: LoadedProgram, _ index: Int) {
        let row = loaded.formals.base + index
        let defaults = UnsafeMutablePointer(mutating: row.pointee.defaults)
        for (place, formal) in loaded.program.formals[index].formals.enumerated() {
            let entry = loadDefault(formal.defaultValue, loaded)
            if entry.chunk >= 0 { row.pointee.defaultBytes += Size.thunk(entry.captureCount) }
            (defaults + place).initialize(to: entry)
        }
    }

    private func loadDefault(
        _ value: Formals.Default, _ loaded: LoadedProgram
    ) -> LoadedDefault {
        let none = UnsafeRawPointer(loaded.tables).assumingMemoryBound(to: UInt64.self)
        func constant(_ value: Value) -> LoadedDefault {
            LoadedDefault(value: value, chunk: -1, captureCount: 0, captures: none)
        }
        switch value {
        case .none: return constant(.absent)
        case .constant(let index): return constant(loaded.constants.base[Int(index)])
        case .integer(let number): return constant(permanentInteger(number))
        case .null: return constant(.null)
        case .true: return constant(.true)
        case .false: return constant(.false)
        case .thunk(let chunk, let captures, let with):
            let all = captures + (with.map { [$0] } ?? [])
            let positions = loaded.block(all.count, of: UInt64.self)
            for (index, position) in all.enumerated() { positions[index] = position.rawValue }
            return LoadedDefault(
                value: .absent, chunk: loaded.firstChunk + Int(chunk), captureCount: all.count,
                captures: UnsafePointer(positions))
        }
    }
}
