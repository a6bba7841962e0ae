import NixBytecode

/// What is known about the attribute at fault in a selection path.
struct SelectionDetails {
    /// The position number of the last attribute reached, which is 0 if it has no position, and nil if it is not known.
    var definition: UInt32?
    /// The symbol of a dynamic attribute name.
    var name: UInt32?
}

extension Interpreter {
    /// Walks the selection path at a code address again, from the variable that it begins with. Everything up to the
    /// attribute at fault has been evaluated.
    ///
    /// - Parameter phase: The phase of the failure. It is `attribute` if the last attribute exists, but failed.
    func selection(_ location: FrameLocation, _ phase: CodeFrame.Phase) -> SelectionDetails {
        let chunk = state.pointee.registers.env.field
        if location.isStart {
            let opcode = UnsafeRawPointer(location.pc).load(as: Opcode.self)
            if opcode == .selectDynamic || opcode == .selectOrDynamic {
                return dynamicSelection(chunk, location, phase)
            }
            guard opcode.selects, phase == .own else { return SelectionDetails() }
        } else if phase != .attribute {
            return SelectionDetails()
        }
        guard let instructions = machine.instructions(of: chunk),
            let last = instructions.index(location.pc - state.pointee.chunks[chunk].code - (location.isStart ? 0 : 1)),
            instructions.starts[last].opcode.selects
        else { return SelectionDetails() }
        return SelectionDetails(
            definition: follow(instructions, to: last, includesLast: phase == .attribute)?.definition)
    }

    /// The dynamic name is at the top of the stack, and the set that it is looked up in is below it.
    private func dynamicSelection(
        _ chunk: Int, _ location: FrameLocation, _ phase: CodeFrame.Phase
    ) -> SelectionDetails {
        guard sp - 2 >= bp else { return SelectionDetails() }
        let name = sp[-1].dereferenced
        let base = sp[-2].dereferenced
        guard name.isString, let symbol = state.pointee.symbols.find(name.object.byteBuffer) else {
            return SelectionDetails(definition: beforeName(chunk, location))
        }
        guard phase == .attribute, base.isAttributes else {
            return SelectionDetails(definition: beforeName(chunk, location), name: symbol)
        }
        return SelectionDetails(definition: positionNumber(base.object, symbol), name: symbol)
    }

    /// The attribute in which a dynamic name is looked up, if a single instruction computed the name.
    private func beforeName(_ chunk: Int, _ location: FrameLocation) -> UInt32? {
        guard let instructions = machine.instructions(of: chunk),
            let last = instructions.index(location.pc - state.pointee.chunks[chunk].code), last > 1,
            instructions.starts[last - 2].opcode.selects
        else { return nil }
        return follow(instructions, to: last - 2, includesLast: true)?.definition
    }

    /// Walks a path of attributes from the variable at its start to the last attribute, or to the one before.
    private func follow(
        _ instructions: ChunkInstructions, to last: Int, includesLast: Bool
    ) -> (definition: UInt32, value: Value)? {
        let first = instructions.startOfPath(last)
        guard var value = start(instructions, first) else { return nil }
        var definition: UInt32?
        for index in first...last where index < last || includesLast {
            guard value.isAttributes else { return nil }
            let symbol = state.pointee.registers.tables.pointee.symbols[instructions.symbol(index)]
            guard let slot = lookup(value.object, symbol), let number = positionNumber(value.object, symbol)
            else { return nil }
            definition = number
            value = slot.pointee.dereferenced
        }
        return definition.map { ($0, value) }
    }

    /// The value of the variable that a path begins with.
    private func start(_ instructions: ChunkInstructions, _ first: Int) -> Value? {
        let values = state.pointee.registers.env.values
        switch instructions.starts[first].opcode {
        case .getLocalSelect: return bp[instructions.operand(first)].dereferenced
        case .getUpvalueSelect: return values[instructions.operand(first)].dereferenced
        default: break
        }
        guard first > 0 else { return nil }
        switch instructions.starts[first - 1].opcode {
        case .getLocal, .getLocalForce: return bp[instructions.operand(first - 1)].dereferenced
        case .getUpvalue, .getUpvalueForce: return values[instructions.operand(first - 1)].dereferenced
        default: return nil
        }
    }
}

/// The decoded instructions of a chunk.
struct ChunkInstructions {
    let chunk: Chunk
    let starts: [(offset: Int, opcode: Opcode)]

    init(_ chunk: Chunk) {
        self.chunk = chunk
        starts = chunk.instructionStarts()
    }

    /// The index of the instruction that contains an offset.
    func index(_ offset: Int) -> Int? { starts.lastIndex { $0.offset <= offset } }

    /// The first instruction of the selection path that an instruction belongs to.
    func startOfPath(_ last: Int) -> Int {
        var index = last
        let span = span(index)
        while starts[index].opcode.selects, !starts[index].opcode.isFirstStep, index > 0,
            starts[index - 1].opcode.selects, self.span(index - 1) == span
        {
            index -= 1
        }
        return index
    }

    func span(_ index: Int) -> SourceSpan? {
        let offset = starts[index].offset
        var low = 0
        var high = chunk.instructionSpans.count
        while low < high {
            let middle = (low + high) / 2
            if Int(chunk.instructionSpans[middle].offset) <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : chunk.instructionSpans[low - 1].span
    }

    /// The first operand.
    func operand(_ index: Int) -> Int { operands(index).0 }

    /// The index, in the program's table, of the symbol that an instruction selects.
    func symbol(_ index: Int) -> Int {
        let (first, second) = operands(index)
        return starts[index].opcode.isFirstStep ? second : first
    }

    private func operands(_ index: Int) -> (Int, Int) {
        chunk.code.withUnsafeBufferPointer { code in
            guard let base = code.baseAddress else { return (0, 0) }
            var pc = base + (starts[index].offset + 1)
            let first = NixVM.operand(&pc)
            return (first, starts[index].opcode.isFirstStep ? NixVM.operand(&pc) : 0)
        }
    }
}

extension Opcode {
    /// Whether the instruction is a step of a selection path.
    var selects: Bool {
        switch self {
        case .select, .selectOr, .getLocalSelect, .getUpvalueSelect: true
        default: false
        }
    }

    /// Whether the instruction is the first step, from a variable.
    fileprivate var isFirstStep: Bool { self == .getLocalSelect || self == .getUpvalueSelect }
}

extension Machine {
    /// The instructions of a chunk, which are decoded once. The result is nil for code of the machine's own.
    func instructions(of chunk: Int) -> ChunkInstructions? {
        if let known = decodedChunks[chunk] { return known }
        let loaded = state.pointee.chunks[chunk]
        guard chunk > 0, Int(loaded.program) < programs.count else { return nil }
        let program = programs[Int(loaded.program)]
        // Decoding longer code would take too much time for a few words of a message.
        guard program.codeSize(Int(loaded.index)) <= 1 << 18 else { return nil }
        var content = program.chunk(Int(loaded.index))
        content.code = Array(UnsafeBufferPointer(start: loaded.code, count: program.codeSize(Int(loaded.index))))
        let decoded = ChunkInstructions(content)
        decodedChunks[chunk] = decoded
        return decoded
    }
}
