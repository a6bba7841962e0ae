import TestSupport

@testable import NixBytecode

/// Mutates programs in sensitive parts: operands, the order of instructions, captures, headers and tables. The maximum
/// stack height is recomputed, so that mutants pass more than the first check.
public struct ProgramMutator {
    private var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A mutated program; nil if there is nothing to mutate.
    public mutating func mutate(_ program: Program) -> Program? {
        var program = program
        for _ in 0...random.below(3) {
            guard !program.chunks.isEmpty else { return nil }
            if random.chance(12) {
                changeTables(&program)
            } else {
                changeChunk(&program, random.below(program.chunks.count))
            }
        }
        return program
    }

    private mutating func changeChunk(_ program: inout Program, _ index: Int) {
        var chunk = program.chunks[index]
        guard var code = try? Instruction.decode(chunk.code), !code.isEmpty else { return }
        if random.chance(6) {
            changeHeader(&chunk)
        } else {
            changeCode(&code, program)
        }
        chunk.code = Instruction.encode(code)
        chunk.maximumStack = UInt32(clamping: Instruction.maximumStack(code, arity: Int(chunk.arity), program))
        // The offsets of spans are no longer valid.
        chunk.instructionSpans = []
        program.chunks[index] = chunk
    }

    private mutating func changeHeader(_ chunk: inout Chunk) {
        switch random.below(5) {
        case 0: chunk.upvalueCount = UInt32(random.below(6))
        case 1: chunk.capturesWith.toggle()
        case 2: chunk.formals = chunk.formals == nil ? UInt32(random.below(3)) : nil
        case 3: chunk.kind = [.lambda, .thunk, .topLevel][random.below(3)]
        default:
            chunk.arity = UInt32(random.below(4))
            chunk.parameters = Array(repeating: nil, count: Int(chunk.arity))
        }
    }

    private mutating func changeCode(_ code: inout [Instruction], _ program: Program) {
        let position = random.below(code.count)
        switch random.below(10) {
        case 0: code.swapAt(position, random.below(code.count))
        case 1 where position + 1 < code.count: code.swapAt(position, position + 1)
        case 2: code[position].opcode = relative(of: code[position].opcode)
        case 3: insert(code[random.below(code.count)], at: position, &code)
        case 4 where code.count > 1: remove(at: position, &code)
        case 5: insert(simple(), at: position, &code)
        default: changeOperand(&code[position], program, code.count)
        }
    }

    /// Another opcode with operands of the same kinds.
    private mutating func relative(of opcode: Opcode) -> Opcode {
        let alike = Opcode.table.map(\.opcode).filter {
            $0.info.operands == opcode.info.operands && !$0.isInternal
        }
        return alike[random.below(alike.count)]
    }

    private mutating func simple() -> Instruction {
        let number = Instruction.Part.number(UInt64(random.below(4)))
        switch random.below(8) {
        case 0: return Instruction(opcode: .null, parts: [])
        case 1: return Instruction(opcode: .pop, parts: [])
        case 2: return Instruction(opcode: .getLocal, parts: [number])
        case 3: return Instruction(opcode: .getUpvalueForce, parts: [number])
        case 4: return Instruction(opcode: .force, parts: [])
        case 5: return Instruction(opcode: .list, parts: [number])
        case 6: return Instruction(opcode: .closeScope, parts: [number])
        default: return Instruction(opcode: .call, parts: [.number(UInt64(1 + random.below(2)))])
        }
    }

    private func insert(_ instruction: Instruction, at position: Int, _ code: inout [Instruction]) {
        code = code.map { $0.movingJumps { $0 > position ? $0 + 1 : $0 } }
        code.insert(instruction, at: position)
    }

    private func remove(at position: Int, _ code: inout [Instruction]) {
        code.remove(at: position)
        code = code.map { $0.movingJumps { $0 > position ? $0 - 1 : $0 } }
    }

    private mutating func changeOperand(_ instruction: inout Instruction, _ program: Program, _ count: Int) {
        guard !instruction.parts.isEmpty else { return }
        let position = random.below(instruction.parts.count)
        switch instruction.parts[position] {
        case .jump: instruction.parts[position] = .jump(random.below(count + 1))
        case .byte: instruction.parts[position] = .byte(UInt8(random.below(5)))
        case .number(let value): instruction.parts[position] = .number(number(near: value, program))
        }
    }

    private mutating func number(near value: UInt64, _ program: Program) -> UInt64 {
        switch random.below(8) {
        case 0: value &+ 1
        case 1: value &- (value > 0 ? 1 : 0)
        case 2: UInt64(random.below(4))
        case 3: value ^ UInt64(1 << random.below(4))
        case 4: UInt64(random.below(program.chunks.count + 1))
        case 5: UInt64(random.below(max(1, program.constants.count + program.symbols.count)))
        case 6: UInt64(random.below(64)) << 2 | UInt64(random.below(4))
        default: [0, 127, 128, 65_535, 1 << 24, 1 << 28, UInt64(UInt32.max), .max][random.below(8)]
        }
    }

    private mutating func changeTables(_ program: inout Program) {
        switch random.below(6) {
        case 0 where !program.constants.isEmpty:
            let position = random.below(program.constants.count)
            program.constants[position] = constant(program)
        case 1 where !program.shapes.isEmpty:
            let position = random.below(program.shapes.count)
            if random.chance(50), !program.shapes[position].names.isEmpty {
                program.shapes[position].names.removeLast()
            } else {
                program.shapes[position].names.reverse()
            }
        case 2 where !program.formals.isEmpty:
            let position = random.below(program.formals.count)
            program.formals[position].hasEllipsis.toggle()
            if random.chance(30), !program.formals[position].formals.isEmpty {
                program.formals[position].formals.removeLast()
            }
        case 3 where !program.formals.isEmpty: changeDefault(&program)
        case 4 where program.symbols.count > 1:
            program.symbols.swapAt(random.below(program.symbols.count), random.below(program.symbols.count))
        case 5 where program.chunks.count > 2:
            let first = 1 + random.below(program.chunks.count - 1)
            program.chunks.swapAt(first, 1 + random.below(program.chunks.count - 1))
        default: program.lines = nil
        }
    }

    private mutating func constant(_ program: Program) -> Constant {
        switch random.below(5) {
        case 0: .integer(Int64(bitPattern: random.next()))
        case 1: .float(random.next())
        case 2: .string(Array(repeating: UInt8(ascii: "s"), count: random.below(40)))
        case 3: .path(Array("./p".utf8))
        default: .global(UInt32(random.below(program.symbols.count + 1)))
        }
    }

    private mutating func changeDefault(_ program: inout Program) {
        let index = random.below(program.formals.count)
        guard !program.formals[index].formals.isEmpty else { return }
        let name = random.below(program.formals[index].formals.count)
        let position = Position(rawValue: UInt64(random.below(24)))
        program.formals[index].formals[name].defaultValue =
            switch random.below(5) {
            case 0: .none
            case 1: .constant(UInt32(random.below(program.constants.count + 1)))
            case 2: .null
            case 3: .thunk(chunk: UInt32(random.below(program.chunks.count + 1)), captures: [], capturesWith: nil)
            default:
                .thunk(
                    chunk: UInt32(random.below(program.chunks.count + 1)), captures: [position],
                    capturesWith: random.chance(30) ? position : nil)
            }
    }
}

extension Instruction {
    /// The instruction with its jump target mapped to another index.
    func movingJumps(_ position: (Int) -> Int) -> Instruction {
        Instruction(
            opcode: opcode,
            parts: parts.map { part in if case .jump(let target) = part { .jump(position(target)) } else { part } })
    }
}
