import NixBytecode
import TestSupport

/// Generates valid programs from a seed, like a compiler: nested expressions, each of which pushes one value.
struct RandomProgram {
    private var tables = ProgramBuilder()
    private var random: SeededGenerator
    /// The number of expressions that may still be generated.
    private var budget: Int
    private var offset: UInt32 = 0

    /// What code can refer to at a point.
    private struct Scope {
        var values: [Int]
        var links: [Int] = []
        var upvalues: Int
        var hasChain: Bool
    }

    static func make(seed: UInt64, size: Int = 60) throws -> Program {
        var generator = RandomProgram(random: SeededGenerator(seed: seed), budget: size)
        return try generator.program()
    }

    private init(random: SeededGenerator, budget: Int) {
        self.random = random
        self.budget = budget
    }

    private mutating func program() throws -> Program {
        let index = try tables.reserveChunk()
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        try body(&builder, Scope(values: [], upvalues: 0, hasChain: false))
        try tables.setChunk(
            index,
            builder.finish(
                upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil, spans: [span()]))
        let starts = (0...offset / 40).map { $0 * 40 }
        return try tables.finish(lines: random.chance(80) ? LineTable(lineStarts: starts) : nil)
    }

    private mutating func span() -> SourceSpan {
        offset += UInt32(random.below(7))
        return SourceSpan(start: offset, end: offset + UInt32(random.below(30)))
    }

    private mutating func symbol() throws -> UInt32 { try tables.symbol("name\(random.below(20))") }

    private mutating func names() throws -> [UInt32] {
        var names: [UInt32] = []
        for _ in 0..<random.below(4) {
            let name = try symbol()
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private mutating func constant() throws -> UInt32 {
        switch random.below(5) {
        case 0: try tables.constant(.integer(Int64(bitPattern: random.next())))
        case 1: try tables.constant(.float(random.next()))
        case 2: try string()
        case 3: try tables.constant(.path(Array("./file\(random.below(9))".utf8)))
        default: try tables.constant(.global(symbol()))
        }
    }

    private mutating func string() throws -> UInt32 {
        try tables.constant(.string((0..<random.below(6)).map { _ in UInt8(truncatingIfNeeded: random.next()) }))
    }

    /// Generates a body, which ends the chunk.
    private mutating func body(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        if random.chance(20) {
            let count = 1 + random.below(3)
            for _ in 0...count { try expression(&builder, scope) }
            try builder.emit(.tailCall, .count(count), at: span())
        } else if random.chance(20) {
            try expression(&builder, scope)
            let other = try builder.emitJump(.jumpIfFalse, at: span())
            try body(&builder, scope)
            try builder.patch(other)
            try body(&builder, scope)
        } else {
            try expression(&builder, scope)
            try builder.emit(.return, at: span())
        }
    }

    private mutating func expression(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        budget -= 1
        guard budget > 0 else { return try leaf(&builder, scope) }
        switch random.below(12) {
        case 0: try leaf(&builder, scope)
        case 1: try unary(&builder, scope)
        case 2: try binary(&builder, scope)
        case 3: try counted(&builder, scope)
        case 4: try branch(&builder, scope)
        case 5: try selection(&builder, scope)
        case 6: try scoped(&builder, scope)
        case 7: try with(&builder, scope)
        case 8: try function(&builder, scope)
        case 9: try thunk(&builder, scope)
        case 10: try attributes(&builder, scope)
        default: try call(&builder, scope)
        }
    }

    private mutating func leaf(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let location = random.chance(50) ? span() : nil
        switch random.below(11) {
        case 0: try builder.emit(.constant, .constant(constant()), at: location)
        case 1:
            try builder.emit(.integer, .signed(Int64(bitPattern: random.next()) >> random.below(60).advanced(by: 3)))
        case 2: try builder.emit([.null, .true, .false].randomElement(using: &random) ?? .null, at: location)
        case 3: try builder.emit(.homePath, .constant(string()))
        case 4 where !scope.values.isEmpty:
            let slot = scope.values[random.below(scope.values.count)]
            switch random.below(3) {
            case 0: try builder.emit(.getLocal, .slot(slot), at: location)
            case 1: try builder.emit(.getLocalForce, .slot(slot), at: location)
            default: try builder.emit(.getLocalSelect, .slot(slot), .symbol(symbol()), at: location)
            }
        case 5 where scope.upvalues > 0:
            let upvalue = random.below(scope.upvalues)
            switch random.below(3) {
            case 0: try builder.emit(.getUpvalue, .upvalue(upvalue), at: location)
            case 1: try builder.emit(.getUpvalueForce, .upvalue(upvalue), at: location)
            default: try builder.emit(.getUpvalueSelect, .upvalue(upvalue), .symbol(symbol()), at: location)
            }
        case 6...8:
            if let chain = chain(scope) {
                try builder.emit(.resolveWith, .position(chain), .symbol(symbol()), at: location)
            } else {
                try builder.emit(.null)
            }
        default: try builder.emit(.currentPosition, at: location)
        }
    }

    private func chain(_ scope: Scope) -> Position? {
        if let link = scope.links.last { return .local(link) }
        return scope.hasChain ? .upvalue(scope.upvalues) : nil
    }

    private mutating func unary(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        try expression(&builder, scope)
        switch random.below(8) {
        case 0: try builder.emit(.force)
        case 1: try builder.emit(.coerceToString, .coercion(Coercion(rawValue: UInt8(random.below(4)))))
        case 2: try builder.emit(.assertBool)
        case 3:
            let done = try builder.emitJump(.jumpIfTrue)
            try builder.emit(.assertFail, .constant(string()), at: span())
            try builder.patch(done)
            try leaf(&builder, scope)
        case 4:
            let opcodes: [Opcode] = [.addInteger, .subtractInteger, .equalInteger, .lessInteger]
            try builder.emit(opcodes[random.below(4)], .signed(Int64(random.below(1000)) - 500))
        case 5:
            try expression(&builder, scope)
            try builder.emit(.pop)
        default: try builder.emit(random.chance(50) ? .invert : .negate)
        }
    }

    private mutating func binary(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        try expression(&builder, scope)
        try expression(&builder, scope)
        let opcodes: [Opcode] = [
            .add, .subtract, .multiply, .divide, .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .update,
            .concatenate, .selectDynamic, .hasAttributeDynamic,
        ]
        try builder.emit(opcodes[random.below(opcodes.count)], at: span())
    }

    private mutating func counted(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let count = 1 + random.below(4)
        for _ in 0..<count { try expression(&builder, scope) }
        let opcodes: [Opcode] = [.list, .interpolate, .interpolatePath]
        try builder.emit(opcodes[random.below(3)], .count(count), at: span())
    }

    private mutating func branch(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        if random.chance(20) { return try attempt(&builder, scope) }
        try expression(&builder, scope)
        if random.chance(40) {
            let done = try builder.emitJump(random.chance(50) ? .and : .or)
            try expression(&builder, scope)
            try builder.emit(.assertBool)
            return try builder.patch(done)
        }
        let other = try builder.emitJump(.jumpIfFalse)
        try expression(&builder, scope)
        let end = try builder.emitJump(.jump)
        try builder.patch(other)
        try expression(&builder, scope)
        try builder.patch(end)
    }

    private mutating func attempt(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let fails = try builder.emitJump(.attempt, at: span())
        try expression(&builder, scope)
        let end = try builder.emitJump(.jump)
        try builder.patch(fails)
        try expression(&builder, scope)
        try builder.patch(end)
    }

    private mutating func selection(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        try expression(&builder, scope)
        switch random.below(5) {
        case 0: try builder.emit(.select, .symbol(symbol()), at: span())
        case 1: try builder.emit(.hasAttribute, .symbol(symbol()), at: span())
        case 2: try lazySelect(&builder)
        default:
            let isDynamic = random.chance(50)
            if isDynamic { try expression(&builder, scope) }
            let missing =
                try isDynamic
                ? builder.emitJump(.selectOrDynamic) : builder.emitJump(.selectOr, symbol: symbol(), at: span())
            let end = try builder.emitJump(.jump)
            try builder.patch(missing)
            try expression(&builder, scope)
            try builder.patch(end)
        }
    }

    private mutating func lazySelect(_ builder: inout ChunkBuilder) throws {
        let name = try symbol()
        let child = try tables.reserveChunk()
        var selection = ChunkBuilder(kind: .thunk, arity: 0)
        try selection.emit(.getUpvalueSelect, .upvalue(0), .symbol(name), at: span())
        try selection.emit(.return)
        try tables.setChunk(
            child,
            selection.finish(
                upvalueCount: 1, capturesWith: false, formals: nil, parameters: [], name: name, spans: [span()]))
        try builder.emit(.lazySelect, .symbol(name), .chunk(child))
    }

    /// Generates locals, some of whose captures are deferred.
    private mutating func scoped(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        var inner = scope
        let count = 1 + random.below(3)
        let base = builder.height
        var waiting: [(slot: Int, captures: [Position])] = []
        for index in 0..<count {
            if random.chance(50) {
                let captures: [Position] = (0...random.below(2)).map { _ in .deferred(base + random.below(count)) }
                let child = try child(.thunk, arity: 0, captures: captures.count, hasChain: false)
                try builder.emit(.thunk, .chunk(child), .captures(captures, with: nil))
                waiting.append((base + index, captures))
            } else {
                try expression(&builder, inner)
            }
            inner.values.append(base + index)
        }
        for (slot, captures) in waiting {
            let pairs = captures.enumerated().map { DeferredCapture(capture: $0, slot: $1.index) }
            try builder.emit(.finalise, .slot(slot), .deferred(pairs))
        }
        try expression(&builder, inner)
        try builder.emit(.closeScope, .count(count))
    }

    private mutating func with(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        try expression(&builder, scope)
        try builder.emit(.pushWith, .position(chain(scope) ?? .none), at: span())
        var inner = scope
        inner.links.append(builder.height - 1)
        try expression(&builder, inner)
        try builder.emit(.closeScope, .count(1))
    }

    private mutating func captures(_ scope: Scope) -> [Position] {
        var captures = scope.values.filter { _ in random.chance(40) }.map(Position.local)
        captures += (0..<scope.upvalues).filter { _ in random.chance(40) }.map(Position.upvalue)
        return captures
    }

    private mutating func function(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let captures = captures(scope)
        let chain = random.chance(60) ? chain(scope) : nil
        let child = try child(
            .lambda, arity: 1 + random.below(3), captures: captures.count, hasChain: chain != nil)
        try builder.emit(.closure, .chunk(child), .captures(captures, with: chain), at: span())
    }

    private mutating func thunk(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let captures = captures(scope)
        let chain = random.chance(60) ? chain(scope) : nil
        let child = try child(.thunk, arity: 0, captures: captures.count, hasChain: chain != nil)
        try builder.emit(.thunk, .chunk(child), .captures(captures, with: chain), at: span())
    }

    private mutating func child(_ kind: Chunk.Kind, arity: Int, captures: Int, hasChain: Bool) throws -> UInt32 {
        let index = try tables.reserveChunk()
        var builder = ChunkBuilder(kind: kind, arity: arity)
        var scope = Scope(values: Array(0..<arity), upvalues: captures, hasChain: hasChain)
        let formals = kind == .lambda && random.chance(50) ? try formals(&builder, &scope) : nil
        try body(&builder, scope)
        var spans: [SourceSpan] = []
        for _ in 0..<max(1, arity) { spans.append(span()) }
        let parameters = try (0..<arity).map { _ in random.chance(70) ? try symbol() : nil }
        try tables.setChunk(
            index,
            builder.finish(
                upvalueCount: captures + (hasChain ? 1 : 0), capturesWith: hasChain, formals: formals,
                parameters: parameters, name: random.chance(50) ? symbol() : nil, spans: spans))
        return index
    }

    private mutating func formals(_ builder: inout ChunkBuilder, _ scope: inout Scope) throws -> UInt32 {
        let names = try names()
        let base = builder.height
        var all = scope
        all.values += base..<base + names.count
        let formals = try names.map { name in
            Formals.Formal(symbol: name, defaultValue: try defaultValue(all), span: span())
        }
        let index = try tables.addFormals(Formals(formals: formals, hasEllipsis: random.chance(50)))
        try builder.emit(.unpackFormals, .slot(builder.arity - 1), .formals(index, names: names.count), at: span())
        scope = all
        return index
    }

    private mutating func defaultValue(_ scope: Scope) throws -> Formals.Default {
        switch random.below(7) {
        case 0: return .none
        case 1: return .constant(try constant())
        case 2: return .integer(Int64(random.below(100)))
        case 3: return .null
        case 4: return random.chance(50) ? .true : .false
        default:
            let captures = captures(scope)
            let chain = chain(scope)
            let child = try child(.thunk, arity: 0, captures: captures.count, hasChain: chain != nil)
            return .thunk(chunk: child, captures: captures, capturesWith: chain)
        }
    }

    private mutating func attributes(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let names = try names()
        for _ in names { try expression(&builder, scope) }
        let shape = Shape(names: names.map { Shape.Name(symbol: $0, span: random.chance(90) ? span() : nil) })
        try builder.emit(.attributes, .shape(tables.shape(shape), names: names.count), at: span())
        guard random.chance(30) else { return }
        let count = 1 + random.below(2)
        for _ in 0..<2 * count { try expression(&builder, scope) }
        try builder.emit(.dynamicAttributes, .count(count))
    }

    private mutating func call(_ builder: inout ChunkBuilder, _ scope: Scope) throws {
        let count = 1 + random.below(3)
        for _ in 0...count { try expression(&builder, scope) }
        try builder.emit(.call, .count(count), at: span())
    }
}
