import NixBytecode

/// A chunk in the form that the loop uses.
struct LoadedChunk: BitwiseCopyable {
    var code: UnsafePointer<UInt8>
    var tables: UnsafePointer<ProgramTables>
    var arity: UInt32
    var maximumStack: UInt32
    /// The index of the program in the machine, and that of the chunk in the program.
    var program: UInt32
    var index: UInt32
}

/// The tables that a program's instructions index.
struct ProgramTables: BitwiseCopyable {
    var constants: UnsafePointer<Value>
    /// The machine's symbol for each symbol of the program.
    var symbols: UnsafePointer<UInt32>
    var shapes: UnsafePointer<LoadedShape>
    var formals: UnsafePointer<LoadedFormals>
    /// The machine's index of the program's first chunk.
    var firstChunk: Int
    var program: Int

    /// The tables of the machine's own code, which does not use them.
    init(none nowhere: UnsafeRawPointer) {
        constants = nowhere.assumingMemoryBound(to: Value.self)
        symbols = nowhere.assumingMemoryBound(to: UInt32.self)
        shapes = nowhere.assumingMemoryBound(to: LoadedShape.self)
        formals = nowhere.assumingMemoryBound(to: LoadedFormals.self)
        firstChunk = 0
        program = -1
    }

    init(
        constants: UnsafePointer<Value>, symbols: UnsafePointer<UInt32>, shapes: UnsafePointer<LoadedShape>,
        formals: UnsafePointer<LoadedFormals>, firstChunk: Int, program: Int
    ) {
        self.constants = constants
        self.symbols = symbols
        self.shapes = shapes
        self.formals = formals
        self.firstChunk = firstChunk
        self.program = program
    }
}

/// A shape: its layout in the permanent range, and where each value goes.
struct LoadedShape: BitwiseCopyable {
    var layout: Object
    var count: Int
    /// The index in the layout of each value, in the order in which the values are pushed.
    var indices: UnsafePointer<UInt32>
}

/// The formals of a pattern, sorted by symbol so that one walk along the argument's layout finds them all.
struct LoadedFormals: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        var symbol: UInt32
        /// The index of the formal in source order.
        var index: UInt32
    }

    /// The position number of each formal in source order.
    var positions: UnsafePointer<UInt32>
    var count: Int
    var sorted: UnsafePointer<Entry>
    var defaults: UnsafePointer<LoadedDefault>
    /// The bytes that the thunks of all defaults take.
    var defaultBytes: Int
    var hasEllipsis: Bool
}

/// The default of a formal, which is a value, or a chunk and captures. A required formal has neither.
struct LoadedDefault: BitwiseCopyable {
    /// This is `absent` for a thunk and for a required formal.
    var value: Value
    /// The machine's index of the chunk, or -1.
    var chunk: Int
    var captureCount: Int
    var captures: UnsafePointer<UInt64>

    init(value: Value, chunk: Int, captureCount: Int, captures: UnsafePointer<UInt64>) {
        self.value = value
        self.chunk = chunk
        self.captureCount = captureCount
        self.captures = captures
    }

    /// A default that is a value, or `absent` for a required formal.
    init(_ value: Value, in loaded: LoadedProgram) {
        // No captures are read, so any address will do.
        let nowhere = UnsafeRawPointer(loaded.tables).assumingMemoryBound(to: UInt64.self)
        self.init(value: value, chunk: -1, captureCount: 0, captures: nowhere)
    }
}
