import NixBytecode
import NixVM
import Platform

/// An observer of what an evaluator compiles and its machine executes, in order.
public protocol EvaluationObserver: RuntimeObserver {
    /// Called when a chunk was compiled and has its number; not called for programs that were compiled earlier.
    func compiled(_ chunk: CompiledChunk)
}

extension EvaluationObserver {
    public func compiled(_ chunk: CompiledChunk) {}
}

/// A chunk that was compiled.
public struct CompiledChunk: Sendable, Equatable {
    public var kind: Chunk.Kind
    /// The index among the chunks of the machine, as in `RuntimeEvent.code`.
    public var number: Int
    /// The name of the source for a top level; otherwise the name of the function or attribute, or empty.
    public var name: [UInt8]
    /// The number of open frames. The innermost one needs the code.
    public var open: Int
    /// The time in nanoseconds on the monotonic clock.
    public var time: UInt64
}

extension Evaluator {
    /// Sets the observer, and the level of the events that it receives. It is notified of compilation at every level.
    package func observe(_ observer: any EvaluationObserver, level: TraceLevel) {
        self.observer = observer
        machine.observe(observer, level: level)
    }

    /// Notifies the observer of a program's chunks.
    func notifyObserver(of program: Program, sourceName: String, firstChunk: Int) {
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
