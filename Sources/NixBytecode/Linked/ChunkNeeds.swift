/// The entries and chunks of a program that the machine must have before it runs a chunk: what its code refers to, and
/// what making closures of the functions among that refers to.
///
/// The encoding is that of numbers in programs. There is a list for the symbols, the constants, the shapes, the formals
/// and the chunks, in this order: a count, and the indices in ascending order, each as the difference to the one before;
/// the index of a chunk is followed by the chunk's arity. What a shape or formals refer to is in no list, but for the
/// constants and the thunks of defaults.
struct ChunkNeeds {
    private var symbols: [Int] = []
    private var constants: [Int] = []
    private var shapes: [Int] = []
    private var formals: [Int] = []
    private var chunks: [Int] = []

    /// Appends the needs of a chunk of a verified program.
    mutating func encode(_ chunk: Int, of program: Program, to bytes: inout [UInt8]) {
        symbols.removeAll(keepingCapacity: true)
        constants.removeAll(keepingCapacity: true)
        shapes.removeAll(keepingCapacity: true)
        formals.removeAll(keepingCapacity: true)
        chunks.removeAll(keepingCapacity: true)
        // The program is verified, so reading its code does not fail.
        try? collect(from: program.chunks[chunk].code)
        if let own = program.chunks[chunk].formals { formals.append(Int(own)) }
        for child in chunks {
            if let patterns = program.chunks[child].formals { formals.append(Int(patterns)) }
        }
        for entry in formals { collectDefaults(program.formals[entry]) }
        for list in [symbols, constants, shapes, formals] { Self.append(list, to: &bytes) { _, _ in } }
        Self.append(chunks, to: &bytes) { child, bytes in
            VU128.append(UInt64(program.chunks[child].arity), to: &bytes)
        }
    }

    private mutating func collect(from code: [UInt8]) throws(VerificationError.Code) {
        var reader = CodeReader(code)
        while !reader.isAtEnd {
            let opcode = try reader.opcode()
            for operand in opcode.info.operands {
                switch operand {
                case .symbol: symbols.append(try reader.number())
                case .constant: constants.append(try reader.number())
                case .shape: shapes.append(try reader.number())
                case .formals: formals.append(try reader.number())
                case .chunk: chunks.append(try reader.number())
                default: try reader.skip(operand)
                }
            }
        }
    }

    private mutating func collectDefaults(_ pattern: Formals) {
        for formal in pattern.formals {
            switch formal.defaultValue {
            case .constant(let index): constants.append(Int(index))
            case .thunk(let chunk, _, _): chunks.append(Int(chunk))
            case .none, .integer, .null, .true, .false: break
            }
        }
    }

    /// Appends the different elements of a list in ascending order.
    private static func append(
        _ list: [Int], to bytes: inout [UInt8], _ addition: (_ index: Int, _ bytes: inout [UInt8]) -> Void
    ) {
        var unique = list
        if unique.count > 1 {
            unique.sort()
            var last = -1
            unique.removeAll { index in
                defer { last = index }
                return index == last
            }
        }
        VU128.append(UInt64(unique.count), to: &bytes)
        var previous = 0
        for index in unique {
            VU128.append(UInt64(index - previous), to: &bytes)
            addition(index, &bytes)
            previous = index
        }
    }
}
