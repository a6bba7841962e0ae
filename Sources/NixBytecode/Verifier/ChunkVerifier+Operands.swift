extension ChunkVerifier {
    /// Reads and checks an operand that is not a jump.
    ///
    /// - Returns: a count operand, or the number of names of the shape or formals operand; otherwise 0.
    mutating func operand(
        _ operand: Operand, _ opcode: Opcode, _ verifier: inout Verifier
    ) throws(Failure) -> Int {
        switch operand {
        case .constant: try constant(opcode, &verifier)
        case .signed: _ = try reader.signed()
        case .count: return try count(opcode)
        case .slot: try slot(opcode)
        case .upvalue:
            let index = try reader.number()
            try upvalue(index)
        case .chunk: try child(opcode, &verifier)
        case .symbol: try verifier.useSymbol(try reader.number())
        case .shape: return try verifier.shapeSize(try reader.number())
        case .formals: return try formals(&verifier)
        case .position:
            let position = try reader.position()
            try chainPosition(position, allowsNone: opcode == .pushWith)
        case .captures: try captures(&verifier)
        case .deferred: try deferred(&verifier)
        case .coercion: _ = try reader.coercion()
        case .jump: break
        }
        return 0
    }

    private mutating func constant(_ opcode: Opcode, _ verifier: inout Verifier) throws(Failure) {
        guard try verifier.isString(try reader.number()) || opcode == .constant else { throw .constantKind }
    }

    private mutating func count(_ opcode: Opcode) throws(Failure) -> Int {
        let count = try reader.number()
        guard count >= opcode.minimumCount else { throw .countTooSmall }
        return count
    }

    private mutating func slot(_ opcode: Opcode) throws(Failure) {
        let slot = try reader.number()
        try value(in: slot)
        guard opcode == .unpackFormals else { return }
        guard slot == arity - 1 else { throw .misplacedFormals }
    }

    /// Checks that a slot holds a value.
    private func value(in slot: Int) throws(Failure) {
        guard slot < height else { throw .slotOutOfRange }
        guard !isLink(slot) else { throw .misusedWith }
    }

    private func isLink(_ slot: Int) -> Bool { slot < isLink.count && isLink[slot] }

    /// Checks that an upvalue is a value.
    private func upvalue(_ index: Int) throws(Failure) {
        guard index < upvalueCount else { throw .upvalueOutOfRange }
        guard index < plainUpvalues else { throw .misusedWith }
    }

    /// Reads the chunk operand of `closure`, `thunk` or `lazySelect` into `childIndex`, which the captures are checked
    /// against.
    private mutating func child(_ opcode: Opcode, _ verifier: inout Verifier) throws(Failure) {
        let child = try reader.number()
        try refer(to: child, kind: opcode == .closure ? .lambda : .thunk, &verifier)
        childIndex = child
        guard opcode == .lazySelect else { return }
        let target = try verifier.outline(child)
        guard target.upvalueCount == 1, !target.capturesWith else { throw .captureCount }
    }

    private func refer(to child: Int, kind: Chunk.Kind, _ verifier: inout Verifier) throws(Failure) {
        guard child > index, child < verifier.counts.chunks else { throw .chunkOutOfRange }
        guard try verifier.outline(child).kind == kind else { throw .chunkKind }
        let depth = verifier.depths[index] + 1
        guard depth <= Int32(ProgramLimits.nesting) else { throw .limitExceeded }
        verifier.depths[child] = max(verifier.depths[child], depth)
    }

    /// Checks the position of a `with` chain: the slot of an open link, or the chunk's own chain.
    private func chainPosition(_ position: Position, allowsNone: Bool) throws(Failure) {
        switch position.kind {
        case .none:
            guard allowsNone, position.index == 0 else { throw .captureKind }
        case .local:
            guard position.index < height else { throw .slotOutOfRange }
            guard isLink(position.index) else { throw .misusedWith }
        case .upvalue:
            guard position.index < upvalueCount else { throw .upvalueOutOfRange }
            guard position.index >= plainUpvalues else { throw .misusedWith }
        case .deferred: throw .captureKind
        }
    }

    private mutating func captures(_ verifier: inout Verifier) throws(Failure) {
        let packed = try reader.integer()
        let child = try verifier.outline(childIndex)
        try checkCount(packed >> 1, hasWith: packed & 1 == 1, child)
        try verifier.charge(Int(packed >> 1))
        for _ in 0..<packed >> 1 {
            let position = try reader.position()
            try capture(position, allowsDeferred: true)
        }
        guard packed & 1 == 1 else { return }
        let position = try reader.position()
        try chainPosition(position, allowsNone: false)
    }

    private func checkCount(_ count: UInt64, hasWith: Bool, _ child: ChunkOutline) throws(Failure) {
        guard hasWith == child.capturesWith, count == UInt64(child.upvalueCount) - (hasWith ? 1 : 0) else {
            throw .captureCount
        }
    }

    private func capture(_ position: Position, allowsDeferred: Bool) throws(Failure) {
        switch position.kind {
        case .local: try value(in: position.index)
        case .upvalue: try upvalue(position.index)
        case .deferred:
            guard allowsDeferred else { throw .captureKind }
            guard position.index < Int(maximumStack) else { throw .slotOutOfRange }
        case .none: throw .captureKind
        }
    }

    private mutating func deferred(_ verifier: inout Verifier) throws(Failure) {
        for _ in 0..<(try reader.number()) {
            try verifier.charge()
            guard try reader.number() < ProgramLimits.upvalues else { throw .upvalueOutOfRange }
            let slot = try reader.number()
            try value(in: slot)
        }
    }

    private mutating func formals(_ verifier: inout Verifier) throws(Failure) -> Int {
        let formals = try reader.number()
        let count = try verifier.formals(formals).count
        guard let own = ownFormals, formals == own else { throw .misplacedFormals }
        try claimUnpacking()
        return count
    }

    /// Checks the thunks of default values, after the values of all formals were pushed.
    mutating func unpacked(_ verifier: inout Verifier) throws(Failure) {
        guard let own = ownFormals else { return }
        for formal in try verifier.formals(Int(own)) {
            try verifier.charge()
            guard case .thunk(let child, let captures, let with) = formal.defaultValue else { continue }
            try refer(to: Int(child), kind: .thunk, &verifier)
            try checkCount(UInt64(captures.count), hasWith: with != nil, verifier.outline(Int(child)))
            for capture in captures { try self.capture(capture, allowsDeferred: false) }
            if let with { try chainPosition(with, allowsNone: false) }
        }
    }
}
