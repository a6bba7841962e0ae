import NixBytecode

/// A file of protocol/bytecode-vectors: an encoding and the expected result of loading it.
struct Vector {
    var name: String
    var note: String
    var bytes: [UInt8]
    /// The decoder's limit in bytes, if the vector tests it.
    var limit: Int?
    /// `accept`, or `reject` with the number and name of the code and the location.
    var expectation: String

    init(_ name: String, _ note: String, _ program: Program) {
        self.init(name, note, program.encoded(), nil)
    }

    init(_ name: String, _ note: String, _ bytes: [UInt8], _ limit: Int? = nil) {
        self.name = name
        self.note = note
        self.bytes = bytes
        self.limit = limit
        expectation = Self.outcome(bytes, limit)
    }

    /// The result of decoding and verifying the bytes.
    static func outcome(_ bytes: [UInt8], _ limit: Int?) -> String {
        do throws(ProgramRejection) {
            _ = try Program.load(bytes, limits: limit.map { DecodeLimits(maximumBytes: $0) } ?? DecodeLimits())
            return "accept \(ProgramName(of: bytes))"
        } catch {
            return "reject \(error.code) \(error.name) at \(error.location)"
        }
    }

    /// The text of the file: header lines, an empty line, and the bytes in hexadecimal, 32 on each line.
    var text: String {
        var lines = ["note: \(note)", "expect: \(expectation)"]
        if let limit { lines.append("limit: \(limit)") }
        lines.append("")
        for start in stride(from: 0, to: bytes.count, by: 32) {
            lines.append(bytes[start..<min(bytes.count, start + 32)].map(Self.hexadecimal).joined(separator: " "))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

extension Vector {
    static func all() throws -> [Vector] { try valid() + malformed() + unsafe() + unsafeStacks() + unsafeWith() }

    private static func valid() throws -> [Vector] {
        typealias F = Fixture
        let list = F.op(.list, 0)
        let unary: [Opcode] = [.force, .assertBool, .invert, .negate]
        let binary: [Opcode] = [
            .update, .selectDynamic, .hasAttributeDynamic, .concatenate, .add, .subtract, .multiply, .divide, .equal,
            .less, .lessOrEqual, .greater, .greaterOrEqual,
        ]
        var vectors = [
            Vector("valid-null", "The smallest program.", F.program(F.top(F.null, F.end, stack: 1))),
            Vector(
                "valid-constants", "Constants of every kind.",
                F.program(
                    F.top(
                        (0..<5).flatMap { F.op(.constant, $0) }, F.op(.true), F.op(.false), F.op(.null),
                        F.op(.integer, 3), F.op(.pop), F.op(.homePath, 0), F.op(.currentPosition), F.op(.list, 10),
                        F.end, stack: 10))),
            Vector(
                "valid-operators", "Every operator without operands.",
                F.program(
                    F.top(
                        F.null, unary.flatMap { F.op($0) }, binary.flatMap { F.null + F.op($0) }, F.end, stack: 2))),
            Vector(
                "valid-small-integers", "Operators with an integer, 1, -1, 2, -2.",
                F.program(
                    F.top(
                        F.null, F.op(.addInteger, 2), F.op(.subtractInteger, 1), F.op(.equalInteger, 4),
                        F.op(.lessInteger, 3), F.end, stack: 1))),
            Vector(
                "valid-counts", "Strings, calls and sets.",
                F.program(
                    F.top(
                        F.null, F.op(.coerceToString, 3), F.null, F.op(.interpolate, 2), F.op(.interpolatePath, 1),
                        F.null, F.op(.attributes, 1), F.null, F.null, F.op(.dynamicAttributes, 1),
                        F.op(.select, 0), F.op(.hasAttribute, 2), F.null, F.op(.call, 1), list, F.op(.tailCall, 1),
                        stack: 3))),
            Vector("valid-jumps", "Every jump.", jumps()),
        ]
        vectors.append(Vector("valid-with", "A `with` chain through a function and a thunk.", withChain()))
        vectors.append(Vector("valid-functions", "Closures, thunks, deferred captures and formals.", functions()))
        for seed in 1...3 {
            vectors.append(
                Vector(
                    "valid-random-\(seed)", "A generated program.",
                    try RandomProgram.make(seed: UInt64(seed), size: 80)))
        }
        return vectors
    }

    private static func jumps() -> Program {
        typealias F = Fixture
        return F.program(
            F.top(
                F.jump(.attempt, over: 6), F.null, F.jump(.jump, over: 1), F.null, F.op(.pop),
                F.null, F.null, F.op(.assertEqual, 0), F.op(.pop),
                F.null, F.jump(.jumpIfFalse, over: 0), F.null, F.jump(.jumpIfTrue, over: 2), F.op(.assertFail, 0),
                F.null, F.jump(.and, over: 1), F.null, F.jump(.or, over: 1), F.null,
                F.jump(.selectOr, 0, over: 5), F.jump(.jump, over: 1), F.null,
                F.null, F.jump(.selectOrDynamic, over: 5), F.jump(.jump, over: 1), F.null, F.end, stack: 2))
    }

    private static func withChain() -> Program {
        typealias F = Fixture
        // Positions: local 0 is 0, upvalue 0 is 2, none is 3. A packed count of 1 means no captures and a chain.
        return F.program(
            F.top(
                F.null, F.op(.pushWith, 3), F.op(.closure, 1, 1, 0), F.op(.resolveWith, 0, 0), F.op(.call, 1),
                F.op(.closeScope, 1), F.end, stack: 3),
            F.chunk(
                .lambda, F.op(.getLocal, 0), F.op(.pushWith, 2), F.op(.thunk, 2, 1, 4), F.op(.resolveWith, 4, 1),
                F.op(.pop), F.end, stack: 4, arity: 1, upvalues: 1, with: true),
            F.chunk(.thunk, F.op(.resolveWith, 2, 2), F.end, stack: 1, upvalues: 1, with: true))
    }

    private static func functions() -> Program {
        typealias F = Fixture
        let defaults: [Formals.Default] = [
            .constant(0), .integer(-3), .thunk(chunk: 2, captures: [.local(2), .upvalue(0)], capturesWith: nil),
        ]
        let formals = Formals(
            formals: zip([0, 1, 2], defaults).map { Formals.Formal(symbol: $0, defaultValue: $1, span: nil) },
            hasEllipsis: true)
        return F.program(
            F.top(
                F.op(.closure, 1, 2, 1), F.op(.finalise, 0, 1, 0, 0), F.op(.getLocalForce, 0),
                F.op(.getLocalSelect, 0, 0), F.op(.lazySelect, 1, 3), F.op(.list, 2), F.op(.closeScope, 1), F.end,
                stack: 3),
            F.chunk(
                .lambda, F.op(.unpackFormals, 0, 0), F.op(.getUpvalue, 0), F.op(.getUpvalueForce, 0),
                F.op(.getLocal, 3), F.op(.list, 3), F.end, stack: 7, arity: 1, upvalues: 1, formals: 0),
            F.chunk(.thunk, F.op(.getUpvalue, 1), F.end, stack: 1, upvalues: 2),
            F.chunk(.thunk, F.op(.getUpvalueSelect, 0, 1), F.end, stack: 1, upvalues: 1), formals: [formals])
    }

    private static func malformed() -> [Vector] {
        typealias F = Fixture
        let good = F.program(F.top(F.null, F.end, stack: 1)).encoded()
        // The header has 8 bytes of magic, the version at 8, flags at 10, and the compiler version at 12. The section
        // of symbols has its number at 13, its length at 14 and its count at 15. The section of constants starts at 22:
        // number, length, count, and the first tag at 25.
        func changed(_ offset: Int, _ bytes: UInt8...) -> [UInt8] {
            Array(good[..<offset]) + bytes + good[(offset + 1)...]
        }
        return [
            Vector("decode-bad-magic", "The first byte lost its high bit.", changed(0, 0x09)),
            Vector("decode-unsupported-version", "Version 2.", changed(8, 2)),
            Vector("decode-unknown-flags", "Flag 2.", changed(10, 2)),
            Vector("decode-truncated", "Cut inside the header.", Array(good[..<11])),
            Vector("decode-truncated-end", "The section of chunks is missing.", Array(good[..<13])),
            Vector("decode-not-canonical", "The compiler's version in two bytes.", changed(12, 0x81, 0)),
            Vector(
                "decode-overflow", "The compiler's version in nine bytes after the first.",
                changed(12, 0xF8, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
            Vector("decode-value-out-of-range", "A compiler's version of 2^32.", changed(12, 0xF4, 0, 0, 0, 0, 1)),
            Vector("decode-too-large", "One byte over the decoder's limit.", good, good.count - 1),
            Vector("decode-count-too-large", "100 symbols in a section of seven bytes.", changed(15, 100)),
            Vector("decode-wrong-section", "Constants where symbols must be.", changed(13, 2)),
            Vector("decode-section-length", "Two symbols in a section that has three.", changed(15, 2)),
            Vector("decode-unknown-tag", "A constant of a kind that does not exist.", changed(25, 9)),
            Vector("decode-trailing-bytes", "A byte after the last section.", good + [0]),
        ]
    }

    private static func unsafe() -> [Vector] {
        typealias F = Fixture
        let base = F.program(F.top(F.null, F.end, stack: 1))
        func changed(_ name: String, _ note: String, _ change: (inout Program) -> Void) -> Vector {
            var program = base
            change(&program)
            return Vector(name, note, program)
        }
        let twice = F.chunk(
            .lambda, F.op(.unpackFormals, 0, 0), F.op(.unpackFormals, 0, 0), F.null, F.end, stack: 2, arity: 1,
            formals: 0)
        return [
            changed("verify-no-chunks", "No chunk at all.") { $0.chunks = [] },
            changed("verify-limit-exceeded", "65,536 upvalues.") { $0.chunks[0].upvalueCount = 65_536 },
            changed("verify-duplicate-symbol", "`a` twice.") { $0.symbols[1] = $0.symbols[0] },
            changed("verify-symbol-out-of-range", "A global that is no symbol.") { $0.constants[4] = .global(3) },
            changed("verify-duplicate-name", "`a` twice in a shape.") { $0.shapes[1].names[1].symbol = 0 },
            changed("verify-invalid-path", "An empty path.") { $0.constants[3] = .path([]) },
            changed("verify-invalid-span", "The first line does not start at 0.") {
                $0.lines = LineTable(lineStarts: [1])
                $0.chunks[0].spans = [SourceSpan(start: 0, end: 1)]
            },
            changed("verify-chunk-kind", "The first chunk is a thunk.") { $0.chunks[0].kind = .thunk },
            changed("verify-invalid-header", "A top level of two arguments.") { $0.chunks[0].arity = 2 },
            Vector(
                "verify-misplaced-formals", "Formals unpacked twice.",
                F.program(F.top(F.null, F.end, stack: 1), twice, formals: [F.formals()])),
            changed("verify-wrong-maximum-stack", "One more than needed.") { $0.chunks[0].maximumStack = 2 },
            bad("constant-out-of-range", "Constant 5 of 5.", F.op(.constant, 5)),
            bad("shape-out-of-range", "Shape 2 of 2.", F.op(.attributes, 2)),
            Vector(
                "verify-formals-out-of-range", "Formals 0 of 0.",
                F.program(
                    F.top(F.null, F.end, stack: 1),
                    F.chunk(.lambda, F.null, F.end, stack: 2, arity: 1, formals: 0))),
            bad("chunk-out-of-range", "A chunk that refers to itself.", F.op(.thunk, 0, 0)),
            bad("integer-out-of-range", "2^60.", F.op(.integer) + [0xF7, 0, 0, 0, 0, 0, 0, 0, 0x20]),
            bad("unknown-opcode", "The machine's internal opcode.", F.op(.step, 0)),
            bad("not-canonical", "A slot in two bytes.", F.op(.list, 0x80, 0)),
            bad("operand-overflow", "A count of 2^32.", F.op(.list, 0xF4, 0, 0, 0, 0, 1)),
            bad("count-too-small", "A call without arguments.", F.op(.call, 0)),
            bad("unknown-coercion", "Bit 4.", F.op(.coerceToString, 4)),
            bad("constant-kind", "An integer as the text of an assertion.", F.op(.assertFail, 1)),
        ]
    }

    /// A program that pushes null, then has the invalid code, and returns.
    private static func bad(_ name: String, _ note: String, _ code: [UInt8]...) -> Vector {
        typealias F = Fixture
        return Vector(
            "verify-\(name)", note, F.program(F.top(F.null, code.flatMap { $0 }, F.end, stack: 1), F.nullThunk))
    }

    private static func unsafeStacks() -> [Vector] {
        typealias F = Fixture
        return [
            Vector(
                "verify-truncated-instruction", "A slot is missing.",
                F.program(F.top(F.null, F.op(.getLocal), stack: 1))),
            bad("stack-underflow", "Two values are needed, one is there.", F.op(.add)),
            bad("slot-out-of-range", "Slot 1 at height 1.", F.op(.getLocal, 1)),
            bad("upvalue-out-of-range", "A top level has none.", F.op(.getUpvalue, 0)),
            bad("capture-count", "A capture for a chunk without upvalues.", F.op(.thunk, 1, 2, 0)),
            Vector(
                "verify-capture-kind", "A capture of nothing.",
                F.program(
                    F.top(F.op(.thunk, 1, 2, 3), F.end, stack: 1),
                    F.chunk(.thunk, F.null, F.end, stack: 1, upvalues: 1))),
            bad("jump-out-of-range", "A jump to the end of the code.", F.jump(.and, over: 1)),
            bad("jump-into-instruction", "A jump to an operand.", F.jump(.and, over: 1), F.op(.integer, 2)),
            bad("height-mismatch", "One and two values.", F.null, F.jump(.and, over: 2), F.null, F.null),
            bad("unreachable-code", "Code after a return.", F.end, F.null),
            Vector(
                "verify-falls-off-end", "No return.", F.program(F.top(F.null, stack: 1))),
        ]
    }

    private static func unsafeWith() -> [Vector] {
        typealias F = Fixture
        return [
            bad("misused-with-result", "A link of the chain is returned.", F.op(.pushWith, 3)),
            bad(
                "misused-with-local", "A link of the chain is read as a value.", F.op(.pushWith, 3),
                F.op(.getLocal, 0)),
            bad("misused-with-value", "A value is used as a chain.", F.op(.resolveWith, 0, 0)),
            Vector(
                "verify-with-mismatch", "Two links at one place, each from another branch.",
                F.program(
                    F.top(
                        F.null, F.null, F.jump(.jumpIfFalse, over: 7), F.op(.pushWith, 3), F.jump(.jump, over: 2),
                        F.op(.pushWith, 3), F.null, F.op(.closeScope, 1), F.end, stack: 2))),
        ]
    }
}
