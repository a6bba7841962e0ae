extension ChunkBuilder {
    /// Checks that operands are within their ranges.
    ///
    /// - Returns: the count operand, or the number of names of the shape or formals operand; 0 if there is none.
    static func check(
        _ opcode: Opcode, _ first: OperandValue?, _ second: OperandValue?
    ) throws(BuilderError) -> Int {
        var count = 0
        if let first, let found = try check(opcode, first) { count = found }
        if let second, let found = try check(opcode, second) { count = found }
        return count
    }

    private static func check(_ opcode: Opcode, _ value: OperandValue) throws(BuilderError) -> Int? {
        let valid: Bool
        var count: Int?
        switch value {
        case .signed(let integer): valid = ProgramLimits.smallIntegers.contains(integer)
        case .count(let number):
            valid = number >= opcode.minimumCount && number <= ProgramLimits.stack
            count = number
        case .shape(_, let names), .formals(_, let names):
            valid = names >= 0 && names <= ProgramLimits.stack
            count = names
        case .slot(let index): valid = index >= 0 && index < ProgramLimits.stack
        case .upvalue(let index): valid = index >= 0 && index < ProgramLimits.upvalues
        case .coercion(let coercion): valid = coercion.isSubset(of: .known)
        case .deferred(let pairs): valid = pairs.allSatisfy { $0.capture >= 0 && $0.slot >= 0 }
        case .constant, .chunk, .symbol, .position, .captures: valid = true
        }
        guard valid else { throw .wrongOperands(opcode) }
        return count
    }

    /// Appends an operand that was checked.
    mutating func append(_ value: OperandValue) {
        switch value {
        case .constant(let index), .chunk(let index), .symbol(let index), .shape(let index, _), .formals(let index, _):
            appendVarint(UInt64(index))
        case .signed(let integer): appendVarint(VU128.zigzag(integer))
        case .count(let number), .slot(let number), .upvalue(let number):
            appendVarint(UInt64(truncatingIfNeeded: number))
        case .position(let position): appendVarint(position.rawValue)
        case .captures(let captures, let with): append(captures, with: with)
        case .deferred(let pairs):
            appendVarint(UInt64(pairs.count))
            for pair in pairs {
                appendVarint(UInt64(truncatingIfNeeded: pair.capture))
                appendVarint(UInt64(truncatingIfNeeded: pair.slot))
            }
        case .coercion(let coercion): appendByte(coercion.rawValue)
        }
    }

    private mutating func append(_ captures: [Position], with chain: Position?) {
        appendVarint(UInt64(captures.count) << 1 | (chain == nil ? 0 : 1))
        for capture in captures { appendVarint(capture.rawValue) }
        if let chain { appendVarint(chain.rawValue) }
    }
}

extension Coercion {
    /// The bits that are defined.
    static let known: Coercion = [.any, .copyToStore]
}
