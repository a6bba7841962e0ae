/// An operand of an instruction, as the builder encodes it.
public enum OperandValue: Hashable, Sendable {
    case constant(UInt32)
    /// An integer within `ProgramLimits.smallIntegers`.
    case signed(Int64)
    case count(Int)
    case slot(Int)
    case upvalue(Int)
    case chunk(UInt32)
    case symbol(UInt32)
    /// The index of a shape, and its number of names.
    case shape(UInt32, names: Int)
    /// The index of formals, and their number.
    case formals(UInt32, names: Int)
    case position(Position)
    /// The positions of the captures, and that of the `with` chain if the chunk captures it.
    case captures([Position], with: Position?)
    case deferred([DeferredCapture])
    case coercion(Coercion)

    /// The kind of the operand in the opcode table.
    var operand: Operand {
        switch self {
        case .constant: .constant
        case .signed: .signed
        case .count: .count
        case .slot: .slot
        case .upvalue: .upvalue
        case .chunk: .chunk
        case .symbol: .symbol
        case .shape: .shape
        case .formals: .formals
        case .position: .position
        case .captures: .captures
        case .deferred: .deferred
        case .coercion: .coercion
        }
    }
}

/// A capture that `finalise` sets, and the slot whose value it receives.
public struct DeferredCapture: Hashable, Sendable {
    /// The index among the captures of the closure or thunk.
    public var capture: Int
    public var slot: Int

    public init(capture: Int, slot: Int) {
        self.capture = capture
        self.slot = slot
    }
}
