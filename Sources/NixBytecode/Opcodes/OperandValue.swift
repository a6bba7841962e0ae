/// One operand of an instruction, as the builder takes it and the disassembler gives it.
public enum OperandValue: Hashable, Sendable {
    case constant(UInt32)
    /// Within `ProgramLimits.smallIntegers`.
    case signed(Int64)
    case count(Int)
    case slot(Int)
    case upvalue(Int)
    case chunk(UInt32)
    case symbol(UInt32)
    /// A shape and how many names it has.
    case shape(UInt32, names: Int)
    /// Formals and how many they are.
    case formals(UInt32, names: Int)
    case position(Position)
    /// Captures, and where the `with` chain comes from if the chunk captures it.
    case captures([Position], with: Position?)
    case deferred([DeferredCapture])
    case coercion(Coercion)

    /// The table's word for it.
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

/// A capture that `finalise` sets: which one, and the slot whose value it takes.
public struct DeferredCapture: Hashable, Sendable {
    /// Index among the captures of the closure or thunk.
    public var capture: Int
    public var slot: Int

    public init(capture: Int, slot: Int) {
        self.capture = capture
        self.slot = slot
    }
}
