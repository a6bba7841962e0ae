import TestSupport
import Testing

@testable import NixBytecode

/// Programs whose entries are read where they lie.
@Suite struct LinkedProgramTests {
    private func linked(_ program: Program) throws -> LinkedProgram {
        try #require(LinkedProgram(LinkedProgram.bytes(linking: program)))
    }

    @Test func everyEntryIsThatOfTheProgram() throws {
        for seed in 0..<100 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let linked = try linked(program)
            #expect(linked.symbolCount == program.symbols.count)
            #expect(linked.constantCount == program.constants.count)
            #expect(linked.shapeCount == program.shapes.count)
            #expect(linked.formalsCount == program.formals.count)
            #expect(linked.chunkCount == program.chunks.count)
            #expect(linked.hasSpans == (program.lines != nil))
            for (index, symbol) in program.symbols.enumerated() { #expect(linked.symbol(index) == symbol) }
            for (index, shape) in program.shapes.enumerated() { #expect(linked.shape(index) == shape) }
            for (index, formals) in program.formals.enumerated() { #expect(linked.formals(index) == formals) }
            for (index, chunk) in program.chunks.enumerated() { #expect(linked.chunk(index) == chunk, "seed \(seed)") }
        }
    }

    @Test func linesAreThoseOfTheProgram() throws {
        for seed in 0..<50 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let lines = try linked(program).lines
            #expect((lines == nil) == (program.lines == nil))
            for offset in 0..<UInt32(300) {
                guard let found = lines?.location(of: offset) else { break }
                #expect(found == (program.lines?.location(of: offset) ?? (0, 0)))
            }
        }
        #expect(try linked(RandomProgram.make(seed: 1).stripped()).lines == nil)
    }

    /// Chunks longer than the piece that is copied at first to decode one.
    @Test func longChunks() throws {
        var program = try RandomProgram.make(seed: 3)
        program.chunks[0].code += [UInt8](repeating: Opcode.null.rawValue, count: 100_000)
        #expect(try linked(program).chunk(0) == program.chunks[0])
    }

    @Test func whatRunsIsReadWithoutDecoding() throws {
        for seed in 0..<50 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let linked = try linked(program)
            for (index, chunk) in program.chunks.enumerated() {
                let found = unsafe LinkedChunk(linked.chunkEntry(index))
                #expect(unsafe found.arity == Int(chunk.arity))
                #expect(unsafe found.maximumStack == Int(chunk.maximumStack))
                #expect(unsafe found.formals == chunk.formals.map(Int.init))
                #expect(unsafe Array(found.code) == chunk.code)
            }
            for (index, constant) in program.constants.enumerated() {
                var entry = unsafe linked.constantEntry(index)
                let tag = unsafe ProgramFormat.ConstantTag(rawValue: entry.byte())
                switch constant {
                case .integer(let number): #expect(unsafe tag == .integer && entry.signed() == number)
                case .float(let bits): #expect(unsafe tag == .float && entry.word() == bits)
                case .string(let bytes): #expect(unsafe tag == .string && Array(entry.text()) == bytes)
                case .path(let bytes): #expect(unsafe tag == .path && Array(entry.text()) == bytes)
                case .global(let symbol): #expect(unsafe tag == .global && entry.number() == Int(symbol))
                }
            }
        }
    }

    /// The lists of what a chunk needs, decoded.
    private func needs(_ linked: LinkedProgram, _ chunk: Int) -> (lists: [[Int]], arities: [Int]) {
        var cursor = unsafe linked.needs(ofChunk: chunk)
        var lists: [[Int]] = []
        var arities: [Int] = []
        for list in 0..<5 {
            var indices: [Int] = []
            for _ in 0..<(unsafe cursor.number()) {
                indices.append((indices.last ?? 0) + (unsafe cursor.number()))
                if list == 4 { arities.append(unsafe cursor.number()) }
            }
            lists.append(indices)
        }
        return (lists, arities)
    }

    /// A chunk has with it whatever its instructions refer to, and the formals of the functions among that.
    @Test func needsCoverTheCode() throws {
        for seed in 0..<50 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let linked = try linked(program)
            for (index, chunk) in program.chunks.enumerated() {
                let (lists, arities) = needs(linked, index)
                for list in lists { #expect(list == Array(Set(list)).sorted()) }
                #expect(arities == lists[4].map { Int(program.chunks[$0].arity) })
                var reader = CodeReader(chunk.code)
                while !reader.isAtEnd {
                    for operand in try reader.opcode().info.operands {
                        switch operand {
                        case .symbol: #expect(lists[0].contains(try reader.number()))
                        case .constant: #expect(lists[1].contains(try reader.number()))
                        case .shape: #expect(lists[2].contains(try reader.number()))
                        case .formals: #expect(lists[3].contains(try reader.number()))
                        case .chunk:
                            let child = try reader.number()
                            #expect(lists[4].contains(child))
                            if let formals = program.chunks[child].formals { #expect(lists[3].contains(Int(formals))) }
                        default: try reader.skip(operand)
                        }
                    }
                }
                for formal in lists[3].flatMap({ program.formals[$0].formals }) {
                    switch formal.defaultValue {
                    case .constant(let constant): #expect(lists[1].contains(Int(constant)))
                    case .thunk(let child, _, _): #expect(lists[4].contains(Int(child)))
                    default: break
                    }
                }
            }
        }
    }

    @Test func bytesThatCannotBeHadAreNoProgram() {
        #expect(unsafe LinkedProgram(byteCount: 64) { _ in false } == nil)
        #expect(LinkedProgram([1, 2, 3]) == nil)
    }
}
