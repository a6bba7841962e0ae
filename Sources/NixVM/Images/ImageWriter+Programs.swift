import NixBytecode

/// The tables of the programs and of the chunks.
extension ImageWriter {
    /// Adds the tables of all programs, and the machine's table of chunks.
    mutating func addPrograms() throws(ImageError) {
        stub = tables.add(interpreter.stepCode(.makeCode), 8)
        for number in 0..<machine.programs.count { try add(machine.programs[number]) }
        addChunks()
        // Decoding may read a few bytes beyond the end of a chunk.
        _ = tables.reserve(16)
    }

    private mutating func add(_ loaded: LoadedProgram) throws(ImageError) {
        let sizes = loaded.origin.sizes
        guard loaded.failure == nil, loaded.origin.hasReservedChunks, let source = sources(loaded.number) else {
            throw .unsupported("the program of '\(loaded.origin.sourceName)' is not complete")
        }
        let address = tables.reserve(MemoryLayout<ProgramTables>.stride)
        let constants = tables.add(loaded.constants, sizes.constants)
        let symbols = tables.add(loaded.symbols, sizes.symbols)
        let shapes = addShapes(loaded, sizes.shapes)
        let formals = addFormals(loaded, sizes.formals)
        var table = loaded.tables.pointee
        table.constants = Self.pointer(constants)
        table.symbols = Self.pointer(symbols)
        table.shapes = Self.pointer(shapes)
        table.formals = Self.pointer(formals)
        tables.store(table, at: address)
        tableAddresses.append(address)
        let linked = addLinked(loaded, source)
        catalogue.programs.append(
            ImageCatalogue.Program(
                name: loaded.origin.sourceName, directory: loaded.origin.directory, sizes: sizes,
                firstChunk: loaded.firstChunk, tables: address, linked: linked.address, linkedBytes: linked.count,
                file: source.file, key: source.key, scopeNames: source.scopeNames, text: source.text))
    }

    /// Adds a program as it is encoded. The loop may read a few bytes behind its code.
    private mutating func addLinked(
        _ loaded: LoadedProgram, _ source: ImageProgramSource
    ) -> (address: UInt, count: Int) {
        guard let linked = loaded.origin.linked else {
            linkedPrograms.append((UnsafeRawBufferPointer(start: nil, count: 0), 0))
            let address = tables.reserve(source.linked.count + LinkedProgram.slack)
            source.linked.withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { tables.copy(base, bytes.count, to: address) }
            }
            return (address, source.linked.count)
        }
        let bytes = linked.bytes
        let address = tables.reserve(bytes.count + LinkedProgram.slack)
        if let base = bytes.baseAddress {
            tables.copy(base.assumingMemoryBound(to: UInt8.self), bytes.count, to: address)
        }
        linkedPrograms.append((bytes, address))
        return (address, bytes.count)
    }

    private static func pointer<Element>(_ address: UInt) -> UnsafePointer<Element> {
        UnsafePointer(bitPattern: address).unsafelyUnwrapped
    }

    private mutating func addShapes(_ loaded: LoadedProgram, _ capacity: Int) -> UInt {
        let address = tables.add(loaded.shapes, capacity)
        for index in 0..<loaded.shapes.count {
            var shape = loaded.shapes.base[index]
            // Entries that were not set are zero.
            guard UInt(bitPattern: shape.indices) != 0 else { continue }
            shape.indices = Self.pointer(tables.add(shape.indices, shape.count))
            tables.store(shape, at: address + UInt(index * MemoryLayout<LoadedShape>.stride))
        }
        return address
    }

    private mutating func addFormals(_ loaded: LoadedProgram, _ capacity: Int) -> UInt {
        let address = tables.add(loaded.formals, capacity)
        for index in 0..<loaded.formals.count {
            var formals = loaded.formals.base[index]
            guard UInt(bitPattern: formals.sorted) != 0 else { continue }
            formals.positions = Self.pointer(tables.add(formals.positions, formals.count))
            formals.sorted = Self.pointer(tables.add(formals.sorted, formals.count))
            formals.defaults = Self.pointer(addDefaults(formals))
            tables.store(formals, at: address + UInt(index * MemoryLayout<LoadedFormals>.stride))
        }
        return address
    }

    private mutating func addDefaults(_ formals: LoadedFormals) -> UInt {
        let address = tables.add(formals.defaults, formals.count)
        for index in 0..<formals.count {
            var value = formals.defaults[index]
            // The captures of a constant are never read.
            value.captures = Self.pointer(value.chunk < 0 ? stub : tables.add(value.captures, value.captureCount))
            tables.store(value, at: address + UInt(index * MemoryLayout<LoadedDefault>.stride))
        }
        return address
    }

    private mutating func addChunks() {
        let count = state.pointee.chunkCount
        chunks = Array(UnsafeBufferPointer(start: state.pointee.chunks, count: count))
        // The machine's own chunks get the addresses of each process that maps the image.
        chunks[0].code = Self.pointer(stub)
        for index in 0..<ImageWriter.firstProgramChunk { chunks[index].tables = Self.pointer(stub) }
        for index in ImageWriter.firstProgramChunk..<count where UInt(bitPattern: chunks[index].code) != 0 {
            let program = Int(chunks[index].program)
            chunks[index].tables = Self.pointer(tableAddresses[program])
            chunks[index].code = Self.pointer(addCode(chunks[index], machine.programs[program]))
        }
    }

    /// The address that the code of a chunk gets. Chunks without code share the step that makes it.
    private mutating func addCode(_ chunk: LoadedChunk, _ program: LoadedProgram) -> UInt {
        if interpreter.isMakingCode(chunk.code) { return stub }
        let linked = linkedPrograms[program.number]
        if let base = linked.bytes.baseAddress {
            let offset = UnsafeRawPointer(chunk.code) - base
            if offset >= 0, offset < linked.bytes.count { return linked.address + UInt(offset) }
        }
        return tables.add(chunk.code, program.codeSize(Int(chunk.index)))
    }

    /// The machine's own chunks come before those of programs. They are set up anew in each machine.
    static let firstProgramChunk = 4
}

extension Interpreter {
    /// Whether code is the step of a chunk that has no code yet.
    func isMakingCode(_ code: UnsafePointer<UInt8>) -> Bool {
        code == stepCode(.makeCode) || machine.image.map { UInt(bitPattern: code) == $0.stub } ?? false
    }
}

extension ImageTables {
    /// Adds a table with room for as many entries as it may get.
    mutating func add<Element>(_ table: borrowing GrowingTable<Element>, _ capacity: Int) -> UInt {
        let address = reserve(max(capacity, table.count, 1) * MemoryLayout<Element>.stride)
        copy(UnsafePointer(table.base), table.count, to: address)
        return address
    }
}
