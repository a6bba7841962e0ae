/// How a machine checks itself while it runs. This is a debugging aid, which takes about a hundred times as long as the
/// evaluation itself.
///
/// After each instruction and each step of a builtin it checks the registers, the frame on top, the top of the stack,
/// and the objects that these refer to. After each collection, and every `wholeHeapInterval` instructions, it checks
/// everything reachable. A violation ends the evaluation with a failure of kind `internalError`, which names the
/// invariant and the last instruction. An evaluation with an observer is not checked.
public struct MachineChecks: Sendable, Equatable {
    /// The number of instructions after which everything reachable is checked. It is at least 1.
    public var wholeHeapInterval: Int

    public init(wholeHeapInterval: Int = 10_000) { self.wholeHeapInterval = max(1, wholeHeapInterval) }
}
