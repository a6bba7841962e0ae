import NixBytecode
import TestSupport
import Testing

@Suite struct PropertyTests {
    @Test func encodingKeepsEverything() throws {
        for seed in 0..<400 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let bytes = program.encoded()
            #expect(try Program.load(bytes) == program, "seed \(seed)")
            #expect(try RandomProgram.make(seed: UInt64(seed)).encoded() == bytes, "seed \(seed)")
            let stripped = program.stripped()
            try stripped.verify()
            #expect(try Program.load(stripped.encoded()) == stripped, "seed \(seed)")
            #expect((stripped.name == program.name) == (program.lines == nil), "seed \(seed)")
        }
    }

    @Test func verifiedProgramsStayInBounds() throws {
        for seed in 0..<400 {
            try runModel(RandomProgram.make(seed: UInt64(seed), size: 120), seed: UInt64(seed))
        }
    }

    /// Arbitrary bytes are rejected, or give a program that encodes to the same bytes and runs safely.
    @Test func mutatedBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 2)
        var accepted = 0
        for seed in 0..<100 {
            let bytes = try RandomProgram.make(seed: UInt64(seed), size: 30).encoded()
            for _ in 0..<200 {
                let mutant = mutate(bytes, &random)
                guard let program = try? Program.load(mutant) else { continue }
                accepted += 1
                #expect(program.encoded() == mutant)
                try runModel(program, seed: 3)
                #expect(!Disassembler(program).text().isEmpty)
            }
        }
        #expect(accepted > 0)
    }

    /// Mutations of code, which the decoder cannot detect.
    @Test func mutatedCodeNeverPassesUnproved() throws {
        var random = SeededGenerator(seed: 4)
        var accepted = 0
        for seed in 0..<100 {
            let original = try RandomProgram.make(seed: UInt64(seed), size: 30)
            for _ in 0..<200 {
                var program = original
                let chunk = random.below(program.chunks.count)
                program.chunks[chunk].code = mutate(program.chunks[chunk].code, &random)
                if random.chance(20) { program.chunks[chunk].maximumStack = UInt32(random.below(12)) }
                if random.chance(10) { program.chunks[chunk].upvalueCount = UInt32(random.below(4)) }
                _ = Disassembler(program).text()
                guard (try? program.verify()) != nil else { continue }
                accepted += 1
                try runModel(program, seed: random.next())
            }
        }
        #expect(accepted > 300)
    }

    private func runModel(_ program: Program, seed: UInt64) throws {
        for chunk in program.chunks.indices {
            for path in 0..<4 {
                var machine = ModelMachine(program, chunk: chunk, seed: seed &+ UInt64(path))
                try machine.run()
            }
        }
    }

    private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(2) {
            guard !bytes.isEmpty else { return bytes }
            let offset = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[offset] = bytes[offset] &+ (random.chance(50) ? 1 : 255)
            case 2: bytes.insert(UInt8(random.below(80)), at: offset)
            case 3: bytes.removeSubrange(offset..<min(bytes.count, offset + 1 + random.below(3)))
            default: bytes.removeSubrange(offset...)
            }
        }
        return bytes
    }
}
