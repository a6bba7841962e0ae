import NixBytecode
import TestSupport

/// Interprets verified code on a stack of value kinds, with random branches and every access checked. It implements the
/// effects of instructions independently of the opcode table, and thereby checks the verifier.
struct ModelMachine {
    enum Kind { case value, link }

    /// An unsafe access: a defect of the verifier.
    struct Hole: Error, CustomStringConvertible {
        var description: String
    }

    let program: Program
    let chunk: Chunk
    private var stack: [Kind]
    private var position = 0
    private var random: SeededGenerator

    init(_ program: Program, chunk: Int, seed: UInt64) {
        self.program = program
        self.chunk = program.chunks[chunk]
        stack = Array(repeating: .value, count: Int(self.chunk.arity))
        random = SeededGenerator(seed: seed)
    }

    /// Runs the chunk to its end.
    mutating func run() throws {
        while try step() {
            guard stack.count <= Int(chunk.maximumStack) else { throw Hole(description: "over the maximum stack") }
            guard stack.count >= Int(chunk.arity) else { throw Hole(description: "arguments dropped") }
        }
    }

    private mutating func byte() throws -> UInt8 {
        guard position < chunk.code.count else { throw Hole(description: "past the end of the code") }
        position += 1
        return chunk.code[position - 1]
    }

    private mutating func number() throws -> Int {
        guard position < chunk.code.count else { throw Hole(description: "past the end of the code") }
        return Int(truncatingIfNeeded: try VU128.decode(chunk.code, at: &position))
    }

    private mutating func target() throws -> Int {
        var distance = 0
        for index in 0..<4 { distance |= Int(try byte()) << (8 * index) }
        return position + distance
    }

    private mutating func pop(_ kind: Kind = .value) throws {
        guard stack.popLast() == kind else { throw Hole(description: "popped nothing or the wrong kind") }
    }

    private mutating func replace(_ pops: Int, pushes: Int = 1) throws {
        for _ in 0..<pops { try pop() }
        for _ in 0..<pushes { stack.append(.value) }
    }

    private func require(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Hole(description: what) }
    }

    private func require(slot: Int, _ kind: Kind = .value) throws {
        try require(stack.indices.contains(slot) && stack[slot] == kind, "slot \(slot)")
    }

    private func require(upvalue: Int, _ kind: Kind = .value) throws {
        let isLink = chunk.capturesWith && upvalue == Int(chunk.upvalueCount) - 1
        try require(upvalue < Int(chunk.upvalueCount) && isLink == (kind == .link), "upvalue \(upvalue)")
    }

    private func require(_ position: Position, _ kind: Kind) throws {
        switch position.kind {
        case .local: try require(slot: position.index, kind)
        case .upvalue: try require(upvalue: position.index, kind)
        case .deferred: try require(kind == .value, "deferred chain")
        case .none: throw Hole(description: "no position")
        }
    }

    private func require(child: Int, _ captures: [Position], _ chain: Position?) throws {
        let target = program.chunks[child]
        try require(target.capturesWith == (chain != nil), "chain of the child")
        try require(Int(target.upvalueCount) == captures.count + (chain == nil ? 0 : 1), "captures of the child")
        for capture in captures { try require(capture, .value) }
        if let chain { try require(chain, .link) }
    }

    /// Runs one instruction; returns false at the end of the chunk.
    private mutating func step() throws -> Bool {
        guard let opcode = Opcode(rawValue: try byte()) else { throw Hole(description: "unknown opcode") }
        switch opcode {
        case .jump, .jumpIfFalse, .jumpIfTrue, .and, .or, .selectOr, .selectOrDynamic, .attempt: try jump(opcode)
        case .return:
            try pop()
            return false
        case .tailCall:
            try replace(number() + 1)
            return false
        case .assertFail:
            guard case .string = program.constants[try number()] else { throw Hole(description: "no string") }
            return false
        case .closure, .thunk, .lazySelect, .finalise, .unpackFormals: try make(opcode)
        default: try simple(opcode)
        }
        return true
    }

    private mutating func jump(_ opcode: Opcode) throws {
        if opcode == .selectOr { try require(try number() < program.symbols.count, "symbol") }
        let target = try target()
        let isTaken = opcode == .jump || random.chance(50)
        if opcode != .jump, opcode != .attempt { try pop() }
        if opcode == .selectOrDynamic { try pop() }
        let keeps =
            opcode == .and || opcode == .or ? isTaken : !isTaken && (opcode == .selectOr || opcode == .selectOrDynamic)
        if keeps { stack.append(.value) }
        if isTaken { position = target }
    }

    private mutating func make(_ opcode: Opcode) throws {
        switch opcode {
        case .lazySelect:
            try require(try number() < program.symbols.count, "symbol")
            let child = program.chunks[try number()]
            try require(child.kind == .thunk && child.upvalueCount == 1 && !child.capturesWith, "lazySelect's chunk")
            try replace(1)
        case .finalise:
            try require(slot: number())
            for _ in 0..<(try number()) {
                try require(try number() < 65_535, "capture index")
                try require(slot: number())
            }
        case .unpackFormals:
            try require(slot: number())
            let formals = program.formals[try number()]
            try replace(0, pushes: formals.formals.count)
            for case .thunk(let child, let captures, let chain) in formals.formals.map(\.defaultValue) {
                try require(child: Int(child), captures, chain)
            }
        default:
            let child = try number()
            try require(program.chunks[child].kind == (opcode == .closure ? .lambda : .thunk), "kind of the child")
            let packed = try number()
            let captures = try (0..<packed >> 1).map { _ in Position(rawValue: UInt64(try number())) }
            try require(child: child, captures, packed & 1 == 1 ? Position(rawValue: UInt64(try number())) : nil)
            stack.append(.value)
        }
    }

    private mutating func simple(_ opcode: Opcode) throws {
        switch opcode {
        case .null, .true, .false, .currentPosition: stack.append(.value)
        case .constant, .homePath:
            try require(try number() < program.constants.count, "constant")
            stack.append(.value)
        case .integer:
            _ = try number()
            stack.append(.value)
        case .pop: try pop()
        case .closeScope:
            let count = try number()
            try pop()
            for _ in 0..<count { try require(stack.popLast() != nil, "closeScope") }
            stack.append(.value)
        case .getLocal, .getLocalForce:
            try require(slot: number())
            stack.append(.value)
        case .getLocalSelect:
            try require(slot: number())
            try require(try number() < program.symbols.count, "symbol")
            stack.append(.value)
        case .getUpvalue, .getUpvalueForce:
            try require(upvalue: number())
            stack.append(.value)
        case .getUpvalueSelect:
            try require(upvalue: number())
            try require(try number() < program.symbols.count, "symbol")
            stack.append(.value)
        case .pushWith:
            let outer = Position(rawValue: UInt64(try number()))
            if outer.kind != .none { try require(outer, .link) }
            try pop()
            stack.append(.link)
        case .resolveWith:
            try require(Position(rawValue: UInt64(try number())), .link)
            try require(try number() < program.symbols.count, "symbol")
            stack.append(.value)
        case .attributes: try replace(program.shapes[try number()].names.count)
        case .dynamicAttributes: try replace(1 + 2 * number())
        case .select, .hasAttribute:
            try require(try number() < program.symbols.count, "symbol")
            try replace(1)
        case .list, .interpolate, .interpolatePath: try replace(number())
        case .call: try replace(1 + number())
        case .coerceToString:
            try require(try byte() <= 3, "coercion")
            try replace(1)
        case .addInteger, .subtractInteger, .equalInteger, .lessInteger:
            _ = try number()
            try replace(1)
        case .assertEqual:
            guard case .string = program.constants[try number()] else { throw Hole(description: "no string") }
            try replace(2)
        case .force, .invert, .negate, .assertBool: try replace(1)
        case .update, .concatenate, .selectDynamic, .hasAttributeDynamic, .add, .subtract, .multiply, .divide, .equal,
            .less, .lessOrEqual, .greater, .greaterOrEqual:
            try replace(2)
        default: throw Hole(description: "`\(opcode)` is not for programs")
        }
    }
}
