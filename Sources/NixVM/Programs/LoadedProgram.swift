import NixBytecode
import NixStore

/// A program in a machine: what it refers to, made the machine's own.
final class LoadedProgram {
    let program: Program
    /// What positions call it: a path, `«string»`, `«stdin»`.
    let sourceName: String
    /// The machine's index of its first chunk.
    let firstChunk: Int
    /// First number of its positions: those of attributes, then those of all instructions with a span.
    let firstPosition: UInt32
    /// Spans of attribute positions, in order of number.
    private(set) var positions: [SourceSpan] = []
    /// For each chunk the number of instruction spans in those before it; at the end that in all.
    let instructionStarts: [UInt32]
    private var blocks: [UnsafeMutableRawPointer] = []

    init(program: Program, sourceName: String, firstChunk: Int, firstPosition: UInt32) {
        self.program = program
        self.sourceName = sourceName
        self.firstChunk = firstChunk
        self.firstPosition = firstPosition
        var starts: [UInt32] = [0]
        starts.reserveCapacity(program.chunks.count + 1)
        for chunk in program.chunks {
            starts.append(starts[starts.count - 1] &+ UInt32(truncatingIfNeeded: chunk.instructionSpans.count))
        }
        instructionStarts = starts
    }

    /// How many numbers its positions take.
    var positionCount: UInt32 { UInt32(truncatingIfNeeded: positions.count) &+ (instructionStarts.last ?? 0) }

    /// The span with a number, counted from the program's first.
    func span(ofPosition index: Int) -> SourceSpan? {
        if index < positions.count { return positions[index] }
        let instruction = index - positions.count
        var low = 0
        var high = instructionStarts.count
        while low < high {
            let middle = (low + high) / 2
            if Int(instructionStarts[middle]) <= instruction { low = middle + 1 } else { high = middle }
        }
        guard low > 0, low <= program.chunks.count else { return nil }
        return program.chunks[low - 1].instructionSpans[instruction - Int(instructionStarts[low - 1])].span
    }

    func release() {
        for block in blocks { block.deallocate() }
        blocks = []
    }

    /// A block that lives as long as the program.
    func block<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
        let block = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        blocks.append(UnsafeMutableRawPointer(block))
        return block
    }

    /// The number of an attribute position; 0 without span.
    func position(_ span: SourceSpan?) -> UInt32 {
        guard let span else { return 0 }
        positions.append(span)
        return firstPosition + UInt32(positions.count - 1)
    }
}

extension Machine {
    /// Makes a verified program's constants, layouts and chunks part of the machine.
    ///
    /// - Parameters:
    ///   - directory: what relative paths start from.
    ///   - name: what positions call the source.
    /// - Returns: the machine's index of the top-level chunk, or a failure (an unknown global, the memory limit).
    func load(_ program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> Int {
        guard s.pointee.chunkCount + program.chunks.count <= MachineState.chunkCapacity else {
            throw EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
        }
        let loaded = LoadedProgram(
            program: program, sourceName: name, firstChunk: s.pointee.chunkCount, firstPosition: positionCount)
        let symbols = loaded.block(program.symbols.count, of: UInt32.self)
        for (index, symbol) in program.symbols.enumerated() { symbols[index] = s.pointee.symbols.intern(symbol) }
        let tables = loaded.block(1, of: ProgramTables.self)
        tables.initialize(
            to: ProgramTables(
                constants: UnsafePointer(try loadConstants(loaded, directory)), symbols: UnsafePointer(symbols),
                shapes: UnsafePointer(loadShapes(loaded, symbols)),
                formals: UnsafePointer(loadFormals(loaded, symbols)), firstChunk: loaded.firstChunk,
                program: programs.count))
        fillDefaults(loaded, tables)
        loadChunks(loaded, tables)
        programs.append(loaded)
        positionCount &+= loaded.positionCount
        return loaded.firstChunk
    }

    private func loadConstants(_ loaded: LoadedProgram, _ directory: [UInt8]) throws(EvalFailure)
        -> UnsafeMutablePointer<Value>
    {
        let program = loaded.program
        let constants = loaded.block(program.constants.count, of: Value.self)
        for (index, constant) in program.constants.enumerated() {
            switch constant {
            case .integer(let number): constants[index] = permanentInteger(number)
            case .float(let bits):
                let object = s.pointee.heap.allocatePermanent(words: 2)
                object[0] = Object.header(Kind.float, field: 0)
                object[1] = bits
                constants[index] = Value(Tag.other, object)
            case .string(let bytes): constants[index] = Value(Tag.string, permanentBytes(Kind.string, bytes))
            case .path(let bytes):
                var path = CanonPath.absolute(bytes, relativeTo: directory)
                // The first part of an interpolated path keeps its slash.
                if path.count > 1, bytes.last == UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
                constants[index] = Value(Tag.other, permanentBytes(Kind.path, path))
            case .global(let symbol):
                let name = program.symbols[Int(symbol)]
                guard let value = globals[name] else {
                    let text = String(decoding: name, as: UTF8.self)
                    throw EvalFailure(
                        kind: .undefinedVariable, message: Array("undefined variable '\(text)'".utf8))
                }
                constants[index] = value
            }
        }
        return constants
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

    private func loadShapes(_ loaded: LoadedProgram, _ symbols: UnsafeMutablePointer<UInt32>)
        -> UnsafeMutablePointer<LoadedShape>
    {
        let program = loaded.program
        let shapes = loaded.block(program.shapes.count, of: LoadedShape.self)
        for (index, shape) in program.shapes.enumerated() {
            let count = shape.names.count
            let entries = shape.names.enumerated().map { place, name in
                (entry: LayoutEntry(symbols[Int(name.symbol)], loaded.position(name.span)), place: place)
            }.sorted { $0.entry.symbol < $1.entry.symbol }
            let layout = s.pointee.heap.allocatePermanent(words: 2 + count)
            layout[0] = Object.header(Kind.layout, field: count)
            layout[1] = Value.null.bits
            let places = loaded.block(count, of: UInt32.self)
            for (sorted, entry) in entries.enumerated() {
                layout[2 + sorted] = entry.entry.bits
                places[entry.place] = UInt32(sorted)
            }
            shapes[index] = LoadedShape(layout: layout, count: count, places: UnsafePointer(places))
        }
        return shapes
    }

    private func loadFormals(_ loaded: LoadedProgram, _ symbols: UnsafeMutablePointer<UInt32>)
        -> UnsafeMutablePointer<LoadedFormals>
    {
        let program = loaded.program
        let result = loaded.block(program.formals.count, of: LoadedFormals.self)
        for (index, formals) in program.formals.enumerated() {
            let count = formals.formals.count
            let sorted = loaded.block(count, of: LoadedFormals.Entry.self)
            let order = formals.formals.enumerated().map { place, formal in
                LoadedFormals.Entry(symbol: symbols[Int(formal.symbol)], place: UInt32(place))
            }.sorted { $0.symbol < $1.symbol }
            for (position, entry) in order.enumerated() { sorted[position] = entry }
            let positions = loaded.block(count, of: UInt32.self)
            for (place, formal) in formals.formals.enumerated() { positions[place] = loaded.position(formal.span) }
            result[index] = LoadedFormals(
                count: count, positions: UnsafePointer(positions), sorted: UnsafePointer(sorted),
                defaults: UnsafePointer(loaded.block(count, of: LoadedDefault.self)), defaultBytes: 0,
                hasEllipsis: formals.hasEllipsis)
        }
        return result
    }

    private func fillDefaults(_ loaded: LoadedProgram, _ tables: UnsafeMutablePointer<ProgramTables>) {
        for (index, formals) in loaded.program.formals.enumerated() {
            let row = UnsafeMutablePointer(mutating: tables.pointee.formals) + index
            let defaults = UnsafeMutablePointer(mutating: row.pointee.defaults)
            for (place, formal) in formals.formals.enumerated() {
                let entry = loadDefault(formal.defaultValue, loaded, tables)
                if entry.chunk >= 0 { row.pointee.defaultBytes += Size.thunk(entry.captureCount) }
                (defaults + place).initialize(to: entry)
            }
        }
    }

    private func loadDefault(
        _ value: Formals.Default, _ loaded: LoadedProgram, _ tables: UnsafeMutablePointer<ProgramTables>
    ) -> LoadedDefault {
        let none = UnsafePointer(loaded.block(0, of: UInt64.self))
        func constant(_ value: Value) -> LoadedDefault {
            LoadedDefault(value: value, chunk: -1, captureCount: 0, captures: none)
        }
        switch value {
        case .none: return constant(.absent)
        case .constant(let index): return constant(tables.pointee.constants[Int(index)])
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

    private func loadChunks(_ loaded: LoadedProgram, _ tables: UnsafeMutablePointer<ProgramTables>) {
        let total = loaded.program.chunks.reduce(0) { $0 + $1.code.count }
        // A reader may look a few bytes past the end of a chunk.
        let code = loaded.block(total + 16, of: UInt8.self)
        var next = code
        for (index, chunk) in loaded.program.chunks.enumerated() {
            chunk.code.withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { next.update(from: base, count: bytes.count) }
            }
            s.pointee.chunks[s.pointee.chunkCount] = LoadedChunk(
                code: UnsafePointer(next), tables: UnsafePointer(tables), arity: chunk.arity,
                maximumStack: chunk.maximumStack, program: UInt32(programs.count), index: UInt32(index))
            s.pointee.largestFrame = max(s.pointee.largestFrame, Int(chunk.maximumStack))
            s.pointee.chunkCount += 1
            next += chunk.code.count
        }
    }
}
