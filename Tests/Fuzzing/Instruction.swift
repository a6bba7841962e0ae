@testable import NixBytecode

/// A decoded instruction, which can be changed and encoded again.
struct Instruction {
    /// An operand. That of a jump is the index of the target instruction.
    enum Part {
        case number(UInt64)
        case byte(UInt8)
        case jump(Int)
    }

    var opcode: Opcode
    var parts: [Part]

    /// Decodes verified code.
    static func decode(_ code: [UInt8]) throws(VerificationError.Code) -> [Instruction] {
        var reader = CodeReader(code)
        var starts: [Int: Int] = [:]
        var instructions: [Instruction] = []
        while !reader.isAtEnd {
            starts[reader.offset] = instructions.count
            let opcode = try reader.opcode()
            var parts: [Part] = []
            for operand in opcode.info.operands { try read(operand, &reader, &parts) }
            instructions.append(Instruction(opcode: opcode, parts: parts))
        }
        // Converts the code offsets of jump targets to instruction indices.
        for index in instructions.indices {
            instructions[index].parts = instructions[index].parts.map { part in
                if case .jump(let target) = part { .jump(starts[target] ?? instructions.count) } else { part }
            }
        }
        return instructions
    }

    private static func read(
        _ operand: Operand, _ reader: inout CodeReader, _ parts: inout [Part]
    ) throws(VerificationError.Code) {
        switch operand {
        case .jump: parts.append(.jump(try reader.jumpTarget()))
        case .coercion: parts.append(.byte(try reader.byte()))
        case .captures:
            let packed = try reader.number()
            parts.append(.number(UInt64(packed)))
            for _ in 0..<packed / 2 + packed % 2 { parts.append(.number(try reader.integer())) }
        case .deferred:
            let count = try reader.number()
            parts.append(.number(UInt64(count)))
            for _ in 0..<count * 2 { parts.append(.number(try reader.integer())) }
        default: parts.append(.number(try reader.integer()))
        }
    }

    /// Encodes instructions. Backward jumps are redirected to the end.
    static func encode(_ instructions: [Instruction]) -> [UInt8] {
        var code: [UInt8] = []
        var starts: [Int] = []
        var jumps: [(offset: Int, target: Int)] = []
        for instruction in instructions {
            starts.append(code.count)
            code.append(instruction.opcode.rawValue)
            for part in instruction.parts {
                switch part {
                case .number(let value): VU128.append(value, to: &code)
                case .byte(let value): code.append(value)
                case .jump(let target):
                    jumps.append((code.count, target))
                    code += [0, 0, 0, 0]
                }
            }
        }
        for jump in jumps {
            let target = jump.target < starts.count ? starts[jump.target] : code.count
            let distance = UInt32(clamping: max(0, target - jump.offset - 4))
            for index in 0..<4 { code[jump.offset + index] = UInt8(truncatingIfNeeded: distance >> UInt32(8 * index)) }
        }
        return code
    }

    /// The numbers of values popped and pushed along an edge, according to the opcode table.
    private func effect(_ effect: StackEffect, _ program: Program) -> (pops: Int, pushes: Int)? {
        effect.resolved(count: count(program))
    }

    private func count(_ program: Program) -> Int {
        for (operand, part) in zip(opcode.info.operands, parts) {
            guard case .number(let value) = part else { continue }
            let index = Int(clamping: value)
            switch operand {
            case .count: return index
            case .shape: return index < program.shapes.count ? program.shapes[index].names.count : 0
            case .formals: return index < program.formals.count ? program.formals[index].formals.count : 0
            default: continue
            }
        }
        return 0
    }

    /// The maximum stack height of code, computed like in the verifier.
    static func maximumStack(_ instructions: [Instruction], arity: Int, _ program: Program) -> Int {
        var arrivals: [Int: Int] = [:]
        var height = arity
        var maximum = arity
        for (index, instruction) in instructions.enumerated() {
            if let arrival = arrivals[index] { height = arrival }
            if let taken = instruction.opcode.info.taken, let effect = instruction.effect(taken, program),
                case .jump(let target)? = instruction.parts.last
            {
                let after = height &- effect.pops &+ effect.pushes
                arrivals[target] = after
                maximum = max(maximum, after)
            }
            guard let effect = instruction.effect(instruction.opcode.info.next, program) else { continue }
            height = height &- effect.pops &+ effect.pushes
            maximum = max(maximum, height)
        }
        return maximum
    }
}
