/// What builder, verifier and disassembler need of a table row, free of references: they ask for it at every
/// instruction.
struct OpcodeLayout: Sendable {
    var first: Operand?
    var second: Operand?
    var next: StackEffect
    var taken: StackEffect?
    /// The jump operand is always the last.
    var hasJump: Bool

    init(_ info: OpcodeInfo) {
        first = info.operands.first
        second = info.operands.count > 1 ? info.operands[1] : nil
        next = info.next
        taken = info.taken
        hasJump = info.operands.last == .jump
    }

    static let all: [OpcodeLayout] = Opcode.table.map(OpcodeLayout.init)
}

extension Opcode {
    var layout: OpcodeLayout { OpcodeLayout.all[Int(rawValue)] }

    /// Smallest count operand the opcode takes. A call without arguments, a string of no parts and an empty addition
    /// of attributes mean nothing.
    public var minimumCount: Int {
        switch self {
        case .call, .tailCall, .interpolate, .interpolatePath, .dynamicAttributes: 1
        default: 0
        }
    }
}

extension StackEffect {
    /// What the effect takes and leaves.
    ///
    /// - Parameter count: the count operand, or the number of names of the shape or formals operand.
    /// - Returns: nil for an edge along which nothing follows, or when the numbers overflow.
    func resolved(count: Int) -> (pops: Int, pushes: Int)? {
        switch self {
        case .fixed(let pops, let pushes):
            return (pops, pushes)
        case .counted(let multiplier, let plus):
            let (product, productOverflow) = multiplier.multipliedReportingOverflow(by: count)
            let (sum, sumOverflow) = product.addingReportingOverflow(plus)
            return productOverflow || sumOverflow ? nil : (sum, 1)
        case .shape:
            return (count, 1)
        case .formals:
            return (0, count)
        case .ends:
            return nil
        }
    }
}
