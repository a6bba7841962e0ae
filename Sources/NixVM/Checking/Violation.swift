/// What must hold between any two instructions.
enum Invariant: String, CaseIterable {
    /// The pointers into heap, stack and frames are in their ranges and in order.
    case registers
    /// `pc` is the start of an instruction of the chunk, or of the machine's own code.
    case code
    /// A frame has its caller's code, base, closure and tables, and the thunk that it updates.
    case frames
    /// A frame has no more values than its chunk's code needs.
    case stackHeight
    /// A value's tag agrees with the kind of its object, and an immediate is a valid one.
    case values
    /// `absent` occurs only in frames of builtins.
    case absent
    /// An object lies completely in a range that is in use.
    case ranges
    /// An object is of a known kind, and is not a forwarding pointer.
    case kinds
    /// The count, chunk and flags in a header agree with the contents.
    case headers
    /// The parts of a union are sets whose sizes and number agree with its header.
    case unions
    /// The keys of a layout are existing symbols in ascending order.
    case layouts
    /// The name order of a layout is a permutation that sorts its names.
    case nameOrder
    /// The padding of a string is zero, and its context is a list of distinct elements in ascending order.
    case strings
    /// The permanent range does not refer to other ranges.
    case permanent
    /// The remembered set has the slot of every old object that refers to the nursery.
    case remembered
    /// What a deep force has marked is forced.
    case deepFlags
    /// A failed thunk refers to an existing failure.
    case caughtFailures
    /// The caches refer to existing objects, and their entries are right.
    case caches
    /// The string of a symbol is its name.
    case symbols
    /// The units of fuel left and used are within their bounds.
    case budget
}

/// An invariant that does not hold.
struct Violation: Error {
    var invariant: Invariant
    /// What was found instead.
    var text: String

    init(_ invariant: Invariant, _ text: String) {
        self.invariant = invariant
        self.text = text
    }
}
