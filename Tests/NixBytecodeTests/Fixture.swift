import NixBytecode

/// Programs that are built by hand, which may be invalid.
enum Fixture {
    /// An opcode and the bytes of its operands.
    static func op(_ opcode: Opcode, _ operands: UInt8...) -> [UInt8] { [opcode.rawValue] + operands }

    /// An opcode whose last operand is a jump, with the bytes of its operands.
    static func jump(_ opcode: Opcode, _ first: UInt8..., over distance: UInt8) -> [UInt8] {
        [opcode.rawValue] + first + [distance, 0, 0, 0]
    }

    static func chunk(
        _ kind: Chunk.Kind, _ code: [UInt8]..., stack: UInt32, arity: UInt32 = 0, upvalues: UInt32 = 0,
        with: Bool = false, formals: UInt32? = nil
    ) -> Chunk {
        Chunk(
            kind: kind, arity: arity, upvalueCount: upvalues, capturesWith: with, formals: formals,
            parameters: Array(repeating: nil, count: Int(arity)), name: nil, spans: [], code: code.flatMap { $0 },
            maximumStack: stack, instructionSpans: [])
    }

    static func top(_ code: [UInt8]..., stack: UInt32) -> Chunk {
        chunk(.topLevel, code.flatMap { $0 }, stack: stack)
    }

    /// Symbols `a`, `b`, `c`; constants: a string, an integer, a float, a path and a global; shapes `{}`, `{a, b}`.
    static func program(_ chunks: Chunk..., formals: [Formals] = []) -> Program {
        Program(
            symbols: ["a", "b", "c"].map { Array($0.utf8) },
            constants: [
                .string(Array("text".utf8)), .integer(1 << 62), .float(0x3FF8_0000_0000_0000),
                .path(Array("./file".utf8)), .global(0),
            ],
            shapes: [
                Shape(names: []),
                Shape(names: [Shape.Name(symbol: 0, span: nil), Shape.Name(symbol: 1, span: nil)]),
            ], formals: formals, chunks: chunks, lines: nil)
    }

    static func formals(_ defaults: Formals.Default...) -> Formals {
        Formals(
            formals: defaults.enumerated().map {
                Formals.Formal(symbol: UInt32($0.offset), defaultValue: $0.element, span: nil)
            }, hasEllipsis: false)
    }

    static let null = op(.null)
    static let end = op(.return)
    static let nullThunk = chunk(.thunk, null, end, stack: 1)
}
