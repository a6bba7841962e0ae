/// The parts of an opcode's table row that builder, verifier and disassembler need for every instruction, without
/// references.
struct OpcodeLayout: Sendable {
    var first: Operand?
    var second: Operand?
    var next: StackEffect
    var taken: StackEffect?
    /// Whether the last operand is a jump.
    var hasJump: Bool
    var minimumCount: Int
    var traits: OpcodeTraits

    init(_ info: OpcodeInfo) {
        first = info.operands.first
        second = info.operands.count > 1 ? info.operands[1] : nil
        next = info.next
        taken = info.taken
        hasJump = info.operands.last == .jump
        minimumCount = info.minimumCount
        traits = info.traits
    }

    static let all: [OpcodeLayout] = Opcode.table.map(OpcodeLayout.init)
}

extension Opcode {
    var layout: OpcodeLayout { OpcodeLayout.all[Int(rawValue)] }

    var minimumCount: Int { layout.minimumCount }

    /// The properties that backtraces depend on.
    public var traits: OpcodeTraits { layout.traits }
}

extension StackEffect {
    /// The numbers of values that the effect pops and pushes.
    ///
    /// - Parameter count: the count operand, or the number of names of the shape or formals operand.
    /// - Returns: nil if no instruction follows along the edge, or if the numbers overflow.
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

    /// The number of values that an instruction pops along an edge that nothing follows; 0 for other edges.
    ///
    /// - Parameter count: the count operand; so large that the numbers overflow, it exceeds any stack height.
    func endingPops(count: Int) -> Int {
        guard case .ends(let pops, let multiplier) = self else { return 0 }
        let (product, productOverflow) = multiplier.multipliedReportingOverflow(by: count)
        let (sum, sumOverflow) = product.addingReportingOverflow(pops)
        return productOverflow || sumOverflow ? .max : sum
    }
}
