import TestSupport
import Testing

@testable import NixBytecode

/// Programs that are decoded and verified chunk by chunk.
@Suite struct IndexedProgramTests {
    @Test func everyChunkIsThatOfTheProgram() throws {
        for seed in 0..<100 {
            let program = try RandomProgram.make(seed: UInt64(seed))
            let indexed = try IndexedProgram(IndexedProgram.bytes(of: program))
            #expect(indexed.chunkCount == program.chunks.count)
            #expect((indexed.lines == nil) == (program.lines == nil))
            for offset in 0..<UInt32(300) {
                guard let found = indexed.lines?.location(of: offset) else { break }
                #expect(found == (program.lines?.location(of: offset) ?? (0, 0)))
            }
            var code: [Int: Chunk] = [:]
            var symbols: [Int: [UInt8]] = [:]
            for chunk in program.chunks.indices {
                let part = try indexed.part(chunk)
                for added in part.code {
                    var chunk = added.chunk
                    #expect(chunk.instructionSpans.isEmpty)
                    chunk.instructionSpans = indexed.instructionSpans(of: added.chunkIndex)
                    #expect(code.updateValue(chunk, forKey: added.chunkIndex) == nil)
                }
                for entry in part.symbols {
                    #expect(symbols.updateValue(Array(entry.element), forKey: Int(entry.index)) == nil)
                }
                for entry in part.constants { #expect(program.constants[Int(entry.index)] == entry.element) }
                for entry in part.shapes { #expect(program.shapes[Int(entry.index)] == entry.element) }
                for entry in part.formals { #expect(program.formals[Int(entry.index)] == entry.element) }
            }
            for (index, chunk) in program.chunks.enumerated() { #expect(code[index] == chunk, "seed \(seed)") }
            for (index, name) in symbols { #expect(program.symbols[index] == name) }
        }
    }

    @Test func damageIsSeen() throws {
        let bytes = try IndexedProgram.bytes(of: RandomProgram.make(seed: 1))
        for offset in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[offset] ^= 0x10
            #expect(throws: ProgramRejection.self) { try IndexedProgram(damaged) }
            #expect(throws: ProgramRejection.self) { try IndexedProgram(Array(bytes[..<offset])) }
        }
    }

    /// The entries that a rejected part had decoded are lost, so later parts would lack them.
    @Test func nothingFollowsARefusal() throws {
        let program = try RandomProgram.make(seed: 1)
        let indexed = try IndexedProgram(IndexedProgram.bytes(of: program))
        #expect(throws: ProgramRejection.self) { try indexed.part(program.chunks.count) }
        #expect(throws: ProgramRejection.self) { try indexed.part(0) }
    }

    /// Bytes with a valid checksum are rejected as well if they do not pass verification.
    @Test func changedBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 5)
        var accepted = 0
        var refused = 0
        for seed in 0..<60 {
            let program = try RandomProgram.make(seed: UInt64(seed), size: 30)
            let body = Array(try IndexedProgram.bytes(of: program)[16...])
            for _ in 0..<100 {
                var mutant = body
                for _ in 0...random.below(3) {
                    let offset = random.below(mutant.count)
                    if random.chance(10) { mutant.removeSubrange(offset..<min(mutant.count, offset + 2)) }
                    guard offset < mutant.count else { continue }
                    mutant[offset] = random.chance(50) ? UInt8(truncatingIfNeeded: random.next()) : mutant[offset] ^ 1
                }
                guard let indexed = try? IndexedProgram(ProgramIndex.seal(mutant)) else {
                    refused += 1
                    continue
                }
                for chunk in 0..<min(indexed.chunkCount, 64) {
                    if (try? indexed.part(chunk)) == nil { refused += 1 } else { accepted += 1 }
                    _ = indexed.instructionSpans(of: chunk)
                }
            }
        }
        #expect(accepted > 1000)
        #expect(refused > 1000)
    }
}
