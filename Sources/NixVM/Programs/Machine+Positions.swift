import NixBytecode

extension Machine {
    /// The source position of a code address in a chunk, or nil for the machine's own code.
    func sourcePosition(chunk index: Int, pc: UnsafePointer<UInt8>) -> SourcePosition? {
        let loaded = state.pointee.chunks[index]
        guard index > 0, index < state.pointee.chunkCount, Int(loaded.program) < programs.count else { return nil }
        let program = programs[Int(loaded.program)]
        let offset = pc - loaded.code
        guard offset >= 0, offset <= program.codeSize(Int(loaded.index)) else { return nil }
        let chunk = program.chunk(Int(loaded.index))
        return position(in: Int(loaded.program), span: instructionSpan(chunk, offset))
    }

    private func instructionSpan(_ chunk: Chunk, _ offset: Int) -> SourceSpan? {
        spanIndex(chunk, offset).map { chunk.instructionSpans[$0].span }
    }

    /// The index of the span that an offset is in.
    private func spanIndex(_ chunk: Chunk, _ offset: Int) -> Int? {
        var low = 0
        var high = chunk.instructionSpans.count
        while low < high {
            let middle = (low + high) / 2
            if Int(chunk.instructionSpans[middle].offset) <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// The position of a span. It has line and column if the program's lines are available.
    func position(in program: Int, span: SourceSpan?) -> SourcePosition {
        let loaded = programs[program]
        var position = SourcePosition(
            source: loaded.origin.sourceName, span: span, line: nil, column: nil, program: program)
        if let span, let location = loaded.location?(span.start) {
            position.line = location.line
            position.column = location.column
        }
        return position
    }

    /// The directory that a program's relative paths start from, or nothing if there is no such program.
    public func directory(ofProgram index: Int) -> [UInt8] {
        (0..<programs.count).contains(index) ? programs[index].origin.directory : []
    }

    /// The position with a number from a layout, or nil for 0.
    func attributePosition(_ number: UInt32) -> SourcePosition? {
        guard number > 0, Int(number) <= attributePositions.count else { return nil }
        let (program, span) = attributePositions[number]
        return position(in: Int(program), span: span)
    }

    /// Reports a problem that is not a failure.
    func warn(_ message: String, at number: UInt32, context: String) {
        let warning = EvalFailure(
            kind: .value, message: Array(message.utf8), position: attributePosition(number),
            trace: [TraceEntry(message: context, position: nil)])
        if let warningHandler { warningHandler(warning) } else { print(Array("warning: \(message)".utf8)) }
    }

    /// The number of a new attribute position, or 0 without a span.
    func attributePosition(_ span: SourceSpan?, _ loaded: LoadedProgram) -> UInt32 {
        guard let span else { return 0 }
        attributePositions.append((UInt32(truncatingIfNeeded: loaded.tables.pointee.program), span))
        return UInt32(truncatingIfNeeded: attributePositions.count)
    }

    /// The position number of an instruction, or 0 if it has no span.
    func instructionPosition(chunk index: Int, pc: UnsafePointer<UInt8>) -> UInt32 {
        let loaded = state.pointee.chunks[index]
        guard index > 0, Int(loaded.program) < programs.count else { return 0 }
        let program = programs[Int(loaded.program)]
        let chunk = program.chunk(Int(loaded.index))
        guard let entry = spanIndex(chunk, pc - loaded.code) else { return 0 }
        let key = UInt64(truncatingIfNeeded: index) &<< 32 | UInt64(truncatingIfNeeded: entry)
        if let known = instructionPositions[key] { return known }
        let number = attributePosition(chunk.instructionSpans[entry].span, program)
        instructionPositions[key] = number
        return number
    }
}

extension Interpreter {
    /// The position of the current instruction. For the frame of a builtin it is that of the caller.
    func currentSourcePosition() -> SourcePosition? {
        var pc = state.pointee.instruction
        var env = state.pointee.registers.env
        var frame = state.pointee.registers.fp
        while true {
            if env != state.pointee.machineEnv, let found = machine.sourcePosition(chunk: env.field, pc: pc) {
                return found
            }
            if frame <= state.pointee.bottomFrame { return nil }
            frame -= 1
            pc = callSite(frame.pointee)
            env = frame.pointee.env
        }
    }

    /// An address within the instruction that a frame returns to. It is the instruction's start if the instruction runs
    /// again.
    func callSite(_ frame: Frame) -> UnsafePointer<UInt8> {
        frame.update & 3 == FrameMode.updateAndRetry ? frame.pc : frame.pc - 1
    }
}
