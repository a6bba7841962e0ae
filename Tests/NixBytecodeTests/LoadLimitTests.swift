import Testing

@testable import NixBytecode

/// Limits on decoding and verifying.
@Suite struct LoadLimitTests {
    /// A program with many entries of a few bytes each.
    private static func encoded(chunks: Int = 0, symbols: Int = 0, captures: Int = 0) -> [UInt8] {
        let chunk = Chunk(
            kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
            spans: [], code: [], maximumStack: 0, instructionSpans: [])
        let pattern = Formals.Formal(
            symbol: 0,
            defaultValue: .thunk(
                chunk: 1, captures: Array(repeating: .local(0), count: captures), capturesWith: nil), span: nil)
        return Program(
            symbols: (0..<symbols).map { Array("\($0)".utf8) }, constants: [], shapes: [],
            formals: captures > 0 ? [Formals(formals: [pattern], hasEllipsis: false)] : [],
            chunks: Array(repeating: chunk, count: chunks), lines: nil
        ).encoded()
    }

    private static let programs = [
        encoded(chunks: 200_000), encoded(symbols: 200_000), encoded(captures: 2_000_000),
    ]

    @Test("What is small in bytes and large in memory is not decoded past a limit", arguments: programs.indices)
    func stopsBeforeMemory(index: Int) {
        let bytes = Self.programs[index]
        #expect(throws: ProgramLoadFailure.stopped) {
            try Program.load(bytes, shouldCancel: { $0 > bytes.count * 2 })
        }
        // Without a limit, it is rejected because it is invalid.
        #expect(throws: ProgramRejection.self) { try Program.load(bytes) }
    }

    @Test func stopsWhenTold() {
        var left = 20
        #expect(throws: ProgramLoadFailure.stopped) {
            try Program.load(Self.programs[0]) { _ in
                left -= 1
                return left < 0
            }
        }
    }

    @Test("Verifying asks, too, and the tables it makes are told of")
    func verifyingAsks() throws {
        let program = try RandomProgram.make(seed: 3)
        let bytes = program.encoded()
        var told: [Int] = []
        #expect(
            try Program.load(bytes) { bytes in
                told.append(bytes)
                return false
            } == program)
        let decoded = try #require(told.first)
        #expect(told.allSatisfy { $0 >= decoded })
        #expect(throws: ProgramLoadFailure.stopped) { try Program.load(bytes) { _ in true } }
    }

    @Test func memoryOfAProgramIsThatOfItsParts() throws {
        let program = try RandomProgram.make(seed: 5)
        var larger = program
        larger.symbols.append(Array(repeating: 0x61, count: 10_000))
        #expect(larger.memoryBytes - program.memoryBytes >= 10_000)
        // Capacities differ from run to run, which must not affect the bytes counted for a job.
        larger = program
        larger.symbols.reserveCapacity(10_000)
        #expect(larger.memoryBytes == program.memoryBytes)
    }
}
