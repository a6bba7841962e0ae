/// Reads instructions of unverified code. The errors are the verifier's.
struct CodeReader {
    typealias Failure = VerificationError.Code

    let code: [UInt8]
    private(set) var offset = 0

    init(_ code: [UInt8], at offset: Int = 0) {
        self.code = code
        self.offset = offset
    }

    var isAtEnd: Bool { offset >= code.count }

    mutating func opcode() throws(Failure) -> Opcode {
        guard let opcode = Opcode(rawValue: try byte()), !opcode.isInternal else { throw .unknownOpcode }
        return opcode
    }

    mutating func byte() throws(Failure) -> UInt8 {
        guard offset < code.count else { throw .truncatedInstruction }
        offset += 1
        return code[offset - 1]
    }

    mutating func integer() throws(Failure) -> UInt64 {
        if offset < code.count, code[offset] < 0x80 {
            offset += 1
            return UInt64(code[offset - 1])
        }
        do throws(VU128.Failure) {
            return try VU128.decode(code, at: &offset)
        } catch {
            switch error {
            case .truncated: throw .truncatedInstruction
            case .notCanonical: throw .notCanonical
            case .overflow: throw .operandOverflow
            }
        }
    }

    /// Reads an index or a count, which has at most 32 bits.
    mutating func number() throws(Failure) -> Int {
        let value = try integer()
        guard value <= UInt64(UInt32.max) else { throw .operandOverflow }
        return Int(value)
    }

    mutating func signed() throws(Failure) -> Int64 {
        let value = VU128.unzigzag(try integer())
        guard ProgramLimits.smallIntegers.contains(value) else { throw .integerOutOfRange }
        return value
    }

    mutating func position() throws(Failure) -> Position { Position(rawValue: try integer()) }

    mutating func coercion() throws(Failure) -> Coercion {
        let coercion = Coercion(rawValue: try byte())
        guard coercion.isSubset(of: .known) else { throw .unknownCoercion }
        return coercion
    }

    /// Reads a jump operand and returns the offset of its target, which is inside the code.
    mutating func jumpTarget() throws(Failure) -> Int {
        guard code.count - offset >= 4 else { throw .truncatedInstruction }
        var distance = 0
        for index in 0..<4 { distance |= Int(code[offset + index]) << (8 * index) }
        offset += 4
        guard distance < code.count - offset else { throw .jumpOutOfRange }
        return offset + distance
    }
}
