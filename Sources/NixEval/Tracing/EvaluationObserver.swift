import NixBytecode
import NixVM

/// Hears what an evaluator compiles, and what its machine does with it, in order.
public protocol EvaluationObserver: RuntimeObserver {
    /// A chunk was compiled and has its number. Not called for programs, which were compiled before.
    func compiled(_ chunk: CompiledChunk)
}

extension EvaluationObserver {
    public func compiled(_ chunk: CompiledChunk) {}
}

/// A chunk as an observer hears of it when it is compiled.
public struct CompiledChunk: Sendable, Equatable {
    public var kind: Chunk.Kind
    /// Index among the chunks of the machine, as in `RuntimeEvent.code`.
    public var number: Int
    /// Of the source for a top level; of the function or delayed attribute; empty: none.
    public var name: [UInt8]
    /// Frames that are open: the innermost needs the code.
    public var open: Int
    /// Nanoseconds on the monotonic clock.
    public var time: UInt64
}

extension Evaluator {
    /// Lets an observer hear all that happens at a level and those below. What is compiled is heard at every level.
    public func observe(_ observer: any EvaluationObserver, level: TraceLevel) {
        self.observer = observer
        machine.observe(observer, level: level)
    }

    /// Tells the observer of a program's chunks.
    func tell(of program: Program, sourceName: String, firstChunk: Int) {
        guard let observer else { return }
        let open = machine.observedDepth + 1
        for (index, chunk) in program.chunks.enumerated() {
            let name = chunk.kind == .topLevel ? Array(sourceName.utf8) : chunk.name.map { program.symbols[Int($0)] }
            observer.compiled(
                CompiledChunk(
                    kind: chunk.kind, number: firstChunk + index, name: name ?? [], open: open,
                    time: MonotonicClock.now()))
        }
    }
}
