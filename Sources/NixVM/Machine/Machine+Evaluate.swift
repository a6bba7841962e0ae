import NixBytecode
import NixStore

/// Why the evaluation returned to the host.
public enum MachinePause {
    case finished
    case failed(EvalFailure)
    /// The host must answer the request, then `resume`.
    case needs(MachineRequest)
}

/// A value that the host holds. It is a root, so the collector keeps it alive and updates it.
public struct ValueHandle: Sendable {
    let root: Int
}

extension Machine {
    /// Begins to force a value. `resume` runs it.
    public func startForce(_ handle: ValueHandle) {
        prepare()
        interpreter.push(state.pointee.roots[handle.root])
        enterMachineCode(interpreter.returnCode)
    }

    /// Begins to force a value and everything in it.
    public func startDeepForce(_ handle: ValueHandle) {
        prepare()
        interpreter.push(.builtin(.deepForce))
        interpreter.push(state.pointee.roots[handle.root])
        enterMachineCode(interpreter.stepCode(.apply))
    }

    /// Begins to call a function with arguments.
    public func startCall(_ function: ValueHandle, _ arguments: [ValueHandle]) {
        prepare()
        interpreter.push(state.pointee.roots[function.root])
        for argument in arguments { interpreter.push(state.pointee.roots[argument.root]) }
        enterMachineCode(interpreter.stepCode(.apply))
    }

    /// Begins to call a builtin by its name, such as `toJSON`.
    public func startBuiltin(_ name: String, _ arguments: [ValueHandle]) {
        prepare()
        interpreter.push(globals[Array("__\(name)".utf8)] ?? globals[Array(name.utf8)] ?? .null)
        for argument in arguments { interpreter.push(state.pointee.roots[argument.root]) }
        enterMachineCode(interpreter.stepCode(.apply))
    }

    /// Begins to run one of the interpreter's own steps.
    func startStep(_ step: InternalStep, _ arguments: [Value]) {
        prepare()
        interpreter.push(.builtin(step))
        for argument in arguments { interpreter.push(argument) }
        enterMachineCode(interpreter.stepCode(.apply))
    }

    /// Resets the stack to one bottom frame, which ends the loop.
    private func prepare() {
        failure = nil
        request = nil
        awaitsBuild = false
        caughtFailures.beginRun()
        recording?.depth = -1
        state.pointee.registers.sp = state.pointee.stackBase
        state.pointee.registers.bp = state.pointee.stackBase
        state.pointee.registers.fp = state.pointee.framesBase
        state.pointee.registers.env = state.pointee.machineEnv
        state.pointee.registers.tables = UnsafePointer(state.pointee.machineTables)
        state.pointee.registers.pc = interpreter.stepCode(.end)
        state.pointee.registers.fp.pointee = Frame(
            pc: interpreter.stepCode(.end), bp: state.pointee.stackBase, env: state.pointee.machineEnv,
            tables: UnsafePointer(state.pointee.machineTables), update: FrameMode.push)
        state.pointee.registers.fp += 1
        state.pointee.bottomFrame = state.pointee.framesBase
    }

    private func enterMachineCode(_ code: UnsafePointer<UInt8>) { state.pointee.registers.pc = code }

    /// Runs until the value is there, a failure is not caught, or the host must answer a request.
    public func resume() -> MachinePause {
        // Nothing can be evaluated in a heap whose collection was stopped halfway.
        if isHeapAbandoned, let cause = interruption() ?? failure?.kind {
            return .failed(EvalFailure(kind: cause, message: Array(StopCondition.message(cause).utf8)))
        }
        let exit: RunExit
        switch recording?.level {
        case nil where settings.checks != nil: exit = runChecked()
        case nil where settings.countsWork:
            var observer = WorkCounter()
            exit = interpreter.run(&observer)
        case nil, TraceLevel.none?:
            var observer = NoObserver()
            exit = interpreter.run(&observer)
        case .summary?: exit = runRecorded(SummaryDetail.self)
        case .calls?: exit = runRecorded(CallDetail.self)
        case .ops?: exit = runRecorded(InstructionDetail.self)
        }
        switch exit {
        case .finished: return .finished
        case .suspended: return request.map { .needs($0) } ?? .failed(failureNow())
        case .failed: return .failed(failureNow())
        }
    }

    private func runChecked() -> RunExit {
        var observer = CheckingObserver(settings.checks ?? MachineChecks())
        let exit = interpreter.run(&observer)
        guard case .finished = exit, let failure = observer.finalFailure(interpreter) else { return exit }
        self.failure = failure
        return .failed
    }

    private func runRecorded<Detail: RecordedDetail>(_ detail: Detail.Type) -> RunExit {
        guard let recording else { return .failed }
        var recorder = EventRecorder<Detail>(recording)
        recorder.begin(interpreter)
        let exit = interpreter.run(&recorder)
        recorder.end()
        return exit
    }

    private func failureNow() -> EvalFailure {
        guard var failure else { return EvalFailure(kind: .value, message: Array("evaluation failed".utf8)) }
        if passesOverAssertions, failure.kind.isCatchable { dropBacktrace() } else { finishBacktrace(&failure) }
        return failure
    }

    /// Charges fuel for work that the host does for the program, before it is done.
    ///
    /// - Throws: `fuelExhausted` when no fuel is left, or what else ends the evaluation.
    public func charge(_ units: Int) throws(EvalFailure) {
        prepare()
        guard interpreter.charge(units) else { throw failureNow() }
    }

    /// A handle for the result of the last run.
    public func takeResult() -> ValueHandle { ValueHandle(root: addRoot(state.pointee.result)) }

    /// Answers a request with a failure, with which the step that made the request fails.
    public func answer(failure: EvalFailure) {
        answeredProgram = nil
        requestFailure = failure
    }

    /// Answers a request for a program with its top level.
    public func answer(program handle: ValueHandle) { answeredProgram = handle.root }

    /// Makes an observer receive the events of a level and those below it. Pass nil to end this. Batches end with each
    /// `resume`.
    public func observe(_ observer: (any RuntimeObserver)?, level: TraceLevel) {
        recording = observer.map { EventRecording(machine: self, observer: $0, level: level) }
    }

    /// The number of frames below the innermost one, as an observer counts them, or -1 when there is none.
    public var observedDepth: Int { recording?.depth ?? -1 }

    /// How often each kind of event happened since `observe`, indexed by the kind's number.
    public var eventCounts: [UInt64] { recording?.counts ?? [] }

    /// The heap's part of `--stats`.
    public var heapStatistics: HeapStatistics {
        var statistics = state.pointee.heap.statistics
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        statistics.allocatedBytes += fresh
        statistics.peakBytes = max(statistics.peakBytes, state.pointee.heap.oldBytes + fresh)
        return statistics
    }

    public var counters: Counters { state.pointee.counters }

    /// The most bytes that counted towards the memory limit at any time: heap, stack, frames, programs, names and the
    /// like.
    public var peakBytes: Int { max(state.pointee.peakBytes, interpreter.usedBytes) }

    /// The largest number of frames at any time.
    public var depthPeak: Int {
        // Frames are written from the bottom upwards, onto memory that is zero at first, and are not erased when they
        // are left. Each contains an address to continue at, which is not zero. So a binary search finds the peak
        // without counting calls.
        let frames = UnsafeRawPointer(state.pointee.framesBase)
        var peak = 0..<(state.pointee.fpLimit - state.pointee.framesBase + 1)
        while !peak.isEmpty {
            let middle = (peak.lowerBound + peak.upperBound) / 2
            let isUsed = frames.load(fromByteOffset: middle * MemoryLayout<Frame>.stride, as: UInt.self) != 0
            peak = isUsed ? middle + 1..<peak.upperBound : peak.lowerBound..<middle
        }
        return max(peak.lowerBound, state.pointee.earlierDepthPeak)
    }

    /// The units of fuel used so far.
    public var fuelUsed: Int { state.pointee.fuelUsed - max(0, state.pointee.grantedFuel) }

    /// Whether the live objects probably take more than two thirds of what the memory limit allows. This assumes that
    /// half of what left the nursery since the last full collection is alive. It is a good moment to continue with a
    /// fresh machine.
    public var isNearMemoryLimit: Bool {
        guard let limit = state.pointee.memoryLimit else { return false }
        let most = max(0, limit - interpreter.stackBytes - interpreter.outsideBytes)
        let alive = (state.pointee.liveBytes + state.pointee.heap.oldBytes) / 2
        return alive > most / 3 * 2
    }

    /// The bytes that the memory limit leaves outside the heap. Without a limit this is `Int.max`.
    public var roomOutsideHeap: Int { interpreter.roomOutsideHeap }

    /// Counts bytes that are kept outside the heap until the evaluation ends.
    public func countOutsideHeap(_ bytes: Int) { interpreter.countOutsideHeap(bytes) }

    /// The failure of an evaluation that exceeds its memory limit.
    public var memoryFailure: EvalFailure {
        EvalFailure(kind: .memoryExceeded, message: Array(interpreter.memoryText.utf8))
    }

    public var permanentBytes: Int { state.pointee.heap.permanentBytes }
    /// The number of programs that are loaded, which is the number that the next one gets.
    public var programCount: Int { programs.count }
    public var symbolCount: Int { state.pointee.symbols.count }
    /// The bytes of the symbol table.
    public var symbolBytes: Int { state.pointee.symbols.byteCount }
}

extension Machine {
    /// The value as Nix prints a result. What has not been forced prints as `<CODE>`.
    ///
    /// - Parameters:
    ///   - handle: The value.
    ///   - limit: The number of bytes after which the text ends in `...`.
    /// - Throws: `deadlineExceeded`, `cancelled`, or `memoryExceeded` when the text does not fit into the memory limit.
    public func printResult(_ handle: ValueHandle, limit: Int = .max) throws(EvalFailure) -> [UInt8] {
        if let text = ValuePrinter(interpreter, .result, limit: limit).printed(state.pointee.roots[handle.root]) {
            return text
        }
        throw failureNow()
    }

    /// The bytes of a string or path, or nil for another value.
    public func bytes(_ handle: ValueHandle) -> [UInt8]? {
        let value = state.pointee.roots[handle.root]
        return value.isString || value.isPath ? Array(value.object.byteBuffer) : nil
    }

    /// The type, as messages name it.
    public func typeName(_ handle: ValueHandle) -> String { interpreter.typeName(state.pointee.roots[handle.root]) }

    /// Whether the forced value can be called.
    public func isFunction(_ handle: ValueHandle) -> Bool {
        let value = state.pointee.roots[handle.root]
        return value.isFunction || value.isAttributes && interpreter.lookup(value.object, Symbols.functor) != nil
    }

    /// Whether the forced value is a set.
    public func isAttributes(_ handle: ValueHandle) -> Bool { state.pointee.roots[handle.root].isAttributes }
    /// Whether the forced value is a list.
    public func isList(_ handle: ValueHandle) -> Bool { state.pointee.roots[handle.root].isList }

    /// The formals of the pattern that a function's next argument is matched with. Each has whether it has a default, and
    /// `hasEllipsis` says whether the pattern ends in `...`. The result is nil for a function without a pattern.
    public func formals(
        _ handle: ValueHandle
    ) -> (names: [(name: [UInt8], hasDefault: Bool)], hasEllipsis: Bool)? {
        var value = state.pointee.roots[handle.root]
        // Of a function of several arguments only the last has a pattern; the others must have been given.
        guard interpreter.arity(of: value) == 1 else { return nil }
        if value.tag == Tag.function, value.object.kind == Kind.partial { value = value.object.values[0] }
        guard value.tag == Tag.function, value.object.kind == Kind.closure else { return nil }
        let loaded = state.pointee.chunks[value.object.field]
        let program = programs[Int(loaded.program)]
        guard let index = program.formalsIndex(ofChunk: Int(loaded.index)) else { return nil }
        let formals = program.formals(at: index)
        let names = formals.formals.map { (name(of: $0.symbol, in: program), $0.defaultValue != .none) }
        return (names, formals.hasEllipsis)
    }

    /// Whether the forced value is a string.
    public func isString(_ handle: ValueHandle) -> Bool { state.pointee.roots[handle.root].isString }

    /// The forced boolean, or nil for another value.
    public func boolean(_ handle: ValueHandle) -> Bool? {
        let value = state.pointee.roots[handle.root]
        return value.isBool ? value.isTrue : nil
    }

    /// The number of elements of a forced list, or nil for another value.
    public func count(_ handle: ValueHandle) -> Int? {
        let value = state.pointee.roots[handle.root]
        return value.isList ? value.object.field : nil
    }

    /// Whether two handles hold the same object.
    public func isSame(_ a: ValueHandle, _ b: ValueHandle) -> Bool {
        state.pointee.roots[a.root].withoutFlattened == state.pointee.roots[b.root].withoutFlattened
    }

    /// The type and an abbreviated value, as messages show them.
    public func describe(_ handle: ValueHandle) -> String { interpreter.describe(state.pointee.roots[handle.root]) }

    /// The outputs of a derivation that this evaluation made, in order. A path is nil if it is only known after a
    /// build. The result is nil for a path that is not such a derivation.
    public func outputs(ofDerivation path: [UInt8]) -> [(name: [UInt8], path: [UInt8]?)]? {
        guard let index = store.derivations.index(path) else { return nil }
        return store.derivations.record(index).outputs.map { ($0.name, $0.path) }
    }

    /// The derivations of this evaluation.
    public var derivations: DerivationTable { store.derivations }

    /// The names of a forced set, sorted.
    public func attributeNames(_ handle: ValueHandle) -> [[UInt8]] {
        let value = state.pointee.roots[handle.root]
        guard value.isAttributes else { return [] }
        return interpreter.slots(of: value.object).map { $0.entry.symbol }
            .sorted { state.pointee.symbols.precedes($0, $1) }.map { Array(state.pointee.symbols.bytes($0)) }
    }

    /// An attribute of a forced set, unforced, or nil when there is none.
    public func attribute(_ handle: ValueHandle, _ name: [UInt8]) -> ValueHandle? {
        let value = state.pointee.roots[handle.root]
        // A name without a symbol is in no set.
        guard value.isAttributes, let symbol = name.withUnsafeBufferPointer({ state.pointee.symbols.find($0) }),
            let slot = interpreter.lookup(value.object, symbol)
        else { return nil }
        return ValueHandle(root: addRoot(slot.pointee))
    }

    /// An element of a forced list, unforced, or nil when there is none.
    public func element(_ handle: ValueHandle, _ index: Int) -> ValueHandle? {
        let value = state.pointee.roots[handle.root]
        guard value.isList, index >= 0, index < value.object.field else { return nil }
        return ValueHandle(root: addRoot(value.object.values[index]))
    }

    /// Makes a string value.
    public func makeString(_ bytes: [UInt8]) -> ValueHandle {
        makeRoom(Size.string(bytes.count))
        return ValueHandle(root: addRoot(interpreter.makeString(bytes)))
    }

    /// Makes a boolean value.
    public func makeBool(_ value: Bool) -> ValueHandle { ValueHandle(root: addRoot(.bool(value))) }

    /// Makes a list value.
    public func makeList(_ elements: [ValueHandle]) -> ValueHandle {
        makeRoom(Size.list(elements.count))
        let list = interpreter.makeList(elements.count)
        for (index, element) in elements.enumerated() {
            list.object.values[index] = state.pointee.roots[element.root]
        }
        return ValueHandle(root: addRoot(list))
    }

    /// Collects if fewer than `size` bytes are free. If the memory limit forbids it, the next step of the evaluation
    /// fails, and the little that the host makes fits into the reserve of the spaces.
    func makeRoom(_ size: Int) {
        if !interpreter.reserve(size) { _ = interpreter.collect(reserving: size) }
    }

    /// Makes a set value.
    public func makeAttributes(_ pairs: [(name: [UInt8], value: ValueHandle)]) -> ValueHandle {
        makeRoom(Size.attributesAndLayout(pairs.count))
        let set = interpreter.makeAttributes(
            pairs.map { (state.pointee.symbols.intern($0.name), state.pointee.roots[$0.value.root]) })
        return ValueHandle(root: addRoot(set))
    }
}
