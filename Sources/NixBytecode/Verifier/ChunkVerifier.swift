/// Runs over one chunk's code once, with the stack's height in place of the stack.
///
/// Jumps only go forward, so when an instruction is reached every way to it is known: the height it must find lies in a
/// table by offset, put there by the jumps before. Links of the `with` chain are followed through the slots they lie
/// in: they form a stack of their own, which only `pushWith` grows and only `closeScope` shrinks.
struct ChunkVerifier: ~Copyable {
    typealias Failure = VerificationError.Code

    /// What must hold where a jump arrives.
    struct Arrival {
        /// -1 where no jump arrives.
        var height: Int32 = -1
        /// Serial number of the innermost open link; 0 without one.
        var link: Int32 = 0
    }

    /// An open link of the `with` chain.
    struct Link {
        var slot: Int
        var serial: Int
    }

    /// Tables used for one chunk after another, cleared by each that is right.
    struct Scratch {
        fileprivate var arrivals: [Arrival] = []
        fileprivate var isLink: [Bool] = []
    }

    let index: Int
    let arity: Int
    let upvalueCount: Int
    /// Upvalues that are not the `with` chain.
    let plainUpvalues: Int
    let ownFormals: UInt32?
    let maximumStack: UInt32
    private let instructionSpans: [InstructionSpan]
    var reader: CodeReader
    private var arrivals: [Arrival] = []
    /// For each slot, whether an open link lies in it.
    private(set) var isLink: [Bool] = []
    var height: Int
    var maximum: Int
    var links: [Link] = []
    /// The chunk that the instruction makes an object of.
    var childIndex = 0
    /// Serial number of the last link made.
    private var lastSerial = 0
    private var isReachable = true
    private var nextSpan = 0
    private var hasUnpacked = false

    /// Verifies a chunk whose header is right.
    static func verify(_ index: Int, _ chunk: Chunk, _ verifier: inout Verifier) throws(VerificationError) {
        var offset = 0
        var checker = ChunkVerifier(index, chunk)
        checker.exchange(&verifier.scratch)
        do throws(Failure) {
            try checker.makeRoom(&verifier)
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

    private mutating func makeRoom(_ verifier: inout Verifier) throws(Failure) {
        let missing = reader.code.count - arrivals.count
        guard missing > 0 else { return }
        // The old table is there while the new one is made.
        let bytes = arrivals.byteCount(adding: missing) - arrivals.byteCount(adding: 0)
        try verifier.take(max(bytes, missing * MemoryLayout<Arrival>.stride))
        arrivals.append(contentsOf: repeatElement(Arrival(), count: missing))
    }

    private mutating func instruction(_ verifier: inout Verifier) throws(Failure) {
        let start = reader.offset
        try verifier.work()
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

    /// Takes over what the jumps to an instruction bring.
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

    /// Formals are unpacked once.
    mutating func claimUnpacking() throws(Failure) {
        guard !hasUnpacked else { throw .misplacedFormals }
        hasUnpacked = true
    }
}

extension ChunkVerifier {
    /// Serial number of the innermost open link; 0 without one.
    private var innermost: Int { links.last?.serial ?? 0 }

    /// Moves the height along both edges.
    private mutating func effects(
        _ opcode: Opcode, _ layout: OpcodeLayout, count: Int, target: Int?
    ) throws(Failure) {
        if opcode == .closeScope { return try closeScope(count) }
        if let target, let (pops, pushes) = layout.taken?.resolved(count: count) {
            try take(pops)
            try jump(to: target, height: height - pops + pushes)
        }
        guard let (pops, pushes) = layout.next.resolved(count: count) else {
            try take(opcode.endingPops(count: count))
            isReachable = false
            return
        }
        try take(pops)
        height += pushes - pops
        guard height <= ProgramLimits.stack else { throw .limitExceeded }
        maximum = max(maximum, height)
        if opcode == .pushWith { pushLink() }
    }

    /// Checks that so many values lie on top, none of them an argument or a link.
    private func take(_ count: Int) throws(Failure) {
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

    /// The only instruction that drops links: those among the locals below the result.
    private mutating func closeScope(_ count: Int) throws(Failure) {
        try take(1)
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

    /// False when no link is open.
    private mutating func popLink() -> Bool {
        guard let link = links.popLast() else { return false }
        isLink[link.slot] = false
        return true
    }
}
