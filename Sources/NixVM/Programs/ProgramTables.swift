import NixBytecode

/// One chunk as the loop uses it.
struct LoadedChunk: BitwiseCopyable {
    var code: UnsafePointer<UInt8>
    var tables: UnsafePointer<ProgramTables>
    var arity: UInt32
    var maximumStack: UInt32
    /// Index of the program, and of the chunk in it.
    var program: UInt32
    var index: UInt32
}

/// What a program's instructions refer to, by index.
struct ProgramTables: BitwiseCopyable {
    var constants: UnsafePointer<Value>
    /// The machine's symbol for each of the program's.
    var symbols: UnsafePointer<UInt32>
    var shapes: UnsafePointer<LoadedShape>
    var formals: UnsafePointer<LoadedFormals>
    /// The machine's index of the program's first chunk.
    var firstChunk: Int
    var program: Int

    /// Of the machine's own code, which refers to nothing.
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

/// A shape's layout in the permanent range and where each pushed value goes.
struct LoadedShape: BitwiseCopyable {
    var layout: Object
    var count: Int
    /// For each value in the order pushed, its place in the layout.
    var places: UnsafePointer<UInt32>
}

/// A pattern's names sorted by symbol, for one walk along the argument's layout.
struct LoadedFormals: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        var symbol: UInt32
        /// Place among the formals in source order.
        var place: UInt32
    }

    var count: Int
    /// The position number of each formal in source order.
    var positions: UnsafePointer<UInt32>
    var sorted: UnsafePointer<Entry>
    var defaults: UnsafePointer<LoadedDefault>
    /// Bytes that the thunks of all defaults take.
    var defaultBytes: Int
    var hasEllipsis: Bool
}

/// A formal's default: a value, or a chunk and captures; neither when the name is required.
struct LoadedDefault: BitwiseCopyable {
    /// `absent` for a thunk or a required name.
    var value: Value
    /// The machine's chunk, or -1.
    var chunk: Int
    var captureCount: Int
    var captures: UnsafePointer<UInt64>
}
