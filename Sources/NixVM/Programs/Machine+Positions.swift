import NixBytecode

extension Machine {
    /// The source position of a code address in a chunk; nil for machine code.
    func sourcePosition(chunk index: Int, pc: UnsafePointer<UInt8>) -> SourcePosition? {
        let loaded = state.pointee.chunks[index]
        guard index > 0, index < state.pointee.chunkCount, Int(loaded.program) < programs.count else { return nil }
        let program = programs[Int(loaded.program)]
        let offset = pc - loaded.code
        guard offset >= 0, offset <= program.codeSize(Int(loaded.index)) else { return nil }
        let chunk = program.chunkWithSpans(Int(loaded.index))
        return position(in: Int(loaded.program), span: instructionSpan(chunk, offset))
    }

    private func instructionSpan(_ chunk: Chunk, _ offset: Int) -> SourceSpan? {
        spanIndex(chunk, offset).map { chunk.instructionSpans[$0].span }
    }

    /// Which of a chunk's spans an offset lies in.
    private func spanIndex(_ chunk: Chunk, _ offset: Int) -> Int? {
        var low = 0
        var high = chunk.instructionSpans.count
        while low < high {
            let middle = (low + high) / 2
            if Int(chunk.instructionSpans[middle].offset) <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// Where a span lies: line and column when the program still has its lines.
    func position(in program: Int, span: SourceSpan?) -> SourcePosition {
        let loaded = programs[program]
        var position = SourcePosition(
            source: loaded.sourceName, span: span, line: nil, column: nil, program: program)
        if let span, let location = loaded.location?(span.start) {
            position.line = location.line
            position.column = location.column
        }
        return position
    }

    /// What the relative paths of a program start from; empty for no program.
    public func directory(ofProgram index: Int) -> [UInt8] {
        programs.indices.contains(index) ? programs[index].directory : []
    }

    /// The position with a number, as layouts carry it; nil for 0.
    func attributePosition(_ number: UInt32) -> SourcePosition? {
        guard number > 0, Int(number) <= attributePositions.count else { return nil }
        let (program, span) = attributePositions[Int(number) - 1]
        return position(in: Int(program), span: span)
    }

    /// Warns of what does not fail.
    func warn(_ message: String, at number: UInt32, context: String) {
        let warning = EvalFailure(
            kind: .value, message: Array(message.utf8), position: attributePosition(number),
            trace: [TraceEntry(message: context, position: nil)])
        if let warningHandler { warningHandler(warning) } else { print(Array("warning: \(message)".utf8)) }
    }

    /// The number of a new attribute position; 0 without span.
    func attributePosition(_ span: SourceSpan?, _ loaded: LoadedProgram) -> UInt32 {
        guard let span else { return 0 }
        attributePositions.append((UInt32(truncatingIfNeeded: loaded.tables.pointee.program), span))
        return UInt32(truncatingIfNeeded: attributePositions.count)
    }

    /// The position number of an instruction, 0 for one without span.
    func instructionPosition(chunk index: Int, pc: UnsafePointer<UInt8>) -> UInt32 {
        let loaded = state.pointee.chunks[index]
        guard index > 0, Int(loaded.program) < programs.count else { return 0 }
        let program = programs[Int(loaded.program)]
        let chunk = program.chunkWithSpans(Int(loaded.index))
        guard let entry = spanIndex(chunk, pc - loaded.code) else { return 0 }
        let key = UInt64(truncatingIfNeeded: index) &<< 32 | UInt64(truncatingIfNeeded: entry)
        if let known = instructionPositions[key] { return known }
        let number = attributePosition(chunk.instructionSpans[entry].span, program)
        instructionPositions[key] = number
        return number
    }
}

extension Interpreter {
    /// Where the instruction being executed stands; for a builtin's frame, where it was called.
    func currentSourcePosition() -> SourcePosition? {
        var pc = state.pointee.instruction
        var env = state.pointee.r.env
        var frame = state.pointee.r.fp
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

    /// The address inside the instruction a frame returns to: the instruction itself when it runs anew.
    func callSite(_ frame: Frame) -> UnsafePointer<UInt8> {
        frame.update & 3 == FrameMode.updateAndRetry ? frame.pc : frame.pc - 1
    }
}
