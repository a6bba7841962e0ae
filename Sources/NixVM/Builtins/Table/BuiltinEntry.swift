/// What the interpreter reads of a `BuiltinCode` while it runs one.
///
/// It cannot be copied: a function that is called through the address of a value that may be copied is retained and
/// released around the call, because the value could be replaced meanwhile.
struct BuiltinEntry: ~Copyable, Sendable {
    let arity: Int
    /// The slots of its frame; `BuiltinCode.noFrame` for a function.
    let slots: Int
    /// Bit n: argument n is forced before a step runs.
    let strict: UInt8
    let role: BuiltinRole
    /// Says what is wrong with the first argument before a later one is forced.
    let early: EarlyCheck?
    private let step: BuiltinStep

    init(_ code: BuiltinCode) {
        arity = code.arity
        slots = code.slots
        strict = code.strict
        role = code.role
        early = code.early
        step = code.step
    }

    /// Runs one step.
    @inline(__always)
    func run(_ interpreter: Interpreter) -> Step { step(interpreter) }
}

/// The entries of all codes by index, at an address that stays. This value is their only owner.
struct BuiltinEntries: ~Copyable, @unchecked Sendable {
    let base: UnsafePointer<BuiltinEntry>
    let count: Int
    private let entries: UnsafeMutablePointer<BuiltinEntry>

    init(_ codes: [BuiltinCode]) {
        count = codes.count
        entries = .allocate(capacity: codes.count)
        for (index, code) in codes.enumerated() { (entries + index).initialize(to: BuiltinEntry(code)) }
        base = UnsafePointer(entries)
    }

    deinit {
        entries.deinitialize(count: count)
        entries.deallocate()
    }
}
