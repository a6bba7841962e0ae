import MessageText
import NixBytecode

/// Turns the notes about a failure into frames with names and positions.
extension Machine {
    func finishBacktrace(_ failure: inout EvalFailure) {
        let first = notes.first
        let outer = notes.outer
        var decoder = BacktraceDecoder(self)
        for note in first { decoder.add(note) }
        failure.framesCut = decoder.frames.count
        failure.framesOmitted = notes.omitted
        for note in outer { decoder.add(note) }
        failure.frames = decoder.frames
        dropBacktrace()
    }

    /// Forgets the notes about a failure.
    func dropBacktrace() {
        notes.removeAll()
        decodedChunks = [:]
    }
}

struct BacktraceDecoder {
    /// The number of bytes of a name that a backtrace shows.
    static let maximumNameBytes = 1_024

    let machine: Machine
    var frames: [BacktraceFrame] = []
    /// The index is made when it is first needed, at a tail call.
    private lazy var codeIndex = CodeIndex(machine)

    init(_ machine: Machine) { self.machine = machine }

    mutating func add(_ note: BacktraceNote) {
        switch note {
        case .code(let chunk, let offset, let isStart, let operand, let phase, let selection, let forced):
            addCode(
                Int(chunk), Int(offset) - (isStart ? 0 : 1), operand: operand, phase, selection, forced: Int(forced))
        case .function(let chunk, let isEntered): addFunction(Int(chunk), isEntered: isEntered)
        case .site(let pc): addSite(pc)
        case .builtin(let index):
            let name = BuiltinTable.name(Int(index))
            frames.append(.boundary(nil, usesApplication: false))
            addCall("while calling the '\(name)' builtin")
        case .application(let function): frames.append(.application(functionPosition(Int(function))))
        case .coercion: frames.append(.coercion)
        case .coercionReason(let text): frames.append(.coercionReason(text))
        case .substitution(let text, let number): addSubstitution(text, number)
        case .functor(let number): addFunctor(number)
        case .failurePosition: frames.append(.failurePosition)
        case .attribute(let symbol, let number, let isJSON):
            let name = shortName(symbol)
            addElement(
                "while evaluating \(isJSON ? "" : "the ")attribute '\(name)'", number, isJSON: isJSON, hasPosition: true
            )
        case .noApplicationPosition: frames.append(.boundary(nil, usesApplication: false))
        case .element(let index, let number, let isJSON):
            addElement(
                "while evaluating list element at index \(index)", number, isJSON: isJSON, hasPosition: isJSON)
        case .text(let text):
            frames.append(.boundary(nil, usesApplication: false))
            frames.append(.entry(TraceEntry(message: text, position: nil)))
        case .textAt(let text, let number):
            frames.append(.entry(TraceEntry(message: text, position: machine.attributePosition(number))))
        case .textAtFunction(let text, let chunk):
            frames.append(.entry(TraceEntry(message: text, position: functionPosition(Int(chunk)))))
        case .here(let text): addCall(text)
        case .position(let number): frames.append(.position(number.flatMap { machine.attributePosition($0) }))
        case .important(let text):
            frames.append(.boundary(nil, usesApplication: false))
            frames.append(.entry(TraceEntry(message: text, position: nil, visibility: .always)))
        case .message(let bytes):
            frames.append(.boundary(nil, usesApplication: false))
            frames.append(
                .entry(
                    TraceEntry(message: String(decoding: bytes, as: UTF8.self), position: nil, visibility: .always)))
        case .recursion:
            frames.append(
                .entry(TraceEntry(message: "entering the infinite recursion", position: nil, visibility: .always)))
        case .file(let chunk):
            let program = machine.programs[Int(machine.state.pointee.chunks[Int(chunk)].program)]
            frames.append(.boundary(nil, usesApplication: false))
            frames.append(
                .entry(TraceEntry(message: "while evaluating the file '\(program.origin.sourceName)':", position: nil)))
        }
    }

    private mutating func addCall(_ message: String, isDetailed: Bool = false, needsPosition: Bool = false) {
        frames.append(
            .call(BacktraceFrame.Call(message: message, isDetailed: isDetailed, needsPosition: needsPosition)))
    }

    private mutating func addSubstitution(_ text: String, _ number: UInt32) {
        let position = machine.attributePosition(number)
        frames.append(.position(position))
        frames.append(.entry(TraceEntry(message: text, position: position)))
    }

    private mutating func addFunctor(_ number: UInt32) {
        frames.append(.position(machine.attributePosition(number)))
        addCall("while calling a functor (an attribute set with a '__functor' attribute)")
    }

    private mutating func addElement(_ message: String, _ number: UInt32, isJSON: Bool, hasPosition: Bool) {
        let position = machine.attributePosition(number)
        frames.append(.boundary(isJSON ? position : nil, usesApplication: !isJSON))
        frames.append(.entry(TraceEntry(message: message, position: hasPosition ? position : nil)))
    }

    private func program(of chunk: Int) -> (program: LoadedProgram, index: Int, chunk: Chunk)? {
        guard chunk > 0, chunk < machine.state.pointee.chunkCount else { return nil }
        let loaded = machine.state.pointee.chunks[chunk]
        guard Int(loaded.program) < machine.programs.count else { return nil }
        let program = machine.programs[Int(loaded.program)]
        return (program, Int(loaded.program), program.chunk(Int(loaded.index)))
    }

    /// The position where a function's own code begins, which is that of `b` for `a: b: e`.
    private func functionPosition(_ chunk: Int, innermost: Bool = false) -> SourcePosition? {
        guard let found = program(of: chunk) else { return nil }
        let span = innermost ? found.chunk.spans.last : found.chunk.spans.first
        return machine.position(in: found.index, span: span)
    }

    private mutating func addFunction(_ chunk: Int, isEntered: Bool) {
        guard let position = functionPosition(chunk, innermost: true) else { return }
        if isEntered {
            let name = machine.chunkName(chunk).map { "'\(MessageText.shortened($0))'" }
            frames.append(
                .entry(
                    TraceEntry(
                        message: "while calling \(name ?? "anonymous lambda")", position: position,
                        visibility: .detailed)))
        }
        addCall("from call site", isDetailed: isEntered, needsPosition: true)
    }

    private mutating func addSite(_ pc: UnsafePointer<UInt8>) {
        if let number = TailSites.functorPosition(pc) { return addFunctor(number) }
        guard let (chunk, offset) = codeIndex.chunk(holding: pc) else { return }
        addCode(chunk, offset, operand: -1, .own, SelectionDetails(), forced: 0)
        if machine.state.pointee.chunks[chunk].arity > 0 { addFunction(chunk, isEntered: true) }
    }

    private mutating func addCode(
        _ chunk: Int, _ offset: Int, operand: Int8, _ phase: CodeFrame.Phase, _ selection: SelectionDetails, forced: Int
    ) {
        guard let found = program(of: chunk), let instructions = machine.instructions(of: chunk),
            let last = instructions.index(offset)
        else { return }
        let first = instructions.startOfPath(last)
        frames.append(
            .code(
                CodeFrame(
                    position: machine.position(in: found.index, span: instructions.span(last)),
                    opcode: instructions.starts[last].opcode, phase: phase, step: last - first,
                    operand: operand < 0 ? nil : Int(operand),
                    definition: definition(selection),
                    name: selection.name.map(shortName),
                    forced: forcedPosition(forced), chunk: found.chunk.kind,
                    chunkPosition: machine.position(in: found.index, span: found.chunk.spans.last))))
    }

    private func shortName(_ symbol: UInt32) -> String {
        machine.interpreter.quoted(symbol)
    }

    private func definition(_ selection: SelectionDetails) -> CodeFrame.Definition {
        guard let number = selection.definition else { return .unknown }
        return machine.attributePosition(number).map { .at($0) } ?? .nowhere
    }

    private func forcedPosition(_ chunk: Int) -> SourcePosition? {
        guard let found = program(of: chunk) else { return nil }
        return machine.position(in: found.index, span: found.chunk.spans.last)
    }
}
