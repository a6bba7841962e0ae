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
        let start = encodedPrograms.count
        encodedPrograms += source.encoded
        catalogue.programs.append(
            ImageCatalogue.Program(
                name: loaded.origin.sourceName, directory: loaded.origin.directory, sizes: sizes,
                firstChunk: loaded.firstChunk, tables: address, encoded: start..<encodedPrograms.count,
                file: source.file, key: source.key, scopeNames: source.scopeNames, text: source.text))
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
        for index in ImageWriter.firstProgramChunk..<count where UInt(bitPattern: chunks[index].code) != 0 {
            let program = Int(chunks[index].program)
            chunks[index].tables = Self.pointer(tableAddresses[program])
            chunks[index].code = Self.pointer(addCode(chunks[index], machine.programs[program]))
        }
    }

    /// Adds the code of a chunk. Chunks without code share the step that asks for it.
    private mutating func addCode(_ chunk: LoadedChunk, _ program: LoadedProgram) -> UInt {
        if interpreter.isMakingCode(chunk) { return stub }
        return tables.add(chunk.code, program.codeSize(Int(chunk.index)))
    }

    /// The machine's own chunks come before those of programs. They are set up anew in each machine.
    static let firstProgramChunk = 4
}

extension Interpreter {
    /// Whether a chunk has no code yet.
    func isMakingCode(_ chunk: LoadedChunk) -> Bool {
        chunk.code == stepCode(.makeCode) || machine.image.map { UInt(bitPattern: chunk.code) == $0.stub } ?? false
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
