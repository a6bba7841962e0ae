import Testing

@testable import NixBytecode

/// What it costs to verify programs that are made to be slow: at most one unit of work for each byte, whatever their
/// shape. A unit is an entry, an instruction or an element of an operand, and the verifier asks after each 1,024 of
/// them whether to go on.
@Suite struct VerifierCostTests {
    private static let null = Fixture.null
    private static let end = Fixture.end

    /// Programs of about as many bytes as their size.
    private static let shapes: [(name: String, make: @Sendable (_ size: Int) -> Program)] = [
        (
            "many small chunks behind a large one, whose tables they share",
            { size in
                let large = Fixture.top(
                    Array(repeating: null, count: size / 2).flatMap { $0 }, end, stack: UInt32(size / 2))
                let small = Array(repeating: Fixture.nullThunk, count: size / 20)
                var program = Fixture.program(large)
                program.chunks += small
                return program
            }
        ),
        (
            "an instruction with a long operand",
            { size in
                var code = null + [Opcode.finalise.rawValue, 0]
                VU128.append(UInt64(size / 2), to: &code)
                code += Array(repeating: 0, count: size)
                return Fixture.program(Fixture.top(code, end, stack: 1))
            }
        ),
        (
            "a large shape that many instructions use",
            { size in
                let opcode = Opcode.allCases.first { $0.layout.first == .shape } ?? .null
                let names = size / 16
                var program = Fixture.program()
                program.symbols = (0..<names).map { Array("\($0)".utf8) }
                program.shapes = [Shape(names: (0..<names).map { Shape.Name(symbol: UInt32($0), span: nil) })]
                let pushes = Array(repeating: null, count: names).flatMap { $0 }
                // Each instruction leaves one value, so the second one lacks operands: refusing that must not cost a
                // look at all names.
                let use: [UInt8] = [opcode.rawValue, 0]
                let uses = (0..<size / 8).flatMap { _ in use }
                program.chunks = [Fixture.top(pushes, uses, end, stack: UInt32(names))]
                return program
            }
        ),
        (
            "lines",
            { size in
                var program = Fixture.program(Fixture.top(null, end, stack: 1))
                program.chunks[0].spans = [SourceSpan(start: 0, end: 1)]
                program.lines = LineTable(lineStarts: (0..<size).map { UInt32($0) })
                return program
            }
        ),
        (
            "symbols",
            { size in
                var program = Fixture.program(Fixture.top(null, end, stack: 1))
                program.symbols += (0..<size / 6).map { Array("\($0)".utf8) }
                return program
            }
        ),
    ]

    private func polls(_ program: Program) -> Int {
        var count = 0
        // A program may be refused at its end: that must cost no more.
        try? program.verify { _ in
            count += 1
            return false
        }
        return count
    }

    @Test(arguments: shapes.indices)
    func workIsBoundedByTheSize(index: Int) {
        let (name, make) = Self.shapes[index]
        for size in [1 << 16, 1 << 18] {
            let program = make(size)
            let units = polls(program) * 1_024
            // Tables that are made cost a poll each.
            #expect(units <= program.encoded().count + 16 * 1_024, "\(name) of \(size)")
        }
    }

    /// The verifier asks often enough to be stopped, also within one instruction and one table.
    @Test(arguments: [1, 3])
    func longPartsArePolled(index: Int) {
        let size = 1 << 18
        #expect(polls(Self.shapes[index].make(size)) >= size / 4 / 1_024)
    }
}
