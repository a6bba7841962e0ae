/// How a machine checks itself while it runs: a debugging aid, which costs a hundred times the evaluation's own time.
///
/// After each instruction and step of a builtin the registers, the frame on top, the top of the stack and the objects
/// that it names are checked; after each collection, and at every so many instructions, everything reachable. What is
/// found broken ends the evaluation with a failure of the kind `internalError`, which names the invariant and the
/// instruction after which it no longer held. An evaluation that is observed is not checked.
public struct MachineChecks: Sendable, Equatable {
    /// Everything reachable is checked after so many instructions; at least 1.
    public var wholeHeapInterval: Int

    public init(wholeHeapInterval: Int = 10_000) { self.wholeHeapInterval = max(1, wholeHeapInterval) }
}
