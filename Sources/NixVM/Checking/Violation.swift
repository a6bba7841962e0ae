/// What must hold between any two instructions.
enum Invariant: String, CaseIterable {
    /// Heap, stack and frame pointers lie in their ranges and in order.
    case registers
    /// Code runs where an instruction of the chunk, or of the machine itself, begins.
    case code
    /// A frame names its caller's code, base, closure and tables, and the thunk that it gives a value.
    case frames
    /// Values of a frame are no more than its chunk's code needs.
    case stackHeight
    /// A value's tag agrees with the kind of its object, and an immediate is one that there is.
    case values
    /// `absent` is only in frames of builtins.
    case absent
    /// An object lies in a range that is in use, and ends in it.
    case ranges
    /// An object is of a known kind, and none that a collection leaves behind.
    case kinds
    /// Counts, chunk and flags in a header agree with what they count or name.
    case headers
    /// The keys of a layout ascend, and are symbols that there are.
    case layouts
    /// A layout's order by name is a permutation, ordered by name.
    case nameOrder
    /// Bytes after a string's end are zero, and its context is a list of distinct elements in ascending order.
    case strings
    /// What never moves refers to nothing that does.
    case permanent
    /// An old object's slot that refers into the nursery is among the remembered.
    case remembered
    /// What is marked as forced in depth is.
    case deepFlags
    /// A thunk that failed names a failure that is kept.
    case keptFailures
    /// What caches know by address is there, and is what they say.
    case caches
    /// A symbol's string is its name.
    case symbols
    /// Fuel, grants and peaks are in their bounds.
    case budget
}

/// An invariant that does not hold.
struct Violation: Error {
    var invariant: Invariant
    /// What was found.
    var text: String

    init(_ invariant: Invariant, _ text: String) {
        self.invariant = invariant
        self.text = text
    }
}
