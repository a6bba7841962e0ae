extension Chunk {
    /// The offset and opcode of each instruction, in order. The list ends at the first invalid instruction.
    public func instructionStarts() -> [(offset: Int, opcode: Opcode)] {
        var reader = CodeReader(code)
        var starts: [(offset: Int, opcode: Opcode)] = []
        do throws(VerificationError.Code) {
            while !reader.isAtEnd {
                let offset = reader.offset
                let opcode = try reader.opcode()
                for operand in opcode.info.operands { try reader.skip(operand) }
                starts.append((offset, opcode))
            }
        } catch { return starts }
        return starts
    }
}

extension CodeReader {
    /// Skips an operand.
    mutating func skip(_ operand: Operand) throws(Failure) {
        switch operand {
        case .jump: _ = try jumpTarget()
        case .coercion: _ = try byte()
        case .captures:
            let packed = try number()
            for _ in 0..<packed / 2 + packed % 2 { _ = try integer() }
        case .deferred:
            for _ in 0..<(try number()) {
                _ = try integer()
                _ = try integer()
            }
        default: _ = try integer()
        }
    }
}
