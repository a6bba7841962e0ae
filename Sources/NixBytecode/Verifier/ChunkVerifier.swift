import ByteCounting

/// Verifies the code of one chunk by abstract interpretation, in one pass. The stack is represented by its height.
///
/// Jumps only go forward, so all edges to an instruction are known when the pass reaches it. A jump stores the height
/// at its target in a table by code offset. Links of the `with` chain are tracked by slot. They form a stack of their
/// own, which only `pushWith` grows and only `closeScope` shrinks.
struct ChunkVerifier: ~Copyable {
    typealias Failure = VerificationError.Code

    /// The state that a jump brings to its target.
    struct Arrival {
        /// The stack height; -1 if no jump leads to the offset.
        var height: Int32 = -1
        /// The serial number of the innermost open link; 0 if there is none.
        var link: Int32 = 0
    }

    /// An open link of the `with` chain.
    struct Link {
        var slot: Int
        var serial: Int
    }

    /// Tables that are reused from chunk to chunk. A chunk that is valid leaves them cleared.
    struct Scratch {
        fileprivate var arrivals: [Arrival] = []
        fileprivate var isLink: [Bool] = []
    }

    let index: Int
    let arity: Int
    let upvalueCount: Int
    /// The number of upvalues without the `with` chain.
    let plainUpvalues: Int
    let ownFormals: UInt32?
    let maximumStack: UInt32
    private let instructionSpans: [InstructionSpan]
    var reader: CodeReader
    private var arrivals: [Arrival] = []
    /// By slot: whether it holds an open link.
    private(set) var isLink: [Bool] = []
    var height: Int
    var maximum: Int
    var links: [Link] = []
    /// The chunk operand of the current instruction.
    var childIndex = 0
    /// The serial number of the newest link.
    private var lastSerial = 0
    private var isReachable = true
    private var nextSpan = 0
    private var hasUnpacked = false

    /// Verifies the code of a chunk whose header is valid.
    static func verify(_ index: Int, _ chunk: Chunk, _ verifier: inout Verifier) throws(VerificationError) {
        var offset = 0
        var checker = ChunkVerifier(index, chunk)
        checker.exchange(&verifier.scratch)
        do throws(Failure) {
            try checker.growArrivals(&verifier)
            while !checker.reader.isAtEnd {
                offset = checker.reader.offset
                try checker.instruction(&verifier)
            }
            offset = checker.reader.offset
            try checker.finish()
            checker.exchange(&verifier.scratch)
        } catch .wrongMaximumStack {
            throw VerificationError(.wrongMaximumStack, at: .chunk(index))
        } catch {
            throw VerificationError(error, at: .code(chunk: index, offset: offset))
        }
    }

    private init(_ index: Int, _ chunk: Chunk) {
        self.index = index
        arity = Int(chunk.arity)
        upvalueCount = Int(chunk.upvalueCount)
        plainUpvalues = upvalueCount - (chunk.capturesWith ? 1 : 0)
        ownFormals = chunk.formals
        maximumStack = chunk.maximumStack
        instructionSpans = chunk.instructionSpans
        reader = CodeReader(chunk.code)
        height = arity
        maximum = arity
    }

    private mutating func exchange(_ scratch: inout Scratch) {
        swap(&arrivals, &scratch.arrivals)
        swap(&isLink, &scratch.isLink)
    }

    private mutating func growArrivals(_ verifier: inout Verifier) throws(Failure) {
        let missing = reader.code.count - arrivals.count
        guard missing > 0 else { return }
        // The old table exists until the new one is filled.
        let bytes = arrivals.byteCount(adding: missing) - arrivals.byteCount(adding: 0)
        try verifier.reserve(max(bytes, missing * MemoryLayout<Arrival>.stride))
        arrivals.append(contentsOf: repeatElement(Arrival(), count: missing))
    }

    private mutating func instruction(_ verifier: inout Verifier) throws(Failure) {
        let start = reader.offset
        try verifier.charge()
        try arrive(at: start)
        try span(at: start)
        let opcode = try reader.opcode()
        let layout = opcode.layout
        var count = 0
        if let first = layout.first { count = try operand(first, opcode, &verifier) }
        if let second = layout.second, second != .jump {
            count = max(count, try operand(second, opcode, &verifier))
        }
        let target = layout.hasJump ? try reader.jumpTarget() : nil
        for inside in start + 1..<reader.offset where arrivals[inside].height >= 0 {
            throw .jumpIntoInstruction
        }
        try effects(opcode, layout, count: count, target: target)
        if opcode == .unpackFormals { try unpacked(&verifier) }
    }

    /// Merges the state of the jumps to an instruction with that of the instruction before.
    private mutating func arrive(at offset: Int) throws(Failure) {
        let arrival = arrivals[offset]
        guard arrival.height >= 0 else {
            guard isReachable else { throw .unreachableCode }
            return
        }
        arrivals[offset] = Arrival()
        if isReachable {
            guard Int(arrival.height) == height else { throw .heightMismatch }
            guard Int(arrival.link) == innermost else { throw .withMismatch }
            return
        }
        height = Int(arrival.height)
        while innermost != Int(arrival.link) {
            guard popLink() else { throw .withMismatch }
        }
        isReachable = true
    }

    private mutating func span(at offset: Int) throws(Failure) {
        guard nextSpan < instructionSpans.count else { return }
        let next = instructionSpans[nextSpan]
        guard Int(next.offset) >= offset, next.span.start <= next.span.end else { throw .invalidSpan }
        if Int(next.offset) == offset { nextSpan += 1 }
    }

    private mutating func finish() throws(Failure) {
        while popLink() {}
        guard !isReachable else { throw .fallsOffEnd }
        guard nextSpan == instructionSpans.count else { throw .invalidSpan }
        guard maximum == maximumStack else { throw .wrongMaximumStack }
    }

    /// Checks that formals are unpacked only once.
    mutating func claimUnpacking() throws(Failure) {
        guard !hasUnpacked else { throw .misplacedFormals }
        hasUnpacked = true
    }
}

extension ChunkVerifier {
    /// The serial number of the innermost open link; 0 if there is none.
    private var innermost: Int { links.last?.serial ?? 0 }

    /// Applies the stack effects of both edges.
    private mutating func effects(
        _ opcode: Opcode, _ layout: OpcodeLayout, count: Int, target: Int?
    ) throws(Failure) {
        if opcode == .closeScope { return try closeScope(count) }
        if let target, let (pops, pushes) = layout.taken?.resolved(count: count) {
            try requireOperands(pops)
            try jump(to: target, height: height - pops + pushes)
        }
        guard let (pops, pushes) = layout.next.resolved(count: count) else {
            try requireOperands(layout.next.endingPops(count: count))
            isReachable = false
            return
        }
        try requireOperands(pops)
        height += pushes - pops
        guard height <= ProgramLimits.stack else { throw .limitExceeded }
        maximum = max(maximum, height)
        if opcode == .pushWith { pushLink() }
    }

    /// Checks that `count` operands are on the stack above the arguments, and that none is a link.
    private func requireOperands(_ count: Int) throws(Failure) {
        guard count <= height - arity else { throw .stackUnderflow }
        if let link = links.last, link.slot >= height - count { throw .misusedWith }
    }

    private mutating func jump(to target: Int, height: Int) throws(Failure) {
        let arrival = arrivals[target]
        guard arrival.height >= 0 else {
            arrivals[target] = Arrival(
                height: Int32(truncatingIfNeeded: height), link: Int32(truncatingIfNeeded: innermost))
            return
        }
        guard Int(arrival.height) == height else { throw .heightMismatch }
        guard Int(arrival.link) == innermost else { throw .withMismatch }
    }

    /// Applies `closeScope`, the only instruction that drops links: those among the locals below the result.
    private mutating func closeScope(_ count: Int) throws(Failure) {
        try requireOperands(1)
        guard count < height - arity else { throw .stackUnderflow }
        height -= count
        while let link = links.last, link.slot >= height - 1 { _ = popLink() }
    }

    private mutating func pushLink() {
        lastSerial += 1
        let slot = height - 1
        links.append(Link(slot: slot, serial: lastSerial))
        let missing = slot + 1 - isLink.count
        if missing > 0 { isLink.append(contentsOf: repeatElement(false, count: missing)) }
        isLink[slot] = true
    }

    /// Closes the innermost link; returns false if none is open.
    private mutating func popLink() -> Bool {
        guard let link = links.popLast() else { return false }
        isLink[link.slot] = false
        return true
    }
}
